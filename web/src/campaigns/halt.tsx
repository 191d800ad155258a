import { Button, Group, Stack, Text } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { Campaign } from "../api/model";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { useBrands } from "../app/brands";
import { Notice } from "../app/notice";
import { useMay } from "../app/permissions";
import { Time } from "../app/time";

const HALTS = ["halts"] as const;

/** The stop switches that are pressed and concern the campaign. */
function useHalts(campaign: Campaign) {
  const { data } = useQuery({
    queryKey: HALTS,
    queryFn: () => answer(api.GET("/api/v1/halts", {})),
    refetchInterval: POLL_MS * 3,
  });
  return (data ?? []).filter(
    ({ subject_id }) => subject_id === campaign.brand_id || subject_id === campaign.connector_id,
  );
}

/** Tells that a switch is pressed, by whom and why, and releases it. */
export function HaltNotices({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const halts = useHalts(campaign);
  const actorName = useActorName();
  const may = useMay();
  const release = useAct(
    ({ scope, id }: { scope: string; id: string }) =>
      scope === "brand"
        ? answer(api.DELETE("/api/v1/brands/{id}/halt", { params: { path: { id } } }))
        : answer(api.DELETE("/api/v1/connectors/{id}/halt", { params: { path: { id } } })),
    { done: t("builder.halt.released"), refresh: [HALTS, ["campaign", campaign.id]] },
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
        {may("launch_campaigns") && (
          <Button
            size="compact-sm"
            variant="default"
            loading={release.isPending}
            onClick={() => release.mutate({ scope: halt.scope, id: halt.subject_id })}
          >
            {t("builder.halt.release")}
          </Button>
        )}
      </Stack>
    </Notice>
  ));
}

/** Stops everything of the brand at once, whichever campaign it is. */
export function HaltButton({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const brands = useBrands();
  const halts = useHalts(campaign);
  const [isAsked, ask] = useState(false);
  const name = brands.data?.find(({ id }) => id === campaign.brand_id)?.name ?? "";
  const halt = useAct(
    (reason: string) =>
      answer(api.POST("/api/v1/brands/{id}/halt", { params: { path: { id: campaign.brand_id } }, body: { reason } })),
    {
      done: ({ campaigns }) => t("builder.halt.done", { count: campaigns.length }),
      refresh: [HALTS, ["campaign", campaign.id], ["campaigns"]],
      showsError: true,
      onDone: () => ask(false),
    },
  );
  if (halts.some(({ scope }) => scope === "brand")) return null;
  return (
    <Group>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconHandStop size={16} color="var(--tone-bad)" aria-hidden />}
        onClick={() => ask(true)}
      >
        {t("builder.halt.button")}
      </Button>
      <Ask
        opened={isAsked}
        title={t("builder.halt.title", { name })}
        confirm={t("builder.halt.confirm")}
        isDangerous
        note={{ label: t("builder.halt.reason"), description: t("builder.halt.reason_hint"), isRequired: true }}
        isPending={halt.isPending}
        error={halt.error}
        onConfirm={(reason) => halt.mutate(reason)}
        onClose={() => ask(false)}
      >
        <Text>{t("builder.halt.text")}</Text>
      </Ask>
    </Group>
  );
}
