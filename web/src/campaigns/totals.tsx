import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import type { CampaignReport } from "../api/model";
import { TextLink } from "../app/links";
import type { Tone } from "../app/state-badge";
import { useFormats } from "../locale/format";
import classes from "./campaign.module.css";
import type { RowGroup } from "./row-groups";

interface Total {
  group: Extract<RowGroup, "target" | "excluded" | "held" | "sent" | "delivered" | "failed" | "open">;
  count: number;
  tone: Tone;
}

/** The two sums every report must satisfy, written as sums: target and sent, each with its parts. */
export function Totals({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const sent: Total = { group: "sent", count: report.sent, tone: "sent" };
  const sums: Total[][] = [
    [
      { group: "target", count: report.target, tone: "neutral" },
      { group: "excluded", count: report.excluded.total, tone: "out" },
      { group: "held", count: report.held.total, tone: "held" },
      sent,
    ],
    [
      sent,
      { group: "delivered", count: report.delivered, tone: "good" },
      { group: "failed", count: report.failed.total, tone: "bad" },
      { group: "open", count: report.open, tone: "neutral" },
    ],
  ];
  return (
    <section aria-label={t("campaigns.report.totals")} style={{ display: "grid", gap: 12 }}>
      {sums.map((sum) => (
        <div key={sum[0]?.group} className={classes.totals} data-sum={sum[0]?.group}>
          {sum.map((total, place) => (
            <Fragment key={total.group}>
              {place > 0 && (
                <span className={classes.operator} aria-hidden>
                  {place === 1 ? "=" : "+"}
                </span>
              )}
              <TotalCard total={total} campaignId={report.campaign.id} />
            </Fragment>
          ))}
        </div>
      ))}
    </section>
  );
}

function TotalCard({ total, campaignId }: { total: Total; campaignId: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const number = formats.number(total.count);
  return (
    <dl className={classes.total} data-tone={total.tone} style={{ margin: 0 }}>
      <dt>{t(`campaigns.waterfall.${total.group}`)}</dt>
      <dd className="number" data-total={total.group}>
        {total.count > 0 ? (
          <TextLink
            to="/campaigns/$id"
            params={{ id: campaignId }}
            search={{ rows: total.group }}
            hash="rows"
            inherit
            c="inherit"
            aria-label={t("campaigns.waterfall.open_rows", {
              label: t(`campaigns.rows.group.${total.group}`),
              count: number,
            })}
          >
            {number}
          </TextLink>
        ) : (
          number
        )}
      </dd>
    </dl>
  );
}
