import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { CampaignReport } from "../api/model";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import type { Tone } from "../app/state-badge";
import { useFormats } from "../locale/format";
import classes from "./outcome.module.css";
import type { RowGroup } from "./row-groups";

interface Slice {
  group: Extract<RowGroup, "delivered" | "failed" | "open">;
  count: number;
  tone: Tone;
}

/** What became of those who were sent to, as one bar, and why some did not get it. Every number opens its people. */
export function Outcome({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  if (report.sent === 0) return null;
  const slices: Slice[] = [
    { group: "delivered", count: report.delivered, tone: "good" },
    { group: "failed", count: report.failed.total, tone: "bad" },
    { group: "open", count: report.open, tone: "neutral" },
  ];
  const kinds = (["undelivered", "refused", "rejected", "expired"] as const)
    .map((kind) => ({ kind, count: report.failed[kind] }))
    .filter(({ count }) => count > 0);
  const share = (count: number) => count / report.sent;
  return (
    <Section title={t("builder.outcome.title")} id="outcome">
      <div className={classes.inside}>
        <div className={classes.bar} aria-hidden>
          {slices.map(({ group, count, tone }) => (
            <span key={group} data-tone={tone} style={{ width: `${share(count) * 100}%` }} />
          ))}
        </div>
        <ul className={classes.legend} aria-label={t("builder.outcome.title")}>
          {slices.map(({ group, count, tone }) => (
            <li key={group} data-tone={tone}>
              <TextLink
                to="/campaigns/$id"
                params={{ id: report.campaign.id }}
                search={{ rows: group }}
                hash="rows"
                c="inherit"
              >
                {t(`campaigns.waterfall.${group}`)}
              </TextLink>
              <strong className="number">{formats.number(count)}</strong>
              <span className="number quiet">{formats.percent(share(count))}</span>
            </li>
          ))}
        </ul>
        {kinds.length > 0 && (
          <div>
            <Text size="sm" className="quiet" mb={6}>
              {t("builder.outcome.why_failed")}
            </Text>
            <ul className={classes.kinds}>
              {kinds.map(({ kind, count }) => (
                <li key={kind}>
                  <span>{t(`builder.outcome.kind.${kind}`)}</span>
                  <span className={classes.track} aria-hidden>
                    <span style={{ width: `${(count / report.failed.total) * 100}%` }} />
                  </span>
                  <strong className="number">{formats.number(count)}</strong>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Section>
  );
}
