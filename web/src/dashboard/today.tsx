import { useQueries } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Campaign, Upload } from "../api/model";
import { Counters } from "../app/counters";
import { queueLength } from "../registry/status";

interface TodayProps {
  /** Received today. */
  uploads: Upload[];
  /** Launched today. */
  campaigns: Campaign[];
  brands: Brand[];
}

/** The day in five numbers. */
export function Today({ uploads, campaigns, brands }: TodayProps) {
  const { t } = useTranslation();
  const reports = useQueries({
    queries: campaigns.map(({ id }) => ({
      queryKey: ["campaign", id, "report"],
      queryFn: () => answer(api.GET("/api/v1/campaigns/{id}/report", { params: { path: { id } } })),
    })),
  });
  const registries = useQueries({
    queries: brands.map(({ id }) => ({
      queryKey: ["registry", id],
      queryFn: () => answer(api.GET("/api/v1/registry/{brand_id}", { params: { path: { brand_id: id } } })),
    })),
  });
  return (
    <Counters
      label={t("dashboard.title")}
      counters={[
        { label: t("dashboard.tile.uploads"), value: uploads.length },
        { label: t("dashboard.tile.rows"), value: sum(uploads.map(({ rows_read }) => rows_read)) },
        { label: t("dashboard.tile.sent"), value: sum(reports.map(({ data }) => data?.sent ?? 0)), tone: "sent" },
        {
          label: t("dashboard.tile.delivered"),
          value: sum(reports.map(({ data }) => data?.delivered ?? 0)),
          tone: "good",
        },
        {
          label: t("dashboard.tile.queue"),
          value: sum(registries.map(({ data }) => (data ? queueLength(data) : 0))),
        },
      ]}
    />
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
