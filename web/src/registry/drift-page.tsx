import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { AgreementDay, Brand, DriftReport } from "../api/model";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { DataTable } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useServerNow } from "../app/session";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { TIME_ZONE, useFormats } from "../locale/format";
import { isConnected, RegistryFrame } from "./frame";

const DAY_MS = 86_400_000;

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
  const may = useMay();
  const days = useQuery({
    queryKey: ["registry", brand.id, "drift"],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/registry/{brand_id}/drift", { params: { path: { brand_id: brand.id } } }))).items,
  });
  const counted = (count: number | null | undefined) => (count == null ? t("common.none") : formats.number(count));
  return (
    <Section
      title={t("registry.drift.title")}
      id="drift"
      aside={isConnected(brand) && may("manage_registry") && <CompareYesterday brand={brand} />}
    >
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

/** Fetches İYS's file of yesterday now, and goes to what came of it. */
function CompareYesterday({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const now = useServerNow();
  const compare = useAct(
    (day: string) =>
      answer<DriftReport>(
        api.POST("/api/v1/registry/{brand_id}/drift/{day}", { params: { path: { brand_id: brand.id, day } } }),
      ),
    {
      done: t("registry.drift.compared_again"),
      refresh: [["registry", brand.id]],
      onDone: ({ day: { day } }) =>
        navigate({ to: "/registry/drift/$day", params: { day }, search: { brand: brand.id } }),
    },
  );
  // The Turkish day before the server's.
  const yesterday = () =>
    new Intl.DateTimeFormat("en-CA", { timeZone: TIME_ZONE, dateStyle: "short" }).format(new Date(now() - DAY_MS));
  return (
    <Button size="xs" variant="default" onClick={() => compare.mutate(yesterday())} loading={compare.isPending}>
      {t("registry.drift.yesterday")}
    </Button>
  );
}
