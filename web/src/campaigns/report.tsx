import { Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { CampaignReport } from "../api/model";
import { Counters } from "../app/counters";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import { Comparison } from "./comparison";
import { Conversions } from "./conversions";
import { Cost } from "./cost";
import { CampaignExport } from "./export";
import { useReport } from "./follow";
import { Outcome } from "./outcome";
import { RunPanel } from "./run-panel";
import { reportSteps } from "./steps";
import { Totals } from "./totals";
import { Waterfall } from "./waterfall";

const BATCH_STATES = ["pending", "in_flight", "accepted", "failed", "in_doubt", "unresolved", "cancelled"] as const;

interface ReportProps {
  id: string;
  /** The people behind a chosen number; they stand right under the picture that the number is in. */
  rows?: ReactNode;
}

/** What became of everyone in the target, live while anything moves. */
export function Report({ id, rows }: ReportProps) {
  const { t } = useTranslation();
  const report = useReport(id);
  if (report.isPending) return <Loading />;
  if (report.isError) return <Failure error={report.error} onRetry={() => report.refetch()} />;
  const { data } = report;
  return (
    <>
      <Notices report={data} />
      <RunPanel report={data} />
      <Totals report={data} />
      <Comparison report={data} />
      <Section
        title={t("campaigns.report.title")}
        id="report"
        aside={
          <Group gap="md">
            {data.reconciles && <Reconciles />}
            <CampaignExport campaign={data.campaign} />
          </Group>
        }
      >
        <Waterfall steps={reportSteps(data)} campaignId={id} />
        <Footnotes report={data} />
      </Section>
      {rows}
      <Outcome report={data} />
      <Cost report={data} />
      <Conversions report={data} />
      <Section title={t("campaigns.report.batches")} id="batches">
        <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
          <Counters
            label={t("campaigns.report.batches")}
            counters={BATCH_STATES.map((state) => ({
              label: t(`campaigns.report.batch.${state}`),
              value: data.batches[state],
            }))}
          />
        </div>
      </Section>
    </>
  );
}

function Reconciles() {
  const { t } = useTranslation();
  return (
    <Group gap={6} c="var(--tone-good)" data-reconciles>
      <IconCircleCheck size={18} aria-hidden />
      <Text size="sm" fw={550}>
        {t("campaigns.report.reconciles")}
      </Text>
    </Group>
  );
}

function Notices({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <>
      {!report.reconciles && (
        <Notice tone="bad" isUrgent>
          {t("campaigns.report.does_not_reconcile")}
        </Notice>
      )}
      {report.held.quiet_hours_until && (
        <Notice tone="held">
          {t("campaigns.report.quiet_until", { when: formats.dateTime(report.held.quiet_hours_until) })}
        </Notice>
      )}
      {report.held.uncertain > 0 && (
        <Notice tone="out">{t("campaigns.report.uncertain", { count: report.held.uncertain })}</Notice>
      )}
      {report.last_error && (
        <Notice tone="out" title={t("campaigns.report.provider_error")}>
          {report.last_error}
        </Notice>
      )}
    </>
  );
}

function Footnotes({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const notes = [
    report.failed.total > 0 && t("campaigns.report.failed_split", report.failed),
    report.open > 0 && t("campaigns.report.final_in"),
    report.first_sent_at && t("campaigns.report.first_sent", { when: formats.dateTime(report.first_sent_at) }),
    report.last_receipt_at && t("campaigns.report.last_receipt", { when: formats.dateTime(report.last_receipt_at) }),
  ].filter((note) => typeof note === "string");
  if (notes.length === 0) return null;
  return (
    <Stack gap={2} p="md" fz="sm" className="quiet" style={{ borderBlockStart: "1px solid var(--line)" }}>
      {notes.map((note) => (
        <div key={note}>{note}</div>
      ))}
    </Stack>
  );
}
