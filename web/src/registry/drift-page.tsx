import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { AgreementDay, Brand } from "../api/model";
import { useActorName } from "../app/actor";
import { DataTable } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { RegistryFrame } from "./frame";

export const DAY_TONE: Record<AgreementDay["state"], Tone> = {
  open: "held",
  empty: "neutral",
  matches: "sent",
  differs: "bad",
  confirmed: "good",
  given_up: "neutral",
};

/** The daily agreement with İYS (mutabakat): each day as both sides hold it. */
export function DriftPage() {
  return <RegistryFrame>{(brand) => <Days brand={brand} />}</RegistryFrame>;
}

function Days({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  const days = useQuery({
    queryKey: ["registry", brand.id, "drift"],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/registry/{brand_id}/drift", { params: { path: { brand_id: brand.id } } }))).items,
  });
  const counted = (count: number | null | undefined) => (count == null ? t("common.none") : formats.number(count));
  return (
    <Section title={t("registry.drift.title")} id="drift">
      {days.isPending && <Loading />}
      {days.isError && <Failure error={days.error} onRetry={() => days.refetch()} />}
      {days.data?.length === 0 && <Empty title={t("registry.drift.none.title")} text={t("registry.drift.none.text")} />}
      {(days.data?.length ?? 0) > 0 && (
        <DataTable
          label={t("registry.drift.title")}
          rows={days.data ?? []}
          keyOf={({ day }) => day}
          columns={[
            {
              head: t("registry.drift.day"),
              cell: ({ day }) => (
                <TextLink to="/registry/drift/$day" params={{ day }} search={{ brand: brand.id }} fw={600}>
                  {formats.date(`${day}T12:00:00+03:00`)}
                </TextLink>
              ),
            },
            {
              head: t("registry.drift.state"),
              cell: ({ state }) => <StateBadge tone={DAY_TONE[state]} label={t(`registry.drift.states.${state}`)} />,
            },
            { head: t("registry.drift.rows"), isNumber: true, cell: ({ rows }) => counted(rows) },
            { head: t("registry.drift.differences"), isNumber: true, cell: ({ differences }) => counted(differences) },
            { head: t("registry.drift.compared"), from: "sm", cell: ({ compared_at }) => <Time at={compared_at} /> },
            {
              head: t("registry.drift.confirmed"),
              from: "md",
              cell: ({ confirmed_at, confirmed_by }) =>
                confirmed_at ? (
                  <>
                    <Time at={confirmed_at} /> {confirmed_by && actorName(confirmed_by)}
                  </>
                ) : (
                  t("common.none")
                ),
            },
          ]}
        />
      )}
    </Section>
  );
}
