import { useQueries, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand } from "../api/model";
import { Counters } from "../app/counters";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import { useAlarms } from "../registry/alarms";

function earliest(instants: (string | null | undefined)[]): string | undefined {
  return instants.filter((at) => at != null).sort((one, other) => Date.parse(one) - Date.parse(other))[0];
}

/** The first screen of whoever answers for consent: what was refused, what falls due, who must look at what. */
export function Duties({ brands }: { brands: Brand[] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const alarms = useAlarms();
  const forecasts = useQueries({
    queries: brands.map(({ id }) => ({
      queryKey: ["registry", id, "forecast"],
      queryFn: () =>
        answer(api.GET("/api/v1/registry/{brand_id}/deadlines/forecast", { params: { path: { brand_id: id } } })),
    })),
  });
  const rejections = useQueries({
    queries: brands.map(({ id }) => ({
      queryKey: ["registry", id, "rejections"],
      queryFn: async () =>
        (await answer(api.GET("/api/v1/registry/{brand_id}/rejections", { params: { path: { brand_id: id } } }))).items,
    })),
  });
  const cases = useQuery({
    queryKey: ["inbox", "cases", "open"],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/complaint-cases", { params: { query: { only_open: true, limit: 200 } } }))).items,
  });
  const days = useQueries({
    queries: brands.map(({ id }) => ({
      queryKey: ["registry", id, "drift"],
      queryFn: async () =>
        (await answer(api.GET("/api/v1/registry/{brand_id}/drift", { params: { path: { brand_id: id } } }))).items,
    })),
  });
  const all = [...forecasts, ...rejections, ...days, cases];
  const failed = all.find(({ error }) => error);
  const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
  const due = sum(forecasts.map(({ data }) => (data?.days[0]?.consents ?? 0) + (data?.days[0]?.refusals ?? 0)));
  const overdue = sum(forecasts.map(({ data }) => (data ? data.consents_overdue + data.refusals_overdue : 0)));
  const refused = sum(
    rejections.map(({ data }) =>
      sum((data ?? []).filter(({ actions }) => !actions.includes("nothing")).map(({ count }) => count)),
    ),
  );
  const differing = sum(days.map(({ data }) => (data ?? []).filter(({ state }) => state === "differs").length));
  const firstDue = earliest(rejections.flatMap(({ data }) => (data ?? []).map(({ due_at }) => due_at)));
  // The days of a forecast are business days: its place is how many are left.
  const nextDue = forecasts
    .map(({ data }) => (data?.days ?? []).findIndex(({ consents, refusals }) => consents + refusals > 0))
    .filter((place) => place >= 0)
    .reduce<number | undefined>((least, place) => Math.min(least ?? place, place), undefined);
  const unanswered = (cases.data ?? []).filter(({ answered_at }) => !answered_at);
  const left = (count: number) => t("registry.deadlines.left", { count });
  const caseLeft = unanswered.map(({ business_days_left }) => business_days_left);
  const open = alarms.items.filter(({ acknowledged_by }) => !acknowledged_by).length;
  return (
    <Section title={t("dashboard.duties.title")} id="duties">
      {failed?.error && <Failure error={failed.error} onRetry={() => all.map(({ refetch }) => refetch())} />}
      {!failed && all.some(({ isPending }) => isPending) && <Loading lines={2} />}
      {!failed && all.every(({ isSuccess }) => isSuccess) && (
        <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
          <Counters
            label={t("dashboard.duties.title")}
            counters={[
              {
                label: t("dashboard.duties.refused"),
                value: refused,
                tone: refused > 0 ? "bad" : undefined,
                note: refused > 0 && firstDue && t("dashboard.duties.first_due", { when: formats.dateTime(firstDue) }),
                wrap: (number) => (
                  <TextLink to="/registry/rejections" inherit>
                    {number}
                  </TextLink>
                ),
              },
              {
                label: t("dashboard.duties.due"),
                value: due,
                note: nextDue !== undefined && t("dashboard.duties.next_due", { left: left(nextDue) }),
                wrap: (number) => (
                  <TextLink to="/registry/deadlines" inherit>
                    {number}
                  </TextLink>
                ),
              },
              {
                label: t("dashboard.duties.overdue"),
                value: overdue,
                tone: overdue > 0 ? "bad" : undefined,
                wrap: (number) => (
                  <TextLink to="/registry/deadlines" inherit>
                    {number}
                  </TextLink>
                ),
              },
              {
                label: t("dashboard.duties.complaints"),
                value: cases.data?.length ?? 0,
                note: caseLeft.length > 0 && left(Math.min(...caseLeft)),
                tone: cases.data?.some(({ answered_at, urgency }) => !answered_at && urgency === "OVERDUE")
                  ? "bad"
                  : undefined,
                wrap: (number) => (
                  <TextLink to="/inbox" search={{ tab: "complaints" }} inherit>
                    {number}
                  </TextLink>
                ),
              },
              {
                label: t("dashboard.duties.drift"),
                value: differing,
                tone: differing > 0 ? "bad" : undefined,
                wrap: (number) => (
                  <TextLink to="/registry/drift" inherit>
                    {number}
                  </TextLink>
                ),
              },
              {
                label: t("dashboard.duties.alarms"),
                value: open,
                tone: open > 0 ? "bad" : undefined,
                wrap: (number) => (
                  <TextLink to="/registry" inherit>
                    {number}
                  </TextLink>
                ),
              },
            ]}
          />
        </div>
      )}
    </Section>
  );
}
