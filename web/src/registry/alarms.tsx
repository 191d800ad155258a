import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { Alarm } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { MoreButton } from "../app/more-button";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge } from "../app/reason-text";
import type { Tone } from "../app/state-badge";
import { Failure } from "../app/states";
import { Time } from "../app/time";
import classes from "./registry.module.css";

const TONE: Record<Alarm["severity"], Tone> = { info: "neutral", warning: "out", critical: "bad" };

/** What somebody must look at, for the whole firm; follows the server. */
export function useAlarms() {
  return usePages(
    ["alarms"],
    (after) => answer(api.GET("/api/v1/alarms", { params: { query: { after } } })),
    POLL_MS * 5,
  );
}

/** The open alarms of a brand, and those of the whole firm. */
export function Alarms({ brandId }: { brandId: string }) {
  const { t } = useTranslation();
  const list = useAlarms();
  const [asked, ask] = useState<Alarm>();
  const acknowledge = useAct(
    ({ id, note }: { id: string; note: string }) =>
      answer<Alarm>(
        api.POST("/api/v1/alarms/{id}/acknowledge", { params: { path: { id } }, body: { note: note || undefined } }),
      ),
    {
      done: t("registry.alarms.acknowledged"),
      refresh: [["alarms"]],
      showsError: true,
      onDone: () => ask(undefined),
    },
  );
  const shown = list.items.filter(({ brand_id }) => !brand_id || brand_id === brandId);
  if (list.isPending) return null;
  if (shown.length === 0 && !list.isError) return null;
  return (
    <Section title={t("registry.alarms.title")} id="alarms">
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      <ul className={classes.alarms}>
        {shown.map((alarm) => (
          <AlarmLine key={alarm.id} alarm={alarm} onAcknowledge={() => ask(alarm)} />
        ))}
      </ul>
      <MoreButton list={list} />
      <Ask
        opened={asked !== undefined}
        title={t("registry.alarms.ask")}
        confirm={t("registry.alarms.acknowledge")}
        note={{ label: t("common.note"), description: t("registry.alarms.note_hint") }}
        isPending={acknowledge.isPending}
        error={acknowledge.error}
        onConfirm={(note) => asked && acknowledge.mutate({ id: asked.id, note })}
        onClose={() => {
          acknowledge.reset();
          ask(undefined);
        }}
      >
        <Text>{t("registry.alarms.explain")}</Text>
      </Ask>
    </Section>
  );
}

function AlarmLine({ alarm, onAcknowledge }: { alarm: Alarm; onAcknowledge: () => void }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const actorName = useActorName();
  const isEnglish = i18n.language === "en";
  return (
    <li data-alarm={alarm.code}>
      <Notice
        tone={TONE[alarm.severity]}
        title={
          <Group gap={8}>
            <CodeBadge code={alarm.code} />
            {isEnglish ? alarm.text_en : alarm.text_tr}
          </Group>
        }
      >
        <Text size="sm">{t("common.reason.next", { step: isEnglish ? alarm.next_en : alarm.next_tr })}</Text>
        <Group gap="sm" mt={6} fz="sm" className="quiet">
          <span>
            {t("registry.alarms.since")} <Time at={alarm.raised_at} /> ·{" "}
            {t("registry.alarms.seen", { count: alarm.seen })}
          </span>
          {alarm.acknowledged_by && (
            <span>
              {t("registry.alarms.by", { who: actorName(alarm.acknowledged_by) })}
              {alarm.note && ` “${alarm.note}”`}
            </span>
          )}
          {!alarm.acknowledged_by && may("manage_registry") && (
            <Button size="compact-sm" variant="default" onClick={onAcknowledge}>
              {t("registry.alarms.acknowledge")}
            </Button>
          )}
        </Group>
      </Notice>
    </li>
  );
}
