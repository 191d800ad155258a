import { Button, Group, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { Counters } from "../app/counters";
import { Facts } from "../app/facts";
import { Section } from "../app/page";
import { Failure, Loading } from "../app/states";

/** A month of complaints in numbers, and the same as a file: nobody is named. */
export function Month() {
  const { t } = useTranslation();
  const [chosen, choose] = useState<string>();
  const report = useQuery({
    queryKey: ["inbox", "month", chosen],
    queryFn: () => answer(api.GET("/api/v1/complaint-cases/month", { params: { query: { month: chosen } } })),
  });
  const month = chosen ?? report.data?.month ?? "";
  const duration = (seconds: number | null | undefined) => {
    if (seconds === null || seconds === undefined) return t("common.none");
    if (seconds < 60) return t("cases.month.seconds", { count: seconds });
    if (seconds < 7_200) return t("cases.month.minutes", { count: Math.ceil(seconds / 60) });
    return t("cases.month.hours", { count: Math.ceil(seconds / 3_600) });
  };
  return (
    <Section
      title={t("cases.month.title")}
      id="month"
      aside={
        <Group gap="sm" align="flex-end">
          <TextInput
            type="month"
            aria-label={t("cases.month.choose")}
            value={month}
            onChange={(event) => choose(event.currentTarget.value || undefined)}
          />
          {month !== "" && (
            <Button
              component="a"
              variant="default"
              href={`/api/v1/complaint-cases/month.csv?month=${encodeURIComponent(month)}`}
              download
            >
              {t("cases.month.export")}
            </Button>
          )}
        </Group>
      }
    >
      {report.isPending && <Loading lines={2} />}
      {report.isError && <Failure error={report.error} onRetry={() => report.refetch()} />}
      {report.data && (
        <>
          <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
            <Counters
              label={t("cases.month.title")}
              counters={[
                { label: t("cases.month.complaints"), value: report.data.complaints },
                { label: t("cases.month.solved"), value: report.data.solved },
                {
                  label: t("cases.month.differences"),
                  value: report.data.registry_differences,
                  tone: report.data.registry_differences > 0 ? "bad" : undefined,
                },
                {
                  label: t("cases.month.overdue"),
                  value: report.data.overdue,
                  tone: report.data.overdue > 0 ? "bad" : undefined,
                },
              ]}
            />
          </div>
          <Facts
            facts={[
              [t("cases.month.stop_median"), duration(report.data.stop_median_seconds)],
              [t("cases.month.stop_worst"), duration(report.data.stop_worst_seconds)],
              [t("cases.month.answer_median"), duration(report.data.answer_median_seconds)],
              [t("cases.month.answer_worst"), duration(report.data.answer_worst_seconds)],
            ]}
          />
          <Text size="sm" className="quiet" px="md" pb="md">
            {t("cases.month.hint", { count: report.data.registry_days })}
          </Text>
        </>
      )}
    </Section>
  );
}
