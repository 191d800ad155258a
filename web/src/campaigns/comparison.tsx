import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Campaign, CampaignReport } from "../api/model";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { Loading } from "../app/states";
import { useFormats } from "../locale/format";
import builder from "./builder/builder.module.css";
import classes from "./comparison.module.css";
import { rememberCampaign } from "./follow";
import { betterOf, type Trial, trialsOf } from "./parts";
import { useParts } from "./run-panel";

/** Two texts beside each other: how many got which, how many it reached, and the choice for the rest. */
export function Comparison({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const { campaign } = report;
  const parts = useParts(campaign, report.sent + report.delivered + report.failed.total);
  if (!campaign.plan.split) return null;
  const trials = trialsOf(parts.data ?? []);
  const better = betterOf(trials);
  const rest = parts.data?.find(({ part }) => part === "rest");
  return (
    <Section title={t("builder.compare.title")} id="comparison">
      {!parts.data && <Loading lines={3} />}
      {trials.length === 2 && (
        <div className={builder.inside}>
          <Text>{better ? t(`builder.compare.better.${better}`) : t("builder.compare.undecided")}</Text>
          <div className={classes.texts}>
            {trials.map((trial) => (
              <TrialCard key={trial.part} trial={trial} campaign={campaign} isBetter={trial.part === better} />
            ))}
          </div>
          <Text size="sm" className="quiet">
            {t("builder.compare.interval")}
          </Text>
          {rest && <Rest campaign={campaign} waiting={rest.planned} />}
        </div>
      )}
    </Section>
  );
}

function TrialCard({ trial, campaign, isBetter }: { trial: Trial; campaign: Campaign; isBetter: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const body = trial.part === "first" ? campaign.body : campaign.plan.split?.body;
  const percent = (share: number) => `${share * 100}%`;
  return (
    <article className={classes.text} data-part={trial.part} data-better={isBetter || undefined}>
      <h3>{t(`builder.compare.part.${trial.part}`)}</h3>
      {trial.part === "second" && campaign.plan.split?.subject && (
        <Text fw={600} lang="tr">
          {campaign.plan.split.subject}
        </Text>
      )}
      <Text component="blockquote" className={builder.bubble} lang="tr">
        {body}
      </Text>
      <div className={classes.rate}>
        <strong className="number">{formats.percent(trial.rate)}</strong> {t("builder.compare.delivered")}
      </div>
      <div className={classes.scale} aria-hidden>
        <div className={classes.bar} style={{ width: percent(trial.rate) }} />
        <div className={classes.doubt} style={{ left: percent(trial.low), width: percent(trial.high - trial.low) }} />
      </div>
      <dl className={builder.pairs}>
        {(["planned", "accepted", "delivered", "failed"] as const).map((name) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{t(`builder.compare.count.${name}`)}</dt>
            <dd className="number">{formats.number(trial[name])}</dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

/** Whoever got neither text waits for somebody's choice. */
function Rest({ campaign, waiting }: { campaign: Campaign; waiting: number }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  const may = useMay();
  const [asked, ask] = useState<Trial["part"]>();
  const choose = useAct(
    (part: Trial["part"]) =>
      answer<Campaign>(
        api.POST("/api/v1/campaigns/{id}/choose", { params: { path: { id: campaign.id } }, body: { part } }),
      ),
    {
      done: t("builder.compare.chosen_done"),
      refresh: [["campaign", campaign.id, "report"]],
      showsError: true,
      onDone: (fresh) => {
        ask(undefined);
        rememberCampaign(fresh);
      },
    },
  );
  const { winner } = campaign.progress;
  if (winner) {
    return (
      <Notice tone="good">
        {t("builder.compare.chosen", {
          who: actorName(winner.by),
          when: formats.dateTime(winner.at),
          part: t(`builder.compare.part.${winner.part === "second" ? "second" : "first"}`),
        })}
      </Notice>
    );
  }
  if (waiting === 0) return null;
  const canChoose = may("launch_campaigns") && ["running", "paused"].includes(campaign.state);
  return (
    <Notice tone="held" title={t("builder.compare.rest", { count: waiting })}>
      {canChoose && (
        <Group gap="xs" mt={6}>
          {(["first", "second"] as const).map((part) => (
            <Button key={part} size="compact-md" variant="default" onClick={() => ask(part)}>
              {t(`builder.compare.choose.${part}`)}
            </Button>
          ))}
        </Group>
      )}
      <Ask
        opened={asked !== undefined}
        title={t("builder.compare.ask")}
        confirm={t("builder.compare.confirm", { count: waiting })}
        isPending={choose.isPending}
        error={choose.error}
        onConfirm={() => asked && choose.mutate(asked)}
        onClose={() => ask(undefined)}
      >
        <Text component="blockquote" className={builder.bubble} lang="tr">
          {asked === "second" ? campaign.plan.split?.body : campaign.body}
        </Text>
      </Ask>
    </Notice>
  );
}
