import { ActionIcon, Button, Group, Skeleton, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Campaign, DryRun } from "../../api/model";
import { useAct } from "../../app/act";
import { useMay } from "../../app/permissions";
import { useReasonText } from "../../app/reason-text";
import { useBalance } from "../../connectors/queries";
import { useFormats } from "../../locale/format";
import { useDryRun } from "../dry-run";
import classes from "./builder.module.css";
import { useMoney } from "./money";
import { Pairs } from "./pairs";

/** Reasons that the panel names; the rest are counted together. */
const REASONS = 5;

/** What one part costs and what else holds for a brand's campaigns. */
export function useSendingRules(brand: string) {
  return useQuery({
    queryKey: ["brand", brand, "sending-rules"],
    queryFn: () => answer(api.GET("/api/v1/brands/{id}/sending-rules", { params: { path: { id: brand } } })),
    enabled: brand !== "",
    staleTime: 30_000,
  });
}

/** How long the text becomes over the real people. */
export function useMeasured(id: string) {
  return useQuery({
    queryKey: ["campaign", id, "measure"],
    queryFn: () => answer(api.POST("/api/v1/campaigns/{id}/measure", { params: { path: { id } } })),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    retry: false,
  });
}

/** What the draft would come to if it left now: people, parts, cost and time. */
export function SidePanel({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const run = useDryRun(campaign.id);
  return (
    <aside className={`surface ${classes.side}`} aria-label={t("builder.side.title")} data-side>
      <section>
        <Group justify="space-between" wrap="nowrap">
          <h3>{t("builder.side.title")}</h3>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("campaigns.dry_run.again")}
            onClick={() => run.refetch()}
            loading={run.isFetching && !run.isPending}
          >
            <IconRefresh size={17} aria-hidden />
          </ActionIcon>
        </Group>
        {run.isPending && <Skeleton height={60} />}
        {run.isError && <Text size="sm">{t("builder.side.failed")}</Text>}
        {run.data && <People run={run.data} />}
      </section>
      {run.data && <Fixes campaign={campaign} run={run.data} />}
      <Cost campaign={campaign} />
      {run.data && <Hours run={run.data} />}
    </aside>
  );
}

function People({ run }: { run: DryRun }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const reasonText = useReasonText();
  const reached = run.sendable + run.held;
  const share = (count: number) => (run.target > 0 ? `${(count / run.target) * 100}%` : "0");
  const [shown, rest] = [run.excluded.slice(0, REASONS), run.excluded.slice(REASONS)];
  const others = rest.reduce((sum, { count }) => sum + count, 0);
  const excluded = run.target - reached;
  return (
    <>
      <div>
        <div className={`${classes.big} number`} data-reached={reached}>
          {formats.number(reached)}
        </div>
        <Text size="sm" className="quiet">
          {t("builder.side.of_target", { count: run.target })}
        </Text>
      </div>
      <div className={classes.sum} aria-hidden>
        <span data-tone="sent" style={{ width: share(run.sendable) }} />
        <span data-tone="held" style={{ width: share(run.held) }} />
        <span data-tone="out" style={{ width: share(excluded) }} />
      </div>
      {run.held > 0 && <Text size="sm">{t("builder.side.held", { count: run.held })}</Text>}
      {shown.length > 0 && (
        <ul className={classes.reasons} aria-label={t("builder.side.why_not")}>
          {shown.map((reason) => (
            <li key={reason.code}>
              <span>
                <b>{reason.code}</b> {reasonText(reason)}
              </span>
              <span className="number">{formats.number(reason.count)}</span>
              <div className={classes.track} aria-hidden>
                <div className={classes.fill} style={{ width: share(reason.count) }} />
              </div>
            </li>
          ))}
          {others > 0 && (
            <li>
              <span>{t("builder.side.other_reasons")}</span>
              <span className="number">{formats.number(others)}</span>
            </li>
          )}
        </ul>
      )}
    </>
  );
}

/** What can be done at once about some of the excluded. */
function Fixes({ campaign, run }: { campaign: Campaign; run: DryRun }) {
  const { t } = useTranslation();
  const may = useMay();
  const ask = useAct(
    () => answer(api.POST("/api/v1/campaigns/{id}/ask-registry", { params: { path: { id: campaign.id } } })),
    {
      done: ({ people }) => t("builder.side.asked", { count: people }),
      refresh: [["campaign", campaign.id, "dry-run"]],
    },
  );
  const askable = run.fixes.filter(({ action }) => action === "ask_registry");
  const count = askable.reduce((sum, fix) => sum + fix.count, 0);
  if (count === 0 || !may("manage_campaigns")) return null;
  return (
    <section>
      <Text size="sm">{t("builder.side.unconfirmed", { count })}</Text>
      <Button size="compact-sm" variant="light" onClick={() => ask.mutate(undefined)} loading={ask.isPending}>
        {t("builder.side.ask_now")}
      </Button>
    </section>
  );
}

function Cost({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const money = useMoney();
  const isSms = campaign.channel === "MESAJ";
  const measured = useMeasured(campaign.id);
  const balance = useBalance(campaign.connector_id, isSms);
  if (!measured.data) return null;
  const { parts_total, by_parts, by_encoding } = measured.data;
  // At the price of the account that it would leave over.
  const cost = measured.data.cost_micros ?? null;
  const { amount, currency = null } = balance.data ?? {};
  const credit = amount == null ? null : Number(amount) * 1_000_000;
  const lines: [string, ReactNode][] = isSms
    ? [
        [t("builder.side.parts"), formats.number(parts_total)],
        ...Object.entries(by_parts).map(
          ([parts, people]) =>
            [t("builder.side.with_parts", { count: Number(parts) }), t("builder.people", { count: people })] as [
              string,
              string,
            ],
        ),
        ...Object.keys(by_encoding).map((encoding) => [t("builder.side.encoding"), encoding] as [string, string]),
      ]
    : [[t("builder.side.messages"), formats.number(measured.data.sendable)]];
  if (isSms) {
    lines.push([t("builder.side.cost"), cost === null ? t("builder.side.no_price") : money(cost, "TRY")]);
    if (credit !== null && currency !== null) {
      lines.push([t("builder.side.credit"), money(credit, currency)]);
      if (cost !== null && currency === "TRY") {
        lines.push([t("builder.side.credit_after"), money(credit - cost, "TRY")]);
      }
    }
  }
  return (
    <section>
      <h3>{t("builder.side.length_and_cost")}</h3>
      <Pairs lines={lines} />
    </section>
  );
}

function Hours({ run }: { run: DryRun }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <section>
      <h3>{t("builder.side.time")}</h3>
      <Pairs
        lines={[
          [t("builder.side.starts"), formats.dateTime(run.starts_at)],
          [t("builder.side.finishes"), run.finishes_at ? formats.dateTime(run.finishes_at) : t("common.none")],
        ]}
      />
      {run.routes
        .filter(({ obstacle }) => obstacle)
        .map((route) => (
          <Text key={route.connector_id} size="sm" c="var(--tone-out)">
            {t("builder.route.dropped", {
              name: route.name,
              why: t(`builder.route.obstacle.${route.obstacle as "halted"}`),
            })}
          </Text>
        ))}
    </section>
  );
}

/** Stands beside the first step, while there is no draft to count. */
export function FirstSidePanel() {
  const { t } = useTranslation();
  return (
    <aside className={`surface ${classes.side}`} aria-label={t("builder.side.title")}>
      <section>
        <h3>{t("builder.side.title")}</h3>
        <Text size="sm" className="quiet">
          {t("builder.side.first")}
        </Text>
      </section>
    </aside>
  );
}
