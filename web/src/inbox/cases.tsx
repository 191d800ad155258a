import { Anchor, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { ComplaintCase } from "../api/model";
import { usePages } from "../api/pages";
import { useActorName } from "../app/actor";
import { useBrands } from "../app/brands";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { CASE_TONE, URGENCY_TONE } from "./case-tone";

/** Citizens' complaints: each with its clock, and who works on it. */
export function Cases() {
  const { t } = useTranslation();
  const may = useMay();
  const actorName = useActorName();
  const brands = useBrands();
  const list = usePages(
    ["inbox", "cases"],
    (after) => answer(api.GET("/api/v1/complaint-cases", { params: { query: { after } } })),
    POLL_MS * 4,
  );
  return (
    <Section
      title={t("cases.title")}
      id="cases"
      aside={
        <Group gap="md">
          {brands.data?.map(({ id, name }) => (
            <Anchor key={id} href={`/sikayet/${encodeURIComponent(id)}`} target="_blank" rel="noreferrer" fz="sm">
              {t("cases.form_of", { brand: name })}
            </Anchor>
          ))}
        </Group>
      }
    >
      <Listed
        list={list}
        label={t("cases.title")}
        keyOf={({ id }) => id}
        empty={<Empty title={t("cases.none.title")} text={t("cases.none.text")} />}
        columns={[
          {
            head: t("cases.number"),
            cell: ({ id, address }) => (
              <>
                {may("read_personal") ? (
                  <TextLink to="/inbox/cases/$id" params={{ id }} className="number" fw={550}>
                    {address}
                  </TextLink>
                ) : (
                  <span className="number">{address}</span>
                )}
                <Text size="sm" className="quiet number">
                  {id}
                </Text>
              </>
            ),
          },
          {
            head: t("cases.about"),
            cell: ({ sender, happened_at, branch }) => (
              <>
                {sender}
                <Text size="sm" className="quiet">
                  <Time at={happened_at} />
                  {branch && ` · ${branch}`}
                </Text>
              </>
            ),
          },
          {
            head: t("cases.priority"),
            from: "md",
            cell: () => (
              <>
                <StateBadge tone="bad" label={t("cases.high")} />
                <Text size="sm" className="quiet">
                  {t("common.role.compliance")}
                </Text>
              </>
            ),
          },
          { head: t("cases.clock"), cell: (one) => <Clock one={one} /> },
          {
            head: t("cases.state"),
            cell: ({ state, assigned_to, legal_hold }) => (
              <>
                <StateBadge tone={CASE_TONE[state]} label={t(`cases.states.${state}`)} />
                <Text size="sm" className="quiet">
                  {[assigned_to && actorName(assigned_to), legal_hold && t("cases.held")].filter(Boolean).join(" · ")}
                </Text>
              </>
            ),
          },
        ]}
      />
    </Section>
  );
}

/** How much of a case's time is over. */
export function Clock({ one }: { one: ComplaintCase }) {
  const { t } = useTranslation();
  if (one.solved_at) return <Time at={one.solved_at} />;
  if (one.answered_at)
    return (
      <>
        {t("cases.answered")}
        <Text size="sm" className="quiet">
          <Time at={one.answered_at} />
        </Text>
      </>
    );
  return (
    <>
      <StateBadge tone={URGENCY_TONE[one.urgency]} label={t("cases.day", { day: one.business_day })} />
      <Text size="sm">
        <Time at={one.due_at} />
      </Text>
      <Text size="sm" className="quiet">
        {t("registry.deadlines.left", { count: one.business_days_left })}
      </Text>
    </>
  );
}
