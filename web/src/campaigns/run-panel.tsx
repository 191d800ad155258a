import { Progress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Campaign, CampaignReport } from "../api/model";
import { useBrands } from "../app/brands";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useServerNow } from "../app/session";
import { useFormats } from "../locale/format";
import classes from "./builder/builder.module.css";
import { PlanWords } from "./builder/go-facts";
import { Pairs } from "./builder/pairs";
import { isSending } from "./campaign-state";
import { HaltButton, HaltNotices } from "./halt";

/** Over how long the pace is measured, milliseconds. */
const PACE_MS = 30_000;

/** What each part of a campaign has come to; none for one without parts. */
export function useParts(campaign: Campaign, stamp: number) {
  const hasParts = Boolean(campaign.plan.split || campaign.plan.canary);
  return useQuery({
    queryKey: ["campaign", campaign.id, "parts", stamp],
    queryFn: () => answer(api.GET("/api/v1/campaigns/{id}/parts", { params: { path: { id: campaign.id } } })),
    enabled: hasParts,
    placeholderData: (before) => before,
  });
}

/** The sending as it goes: how far, how fast, how long still, and what the canary came to. */
export function RunPanel({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const serverNow = useServerNow();
  const brands = useBrands();
  const { campaign } = report;
  const brand = brands.data?.find(({ id }) => id === campaign.brand_id)?.name ?? "";
  const pace = usePace(report);
  const planned = report.target - report.excluded.total;
  const isOpen = isSending(campaign.state) || campaign.state === "paused";
  if (!isOpen) return null;
  const share = planned > 0 ? (report.sent / planned) * 100 : 0;
  const isAhead = campaign.starts_at && Date.parse(campaign.starts_at) > serverNow() && report.sent === 0;
  const secondsLeft = pace > 0 ? (planned - report.sent) / pace : undefined;
  return (
    <>
      <HaltNotices subjects={[campaign.brand_id, campaign.connector_id]} />
      <Section
        title={t("builder.run.title")}
        id="run"
        aside={<HaltButton subject={{ scope: "brand", id: campaign.brand_id, name: brand }} size="compact-sm" />}
      >
        <div className={classes.inside}>
          {isAhead && campaign.starts_at && (
            <Notice tone="held">{t("builder.run.begins", { when: formats.dateTime(campaign.starts_at) })}</Notice>
          )}
          <Canary report={report} />
          <Progress value={share} size="lg" aria-label={t("builder.run.progress")} />
          <Pairs
            lines={[
              [t("builder.run.handed"), t("builder.run.of", { sent: report.sent, planned })],
              [t("builder.run.waiting"), formats.number(report.held.waiting)],
              [
                t("builder.run.pace"),
                pace > 0 ? t("builder.run.per_minute", { count: Math.round(pace * 60) }) : t("common.none"),
              ],
              [
                t("builder.run.left"),
                campaign.state !== "paused" && secondsLeft !== undefined
                  ? t("builder.run.minutes", { count: Math.max(1, Math.ceil(secondsLeft / 60)) })
                  : t("common.none"),
              ],
            ]}
          />
          <PlanWords plan={campaign.plan} />
        </div>
      </Section>
    </>
  );
}

/** People handed over in a second, lately. */
function usePace({ sent }: CampaignReport): number {
  const seen = useRef<{ at: number; sent: number }[]>([]);
  const [pace, setPace] = useState(0);
  useEffect(() => {
    const now = Date.now();
    seen.current = [...seen.current.filter(({ at }) => now - at < PACE_MS), { at: now, sent }];
    const [first] = seen.current;
    if (first && now > first.at) setPace(Math.max(0, ((sent - first.sent) / (now - first.at)) * 1_000));
  }, [sent]);
  return pace;
}

function Canary({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { campaign } = report;
  const parts = useParts(campaign, report.sent + report.delivered);
  const { canary } = campaign.plan;
  if (!canary) return null;
  const result = campaign.progress.canary;
  const few = parts.data?.find(({ part }) => part === "canary");
  const counts = few && (
    <Text size="sm">
      {t("builder.run.canary_counts", {
        planned: few.planned,
        delivered: few.delivered,
        failed: few.failed,
      })}
    </Text>
  );
  if (!result) {
    return (
      <Notice
        tone="held"
        title={t("builder.run.canary_out", { percent: canary.percent, minutes: canary.wait_minutes })}
      >
        {counts}
      </Notice>
    );
  }
  return (
    <Notice
      tone={result.passed ? "good" : "bad"}
      title={t(result.passed ? "builder.run.canary_passed" : "builder.run.canary_failed", {
        when: formats.dateTime(result.at),
      })}
    >
      {counts}
      {result.refused + result.complained > 0 && (
        <Text size="sm">
          {t("builder.run.canary_turned_away", { refused: result.refused, complained: result.complained })}
        </Text>
      )}
      {!result.passed && result.brake && <div>{t(`builder.run.brake.${result.brake}`)}</div>}
      {!result.passed && campaign.state === "paused" && <div>{t("builder.run.canary_resume")}</div>}
    </Notice>
  );
}
