import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { AgreementDay, Brand, DriftReport } from "../api/model";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { Counters } from "../app/counters";
import { DataTable } from "../app/data-table";
import { Facts } from "../app/facts";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { DAY_TONE } from "./drift-page";
import { RegistryFrame } from "./frame";

const route = getRouteApi("/shell/registry/drift/$day");
const CAUSES = ["not_here", "not_there", "told_otherwise", "state_behind"] as const;

/** One day of the agreement, down to the people in whom both sides differed. */
export function DayPage() {
  return <RegistryFrame>{(brand) => <Day brand={brand} />}</RegistryFrame>;
}

function Day({ brand }: { brand: Brand }) {
  const { t, i18n } = useTranslation();
  // A word that İYS has and this panel does not know yet stands there as it is.
  const wordOf = (list: "channel" | "kind", word: string) => {
    const key = `common.${list}.${word}`;
    return i18n.exists(key) ? (i18n.t(key as never) as string) : word;
  };
  const formats = useFormats();
  const { day } = route.useParams();
  const path = { brand_id: brand.id, day };
  const report = useInfiniteQuery({
    queryKey: ["registry", brand.id, "drift", day],
    queryFn: ({ pageParam }) =>
      answer(api.GET("/api/v1/registry/{brand_id}/drift/{day}", { params: { path, query: { after: pageParam } } })),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  if (report.isPending) return <Loading />;
  if (report.isError) return <Failure error={report.error} onRetry={() => report.refetch()} />;
  const facts = report.data.pages[0]?.day;
  const people = report.data.pages.flatMap((page) => page.people);
  if (!facts) return null;
  return (
    <>
      <Section title={formats.day(`${day}T12:00:00+03:00`)} id="day" aside={<DayActions brand={brand} facts={facts} />}>
        <DayFacts facts={facts} />
      </Section>
      <Section title={t("registry.drift.people")} id="people">
        {people.length === 0 ? (
          <Text px="md" pb="md">
            {t("registry.drift.nobody")}
          </Text>
        ) : (
          <DataTable
            label={t("registry.drift.people")}
            rows={people}
            keyOf={({ number }) => String(number)}
            columns={[
              {
                head: t("registry.people.address"),
                cell: ({ recipient, channel, kind }) => (
                  <>
                    <span className="number">{recipient}</span>
                    <Text size="sm" className="quiet">
                      {wordOf("channel", channel)} · {wordOf("kind", kind)}
                    </Text>
                  </>
                ),
              },
              {
                head: t("registry.drift.cause"),
                width: "14rem",
                cell: ({ cause }) => (
                  <>
                    {t(`registry.drift.causes.${cause}`)}
                    <Text size="sm" className="quiet">
                      {t(`registry.drift.do.${cause}`)}
                    </Text>
                  </>
                ),
              },
              { head: t("registry.drift.ours"), cell: ({ ours }) => ours ?? t("common.none") },
              { head: t("registry.drift.theirs"), cell: ({ theirs }) => theirs ?? t("common.none") },
            ]}
          />
        )}
        <MoreButton list={report} />
      </Section>
    </>
  );
}

function DayActions({ brand, facts }: { brand: Brand; facts: AgreementDay }) {
  const { t } = useTranslation();
  const may = useMay();
  const [asks, ask] = useState(false);
  const params = { params: { path: { brand_id: brand.id, day: facts.day } } };
  const compare = useAct(() => answer<DriftReport>(api.POST("/api/v1/registry/{brand_id}/drift/{day}", params)), {
    done: t("registry.drift.compared_again"),
    refresh: [["registry", brand.id]],
  });
  const confirm = useAct(
    () => answer<AgreementDay>(api.POST("/api/v1/registry/{brand_id}/drift/{day}/confirm", params)),
    {
      done: t("registry.drift.confirmed_now"),
      refresh: [["registry", brand.id]],
      showsError: true,
      onDone: () => ask(false),
    },
  );
  if (!may("manage_registry")) return null;
  return (
    <>
      {facts.state !== "confirmed" && (
        <Button size="xs" variant="default" onClick={() => compare.mutate(undefined)} loading={compare.isPending}>
          {t("registry.drift.compare_again")}
        </Button>
      )}
      {facts.state === "matches" && (
        <Button size="xs" onClick={() => ask(true)}>
          {t("registry.drift.confirm")}
        </Button>
      )}
      <Ask
        opened={asks}
        title={t("registry.drift.confirm_title")}
        confirm={t("registry.drift.confirm")}
        isPending={confirm.isPending}
        error={confirm.error}
        onConfirm={() => confirm.mutate(undefined)}
        onClose={() => {
          confirm.reset();
          ask(false);
        }}
      >
        <Text>{t("registry.drift.confirm_text")}</Text>
      </Ask>
    </>
  );
}

function troubleOf({ state }: AgreementDay): "open" | "given_up" | "note" {
  return state === "open" || state === "given_up" ? state : "note";
}

function DayFacts({ facts }: { facts: AgreementDay }) {
  const { t } = useTranslation();
  const actorName = useActorName();
  const formats = useFormats();
  const causes = (facts.comparison as { causes?: Record<string, number> } | null)?.causes ?? {};
  const counters = CAUSES.flatMap((cause) => {
    const value = causes[cause];
    return value ? [{ label: t(`registry.drift.causes.${cause}`), value }] : [];
  });
  return (
    <div style={{ display: "grid", gap: "var(--mantine-spacing-sm)" }}>
      <Facts
        facts={[
          [
            t("registry.drift.state"),
            <StateBadge key="state" tone={DAY_TONE[facts.state]} label={t(`registry.drift.states.${facts.state}`)} />,
          ],
          [t("registry.drift.rows"), facts.rows == null ? t("common.none") : formats.number(facts.rows)],
          [
            t("registry.drift.differences"),
            facts.differences == null ? t("common.none") : formats.number(facts.differences),
          ],
          [t("registry.drift.compared"), <Time key="compared" at={facts.compared_at} />],
          [t("registry.drift.stamp"), t(facts.is_stamped ? "registry.drift.stamped" : "registry.drift.not_stamped")],
          facts.confirmed_at
            ? [
                t("registry.drift.confirmed"),
                <span key="confirmed">
                  <Time at={facts.confirmed_at} /> {facts.confirmed_by && actorName(facts.confirmed_by)}
                </span>,
              ]
            : false,
          facts.hash_registry ? [t("registry.drift.hash"), <code key="hash">{facts.hash_registry}</code>] : false,
        ]}
      />
      {facts.problem && (
        <div style={{ paddingInline: "var(--mantine-spacing-md)" }}>
          <Notice tone="out" title={t(`registry.drift.trouble.${troubleOf(facts)}`)}>
            <Text size="sm" className="quiet">
              {t("registry.drift.detail", { problem: facts.problem })}
            </Text>
          </Notice>
        </div>
      )}
      {counters.length > 0 && (
        <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
          <Counters label={t("registry.drift.cause")} counters={counters} />
        </div>
      )}
      <Text px="md" pb="md" size="sm">
        <TextLink to="/registry/drift">{t("registry.drift.all")}</TextLink>
      </Text>
    </div>
  );
}
