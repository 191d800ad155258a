import { Button, Group, Select, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Deadline, Duty, Urgency } from "../api/model";
import { usePages } from "../api/pages";
import { Counters } from "../app/counters";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge } from "../app/reason-text";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { CloseComplaint } from "./close-complaint";
import { RegistryFrame } from "./frame";
import classes from "./registry.module.css";

const route = getRouteApi("/shell/registry/deadlines");

const TONE: Record<Urgency, Tone> = {
  ON_TIME: "good",
  SOON: "held",
  LATE: "out",
  AT_RISK: "out",
  OVERDUE: "bad",
  EXPIRED: "neutral",
};
const DUTIES: Duty[] = ["CONSENT", "REFUSAL", "COMPLAINT"];

/** What the brand owes İYS and people, with every date the rule can be read to mean. */
export function DeadlinesPage() {
  return (
    <RegistryFrame>
      {(brand) => (
        <>
          <Calendar brand={brand} />
          <Duties brand={brand} />
        </>
      )}
    </RegistryFrame>
  );
}

/** The coming business days and what falls due on each. */
function Calendar({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const forecast = useQuery({
    queryKey: ["registry", brand.id, "forecast"],
    queryFn: () =>
      answer(api.GET("/api/v1/registry/{brand_id}/deadlines/forecast", { params: { path: { brand_id: brand.id } } })),
  });
  if (forecast.isPending) return <Loading lines={3} />;
  if (forecast.isError) return <Failure error={forecast.error} onRetry={() => forecast.refetch()} />;
  const { days, consents_overdue, consents_expired, refusals_overdue } = forecast.data;
  const bad = (count: number) => (count > 0 ? ("bad" as const) : undefined);
  return (
    <>
      <Counters
        label={t("registry.deadlines.overdue")}
        counters={[
          {
            label: t("registry.deadlines.due_today"),
            value: (days[0]?.consents ?? 0) + (days[0]?.refusals ?? 0),
          },
          { label: t("registry.deadlines.consents_overdue"), value: consents_overdue, tone: bad(consents_overdue) },
          { label: t("registry.deadlines.refusals_overdue"), value: refusals_overdue, tone: bad(refusals_overdue) },
          { label: t("registry.deadlines.consents_expired"), value: consents_expired },
        ]}
      />
      <Section title={t("registry.deadlines.calendar")} id="calendar">
        <ol className={classes.calendar}>
          {days.map(({ day, consents, refusals }, place) => (
            <li key={day} data-busy={consents + refusals > 0}>
              <Text size="sm" fw={650}>
                {place === 0 ? t("registry.deadlines.today") : formats.shortDay(`${day}T12:00:00+03:00`)}
              </Text>
              <Text size="sm" className="number">
                {t("registry.deadlines.consents", { count: consents })}
              </Text>
              <Text size="sm" className="number">
                {t("registry.deadlines.refusals", { count: refusals })}
              </Text>
            </li>
          ))}
        </ol>
        <Text size="sm" className="quiet" px="md" pb="md">
          {t("registry.deadlines.calendar_hint")}
        </Text>
      </Section>
    </>
  );
}

function Duties({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const duty = DUTIES.find((one) => one === search.duty);
  const [handled, handle] = useState<Deadline>();
  const list = usePages(["registry", brand.id, "deadlines", duty, search.expired], (after) =>
    answer(
      api.GET("/api/v1/registry/{brand_id}/deadlines", {
        params: { path: { brand_id: brand.id }, query: { duty, expired: search.expired, after } },
      }),
    ),
  );
  return (
    <Section
      title={t("registry.deadlines.title")}
      id="deadlines"
      aside={
        <Group gap="sm">
          <Switch
            label={t("registry.deadlines.with_expired")}
            checked={search.expired === true}
            onChange={(event) =>
              navigate({
                search: (old) => ({ ...old, expired: event.currentTarget.checked || undefined }),
                resetScroll: false,
              })
            }
          />
          <Select
            aria-label={t("registry.deadlines.filter")}
            placeholder={t("registry.deadlines.all_duties")}
            data={DUTIES.map((value) => ({ value, label: t(`registry.deadlines.duty.${value}`) }))}
            value={duty ?? null}
            clearable
            clearButtonProps={{ "aria-label": t("common.action.clear") }}
            onChange={(value) =>
              navigate({ search: (old) => ({ ...old, duty: value ?? undefined }), resetScroll: false })
            }
          />
        </Group>
      }
    >
      <Listed
        list={list}
        label={t("registry.deadlines.title")}
        keyOf={({ address, duty, channel, kind, event_at }) => `${duty}${address}${channel}${kind}${event_at}`}
        empty={<Empty title={t("registry.deadlines.none.title")} text={t("registry.deadlines.none.text")} />}
        columns={[
          {
            head: t("registry.deadlines.who"),
            cell: ({ address, channel, kind }) => (
              <>
                {may("read_personal") ? (
                  <TextLink to="/contacts" search={{ query: address }} className="number">
                    {address}
                  </TextLink>
                ) : (
                  <span className="number">{address}</span>
                )}
                <Text size="sm" className="quiet">
                  {[channel && t(`common.channel.${channel}`), kind && t(`common.kind.${kind}`)]
                    .filter(Boolean)
                    .join(" · ")}
                </Text>
              </>
            ),
          },
          {
            head: t("registry.deadlines.what"),
            cell: ({ duty, event_at }) => (
              <>
                {t(`registry.deadlines.duty.${duty}`)}
                <Text size="sm" className="quiet">
                  <Time at={event_at} />
                </Text>
              </>
            ),
          },
          { head: t("registry.deadlines.until"), cell: (row) => <Until deadline={row} /> },
          {
            head: t("registry.deadlines.next"),
            width: "16rem",
            cell: (row) => <Next deadline={row} onHandle={handle} />,
          },
        ]}
      />
      {handled && (
        <CloseComplaint complaint={handled} refresh={["registry", brand.id]} onClose={() => handle(undefined)} />
      )}
    </Section>
  );
}

function Until({ deadline }: { deadline: Deadline }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { due, urgency, business_days_left } = deadline;
  const readings = (["sla", "strict", "legal", "grace"] as const)
    .map((reading) => `${t(`registry.deadlines.reading.${reading}`)}: ${formats.dateTime(due[reading])}`)
    .join("\n");
  return (
    <>
      <StateBadge tone={TONE[urgency]} label={t(`registry.deadlines.urgency.${urgency}`)} />
      <Text size="sm" title={readings}>
        <Time at={due.legal} />
      </Text>
      {urgency !== "EXPIRED" && (
        <Text size="sm" className="quiet">
          {t("registry.deadlines.left", { count: business_days_left })}
        </Text>
      )}
    </>
  );
}

function Next({ deadline, onHandle }: { deadline: Deadline; onHandle: (deadline: Deadline) => void }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const { duty, refusal, next_en, next_tr } = deadline;
  return (
    <>
      {refusal && <CodeBadge code={refusal.code} />} {i18n.language === "en" ? next_en : next_tr}
      {duty === "COMPLAINT" && may("manage_blacklist") && may("read_personal") && (
        <div>
          <Button size="compact-sm" variant="default" mt={6} onClick={() => onHandle(deadline)}>
            {t("registry.deadlines.handle")}
          </Button>
        </div>
      )}
    </>
  );
}
