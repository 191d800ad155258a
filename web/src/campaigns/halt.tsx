import { Button, Group, Stack, Text } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { Notice } from "../app/notice";
import { useMay } from "../app/permissions";
import { Time } from "../app/time";

const HALTS = ["halts"] as const;

/** What a switch stops: everything of a brand, or everything over a provider account. */
export interface HaltSubject {
  scope: "brand" | "connector";
  id: string;
  name: string;
}

/** The stop switches that are pressed, for the firm. */
export function useHalts() {
  const { data } = useQuery({
    queryKey: HALTS,
    queryFn: () => answer(api.GET("/api/v1/halts", {})),
    refetchInterval: POLL_MS * 3,
  });
  return data ?? [];
}

/** Tells that a switch is pressed over one of these, by whom and why, and releases it. */
export function HaltNotices({ subjects }: { subjects: string[] }) {
  const { t } = useTranslation();
  const halts = useHalts().filter(({ subject_id }) => subjects.includes(subject_id));
  const actorName = useActorName();
  const may = useMay();
  const release = useAct(
    async ({ scope, id }: { scope: "brand" | "connector"; id: string }) => {
      const path = { params: { path: { id } } };
      await answer(
        scope === "brand"
          ? api.DELETE("/api/v1/brands/{id}/halt", path)
          : api.DELETE("/api/v1/connectors/{id}/halt", path),
      );
      return scope;
    },
    { done: (scope) => t(`builder.halt.released_of.${scope}`), refresh: [HALTS, ["campaign"]] },
  );
  return halts.map((halt) => (
    <Notice
      key={halt.subject_id}
      tone="bad"
      isUrgent
      title={t(halt.scope === "brand" ? "builder.halt.brand_halted" : "builder.halt.connector_halted")}
    >
      <Stack gap={6} align="flex-start">
        <span>
          {actorName(halt.by)}, <Time at={halt.at} />: {halt.reason}
        </span>
        {may("approve_campaigns") && (
          <Button
            size="compact-sm"
            variant="default"
            loading={release.isPending}
            onClick={() =>
              release.mutate({ scope: halt.scope === "brand" ? "brand" : "connector", id: halt.subject_id })
            }
          >
            {t("builder.halt.release")}
          </Button>
        )}
      </Stack>
    </Notice>
  ));
}

/** Stops everything of a brand or over an account at once, whichever campaign it is; gone while it is stopped. */
export function HaltButton({ subject: { scope, id, name }, size }: { subject: HaltSubject; size?: "compact-sm" }) {
  const { t } = useTranslation();
  const may = useMay();
  const halts = useHalts();
  const [isAsked, ask] = useState(false);
  const halt = useAct(
    (reason: string) => {
      const wish = { params: { path: { id } }, body: { reason } };
      return scope === "brand"
        ? answer(api.POST("/api/v1/brands/{id}/halt", wish))
        : answer(api.POST("/api/v1/connectors/{id}/halt", wish));
    },
    {
      done: ({ campaigns }) => t(`builder.halt.done_of.${scope}`, { count: campaigns.length }),
      refresh: [HALTS, ["campaign"], ["campaigns"]],
      showsError: true,
      onDone: () => ask(false),
    },
  );
  if (!may("launch_campaigns") || halts.some(({ subject_id }) => subject_id === id)) return null;
  return (
    <Group>
      <Button
        variant="default"
        size={size}
        leftSection={<IconHandStop size={16} color="var(--tone-bad)" aria-hidden />}
        onClick={() => ask(true)}
      >
        {t("builder.halt.button")}
      </Button>
      <Ask
        opened={isAsked}
        title={t(`builder.halt.title_of.${scope}`, { name })}
        confirm={t("builder.halt.confirm")}
        isDangerous
        note={{ label: t("builder.halt.reason"), description: t("builder.halt.reason_hint"), isRequired: true }}
        isPending={halt.isPending}
        error={halt.error}
        onConfirm={(reason) => halt.mutate(reason)}
        onClose={() => ask(false)}
      >
        <Text>{t(`builder.halt.text_of.${scope}`)}</Text>
      </Ask>
    </Group>
  );
}
