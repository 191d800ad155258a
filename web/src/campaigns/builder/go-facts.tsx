import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "../../api/model";
import { CopyText } from "../../app/copy-text";
import { Facts } from "../../app/facts";
import { Notice } from "../../app/notice";
import { Section } from "../../app/page";
import { CodeBadge, useReasonText } from "../../app/reason-text";
import { Failure, Loading } from "../../app/states";
import { Time } from "../../app/time";
import { useFormats } from "../../locale/format";
import { CreditNotice } from "../credit-short";
import classes from "./builder.module.css";
import { REFUSAL_PERCENT } from "./draft";
import { type GoPage, useGo, useReasons } from "./go";
import { useMoney } from "./money";
import { UnknownAccounts } from "./named-people";
import { Pairs } from "./pairs";

const TONE = { blocks: "bad", needs_approval: "held", warns: "out", remarks: "neutral" } as const;

/** The final summary of a campaign nobody has launched: whom, what, over which way, when, at what cost. */
export function GoFacts({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const go = useGo(campaign);
  if (go.isPending) return <Loading />;
  if (go.isError) return <Failure error={go.error} onRetry={() => go.refetch()} />;
  const isFrozen = campaign.state !== "draft";
  return (
    <Section
      title={t("builder.go.title")}
      id="go"
      aside={
        <Text size="sm" className="quiet">
          {t(isFrozen ? "builder.go.frozen" : "builder.go.taken")} <Time at={go.data.taken_at} />
        </Text>
      }
    >
      <div className={classes.inside} data-go={go.data.content_hash}>
        <Sentence campaign={campaign} page={go.data} />
        <Findings page={go.data} />
        <Arithmetic page={go.data} />
        <div className={classes.goGrid}>
          <Said campaign={campaign} page={go.data} />
          <Way page={go.data} campaign={campaign} />
        </div>
        <Facts
          facts={[
            ...(go.data.promotion
              ? [[t("builder.what.promotion.label"), <CodesLeft key="codes" {...go.data.promotion} />] as const]
              : []),
            [t("builder.go.content_hash"), <CopyText key="content" text={go.data.content_hash} />],
            [t("builder.go.text_hash"), <CopyText key="text" text={go.data.text_hash} />],
          ]}
        />
      </div>
    </Section>
  );
}

/** The list that codes are given from, and whether it suffices. */
function CodesLeft({ name, pool, meant, short }: NonNullable<GoPage["promotion"]>) {
  const { t } = useTranslation();
  const left = t("builder.what.promotion.left", { count: pool + meant });
  return (
    <>
      {name}: {left}
      {short > 0 && <strong> · {t("builder.what.promotion.short", { count: short })}</strong>}
    </>
  );
}

/** One sentence that can be read out on the telephone. */
function Sentence({ campaign, page }: { campaign: Campaign; page: GoPage }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const money = useMoney();
  return (
    <Text fz="lg" fw={550} maw={780}>
      {t("builder.go.sentence", {
        audience: i18n.language === "en" ? page.audience.en : page.audience.tr,
        people: formats.number(page.sendable),
        channel: t(`common.channel.${campaign.channel}`),
        sender: campaign.sender,
        when: formats.dateTime(page.starts_at),
      })}{" "}
      {page.cost_micros !== null && t("builder.go.costs", { cost: money(page.cost_micros, "TRY") })}
    </Text>
  );
}

function Findings({ page }: { page: GoPage }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      {page.findings
        .filter(({ weight }) => weight !== "remarks")
        .map(({ finding, weight, text_tr, text_en, what }) => (
          <Notice key={finding} tone={TONE[weight]} title={t(`campaigns.dry_run.weight.${weight}`)}>
            {i18n.language === "en" ? text_en : text_tr}
            {what.length > 0 && <span className="quiet"> ({what.join(", ")})</span>}
          </Notice>
        ))}
      {page.plan.ignores_limits && (
        <Notice tone="held" title={t("builder.go.ignores_limits")}>
          {page.plan.ignores_limits}
        </Notice>
      )}
      <UnknownAccounts codes={page.unknown_accounts ?? []} />
      {page.credit_short && <CreditNotice short={page.credit_short} />}
    </>
  );
}

/** Target = excluded + sendable, with each reason. */
function Arithmetic({ page }: { page: GoPage }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const reasons = useReasons();
  const reasonText = useReasonText();
  const excluded = page.excluded.reduce((sum, { count }) => sum + count, 0);
  const numbers: [string, number, string][] = [
    [t("campaigns.waterfall.target"), page.target, "neutral"],
    [t("campaigns.waterfall.excluded"), excluded, "out"],
    [t("campaigns.dry_run.sendable"), page.sendable, "sent"],
  ];
  return (
    <div>
      <div className={classes.equation}>
        {numbers.map(([label, count, tone], place) => (
          <div key={label} data-tone={tone}>
            <span className={classes.sign} aria-hidden>
              {["", "=", "+"][place]}
            </span>
            <div>
              <div className="number" data-go-count={tone}>
                {formats.number(count)}
              </div>
              <Text size="sm" className="quiet">
                {label}
              </Text>
            </div>
          </div>
        ))}
      </div>
      {page.excluded.length > 0 && (
        <ul className={classes.reasons} aria-label={t("builder.side.why_not")}>
          {page.excluded.map(({ code, count }) => {
            const reason = reasons.data?.get(code);
            return (
              <li key={code}>
                <span>
                  <CodeBadge code={code} /> {reason && reasonText(reason)}
                </span>
                <span className="number">{formats.number(count)}</span>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

function Said({ campaign, page }: { campaign: Campaign; page: GoPage }) {
  const { t } = useTranslation();
  const { split } = page.plan;
  return (
    <div>
      <div className={classes.phone}>
        <p>{campaign.sender}</p>
        <Text component="blockquote" className={classes.bubble} lang="tr">
          {page.text}
        </Text>
        {split && (
          <>
            <Text size="sm" className="quiet" my={6}>
              {t("builder.go.second_text", { first: split.first_percent, second: split.second_percent })}
            </Text>
            <Text component="blockquote" className={classes.bubble} lang="tr">
              {split.body}
            </Text>
          </>
        )}
      </div>
    </div>
  );
}

function Way({ campaign, page }: { campaign: Campaign; page: GoPage }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const money = useMoney();
  const { measured, plan } = page;
  const lines: [string, ReactNode][] = [
    [t("builder.go.parts"), formats.number(measured.parts_total)],
    [t("builder.side.encoding"), Object.keys(measured.by_encoding).join(", ") || t("common.none")],
    [t("builder.side.cost"), page.cost_micros === null ? t("builder.side.no_price") : money(page.cost_micros, "TRY")],
    [
      t("builder.side.credit"),
      page.credit_micros === null ? t("common.none") : money(page.credit_micros, page.currency ?? ""),
    ],
    [
      t("builder.side.credit_after"),
      page.credit_after_micros === null ? t("common.none") : money(page.credit_after_micros, page.currency ?? ""),
    ],
    [t("builder.side.starts"), formats.dateTime(page.starts_at)],
    [t("builder.side.finishes"), page.finishes_at ? formats.dateTime(page.finishes_at) : t("common.none")],
    [t("campaigns.form.basis"), `${t(`common.basis.${campaign.basis}`)} · ${campaign.purpose}`],
    ...page.routes.map(
      ({ connector_id, name, obstacle, is_foreign }, place) =>
        [
          place === 0 ? t("builder.go.route") : t("builder.go.fallback", { place }),
          <span key={name} style={{ color: obstacle ? "var(--tone-out)" : undefined }}>
            {name}
            {plan.fallback_senders?.[connector_id] && ` · ${plan.fallback_senders[connector_id]}`}
            {is_foreign && ` · ${t("builder.route.foreign")}`}
            {obstacle && ` · ${t(`builder.route.obstacle.${obstacle as "halted"}`)}`}
          </span>,
        ] as [string, ReactNode],
    ),
  ];
  return (
    <div>
      <Pairs lines={lines} />
      <PlanWords plan={plan} />
    </div>
  );
}

/** How it leaves, in sentences. */
export function PlanWords({ plan }: { plan: Campaign["plan"] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const words = [
    plan.packages && t("builder.plan.packages", { size: plan.packages.size, minutes: plan.packages.every_minutes }),
    plan.canary &&
      t("builder.plan.canary", {
        percent: plan.canary.percent,
        minutes: plan.canary.wait_minutes,
        brake: plan.canary.brake_percent,
        refusals: plan.canary.brake_refusal_percent ?? REFUSAL_PERCENT,
      }),
    plan.canary?.refusal_minutes && t("builder.plan.canary_refusals", { minutes: plan.canary.refusal_minutes }),
    plan.split && t("builder.plan.split", { first: plan.split.first_percent, second: plan.split.second_percent }),
    plan.control_percent && t("builder.plan.control", { percent: plan.control_percent }),
    plan.cap && t("builder.plan.cap", { count: plan.cap }),
    plan.expires_at && t("builder.plan.expires", { when: formats.dateTime(plan.expires_at) }),
  ].filter((text) => typeof text === "string");
  if (words.length === 0) return null;
  return (
    <ul style={{ margin: "12px 0 0", paddingInlineStart: 18, fontSize: "var(--mantine-font-size-sm)" }}>
      {words.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}
