import { Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { CaseDetail } from "../../api/model";
import { useAct } from "../../app/act";
import { Ask } from "../../app/ask";
import { Section } from "../../app/page";
import { useMay } from "../../app/permissions";
import { Problem } from "../../app/states";

const ITEMS = ["refusal", "stop", "answer", "branch"] as const;

/** What must be done before the case is closed; what is missing says so. */
export function Checklist({ one }: { one: CaseDetail }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const [isTelling, tell] = useState(false);
  const path = { params: { path: { id: one.id } } };
  const refresh = [["inbox"]];
  const refuse = useAct(() => answer<CaseDetail>(api.POST("/api/v1/complaint-cases/{id}/refusal", path)), {
    done: t("cases.check.refused"),
    refresh,
  });
  const inform = useAct(
    (note: string) => answer<CaseDetail>(api.POST("/api/v1/complaint-cases/{id}/branch", { ...path, body: { note } })),
    { done: t("cases.check.told"), refresh, showsError: true, onDone: () => tell(false) },
  );
  const solve = useAct(() => answer<CaseDetail>(api.POST("/api/v1/complaint-cases/{id}/solve", path)), {
    done: t("cases.check.solved"),
    refresh,
    showsError: true,
  });
  const isOpen = !one.solved_at;
  return (
    <Section title={t("cases.check.title")} id="checklist">
      <Stack gap="md" style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
        <ul style={{ listStyle: "none", margin: 0, padding: 0 }}>
          {one.checklist.map(({ item, is_done, text_tr, text_en }) => (
            <li key={item} data-item={item} data-done={is_done} style={{ padding: "8px 0" }}>
              <Group gap="sm" wrap="nowrap" align="flex-start">
                {is_done ? (
                  <IconCircleCheck size={22} aria-label={t("cases.check.done")} color="var(--mantine-color-green-7)" />
                ) : (
                  <IconCircleDashed size={22} aria-label={t("cases.check.missing")} />
                )}
                <div>
                  <Text fw={550}>{t(`cases.check.items.${ITEMS.find((one) => one === item) ?? "answer"}`)}</Text>
                  <Text size="sm" className="quiet">
                    {i18n.language === "en" ? text_en : text_tr}
                  </Text>
                  {isOpen && !is_done && item === "refusal" && may("record_consents") && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      mt={6}
                      onClick={() => refuse.mutate(undefined)}
                      loading={refuse.isPending}
                    >
                      {t("cases.check.refuse")}
                    </Button>
                  )}
                  {isOpen && !is_done && item === "branch" && may("manage_blacklist") && (
                    <Button size="compact-sm" variant="default" mt={6} onClick={() => tell(true)}>
                      {t("cases.check.tell")}
                    </Button>
                  )}
                </div>
              </Group>
            </li>
          ))}
        </ul>
        {solve.error && <Problem error={solve.error} />}
        {isOpen && may("manage_blacklist") && (
          <div>
            <Button onClick={() => solve.mutate(undefined)} loading={solve.isPending}>
              {t("cases.check.solve")}
            </Button>
          </div>
        )}
      </Stack>
      <Ask
        opened={isTelling}
        title={t("cases.check.tell_title", { branch: one.branch ?? "" })}
        confirm={t("cases.check.tell")}
        note={{ label: t("cases.check.tell_note"), description: t("cases.check.tell_hint"), isRequired: true }}
        isPending={inform.isPending}
        error={inform.error}
        onConfirm={(note) => inform.mutate(note)}
        onClose={() => tell(false)}
      />
    </Section>
  );
}
