import { VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { TextLink } from "../app/links";
import { CodeBadge, ReasonText, useReasonText } from "../app/reason-text";
import { useFormats } from "../locale/format";
import type { Step } from "./steps";
import classes from "./waterfall.module.css";

interface WaterfallProps {
  steps: Step[];
  /** The campaign whose people stand behind the numbers. */
  campaignId: string;
}

/**
 * From target to sent, one line a step. It is a real table whose last column is
 * drawn: who cannot see the bars reads the same steps, numbers and shares.
 */
export function Waterfall({ steps, campaignId }: WaterfallProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const target = steps[0]?.count ?? 0;
  return (
    <table className={classes.table}>
      <VisuallyHidden component="caption">{t("campaigns.waterfall.caption")}</VisuallyHidden>
      <thead>
        <tr>
          <th scope="col">{t("campaigns.waterfall.step")}</th>
          <th scope="col" className={classes.count}>
            {t("campaigns.waterfall.count")}
          </th>
          <th scope="col" className={classes.share}>
            {t("campaigns.waterfall.share")}
          </th>
          <th scope="col" aria-hidden className={classes.bar} />
        </tr>
      </thead>
      <tbody>
        {steps.map((step) => (
          <tr
            key={step.reason?.code ?? step.name}
            className={`${classes.row} ${step.isPart ? classes.part : classes.whole}`}
            data-step={step.name}
            data-code={step.reason?.code}
          >
            <th scope="row">
              <StepLabel step={step} />
            </th>
            <td className={`${classes.count} number`}>
              <Count step={step} campaignId={campaignId} />
            </td>
            <td className={`${classes.share} number`}>{target > 0 && formats.percent(step.count / target)}</td>
            <td className={classes.bar} aria-hidden>
              <div className={classes.track}>
                <div
                  className={classes.fill}
                  data-tone={step.tone}
                  data-empty={step.count === 0 || undefined}
                  style={{ left: `${step.from * 100}%`, width: `${(step.to - step.from) * 100}%` }}
                />
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function StepLabel({ step }: { step: Step }) {
  const { t } = useTranslation();
  if (step.reason) {
    return (
      <div className={classes.why}>
        <CodeBadge code={step.reason.code} />
        <ReasonText reason={step.reason} />
      </div>
    );
  }
  if (step.name === "sendable") return t("campaigns.dry_run.sendable");
  if (step.name === "reason") return null;
  return t(`campaigns.waterfall.${step.name}`);
}

/** The number, as a link to the people behind it where there are any. */
function Count({ step, campaignId }: { step: Step; campaignId: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const text = useReasonText();
  const number = formats.number(step.count);
  if (!step.rows || step.count === 0) return <span data-count={step.name}>{number}</span>;
  const label = step.reason ? text(step.reason) : t(`campaigns.rows.group.${step.rows.group}`);
  return (
    <TextLink
      to="/campaigns/$id"
      params={{ id: campaignId }}
      search={{ rows: step.rows.group, code: step.rows.code }}
      hash="rows"
      fw={600}
      data-count={step.name}
      aria-label={t("campaigns.waterfall.open_rows", { label, count: number })}
    >
      {number}
    </TextLink>
  );
}
