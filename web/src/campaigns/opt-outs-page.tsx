import { Group, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Item } from "../api/model";
import { useBrands } from "../app/brands";
import { DataTable } from "../app/data-table";
import { ExportButton } from "../app/export-dialog";
import { TextLink } from "../app/links";
import { Page, Section } from "../app/page";
import { useServerNow } from "../app/session";
import { Empty, Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import classes from "./opt-outs.module.css";
import { OPT_OUTS_BY, type OptOutsBy, SPANS } from "./opt-outs-search";

const route = getRouteApi("/shell/opt-outs");
const WITHIN = [1, 7, 30] as const;
const DAY_MS = 86_400_000;

type Rate = Item<"/api/v1/brands/{id}/opt-outs">;

/** After which campaign, text, list, hour or source people say no, the worst first. */
export function OptOutsPage() {
  const { t } = useTranslation();
  const brands = useBrands();
  const { brand: chosen } = route.useSearch();
  const brand = brands.data?.find(({ id }) => id === chosen) ?? brands.data?.[0];
  return (
    <Page title={t("common.menu.opt_outs")} lead={t("reports.opt_outs.lead")}>
      {brands.isPending && <Loading />}
      {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
      {brands.isSuccess && !brand && (
        <div className="surface">
          <Empty title={t("registry.no_brand.title")} text={t("registry.no_brand.text")} />
        </div>
      )}
      {brand && <Analysis brand={brand} brands={brands.data ?? []} />}
    </Page>
  );
}

function Analysis({ brand, brands }: { brand: Brand; brands: Brand[] }) {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const serverNow = useServerNow();
  const by: OptOutsBy = search.by ?? "campaign";
  const days = search.days ?? 92;
  const within_days = search.within ?? 7;
  const rates = useQuery({
    queryKey: ["opt-outs", brand.id, by, days, within_days],
    queryFn: async () => {
      const from = new Date(serverNow() - days * DAY_MS).toISOString();
      const query = { by, from, within_days };
      return (await answer(api.GET("/api/v1/brands/{id}/opt-outs", { params: { path: { id: brand.id }, query } })))
        .items;
    },
    placeholderData: (before) => before,
  });
  const set = (change: Partial<typeof search>) => navigate({ search: { ...search, ...change }, replace: true });
  return (
    <>
      <Group gap="md" align="flex-end">
        {brands.length > 1 && (
          <Select
            label={t("registry.brand")}
            data={brands.map(({ id, name }) => ({ value: id, label: name }))}
            value={brand.id}
            onChange={(value) => set({ brand: value ?? undefined })}
            allowDeselect={false}
          />
        )}
        <Select
          label={t("reports.opt_outs.span")}
          data={SPANS.map((value) => ({ value: String(value), label: t("reports.opt_outs.days", { count: value }) }))}
          value={String(days)}
          onChange={(value) => set({ days: SPANS.find((one) => String(one) === value) })}
          allowDeselect={false}
        />
        <Select
          label={t("reports.opt_outs.within")}
          description={t("reports.opt_outs.within_hint")}
          data={WITHIN.map((value) => ({ value: String(value), label: t("reports.opt_outs.days", { count: value }) }))}
          value={String(within_days)}
          onChange={(value) => set({ within: WITHIN.find((one) => String(one) === value) })}
          allowDeselect={false}
        />
      </Group>
      <Section
        title={t(`reports.opt_outs.title.${by}`)}
        id="opt-outs"
        aside={
          <ExportButton
            choices={[{ value: by, label: t(`reports.opt_outs.title.${by}`) }]}
            hrefOf={(of, form) => {
              const from = new Date(serverNow() - days * DAY_MS).toISOString();
              const query = new URLSearchParams({ by: of, from, within_days: String(within_days), form });
              return `/api/v1/brands/${encodeURIComponent(brand.id)}/opt-outs/export?${query}`;
            }}
          />
        }
      >
        <div className={classes.by}>
          <SegmentedControl
            aria-label={t("reports.opt_outs.by")}
            data={OPT_OUTS_BY.map((value) => ({ value, label: t(`reports.opt_outs.words.${value}`) }))}
            value={by}
            onChange={(value) => set({ by: OPT_OUTS_BY.find((one) => one === value) })}
          />
        </div>
        {rates.isPending && <Loading />}
        {rates.isError && <Failure error={rates.error} onRetry={() => rates.refetch()} />}
        {rates.data?.length === 0 && (
          <Empty title={t("reports.opt_outs.none")} text={t("reports.opt_outs.none_text")} />
        )}
        {rates.data && rates.data.length > 0 && <Rates rates={rates.data} by={by} />}
      </Section>
    </>
  );
}

function Rates({ rates, by }: { rates: Rate[]; by: OptOutsBy }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const worst = Math.max(1, ...rates.map(({ per_100_000 }) => per_100_000));
  const nameOf = ({ key, label }: Rate) => {
    if (by === "source" && i18n.exists(`contacts.source.${label}`)) return t(`contacts.source.${label as "HS_WEB"}`);
    if (by === "campaign") {
      return (
        <TextLink to="/campaigns/$id" params={{ id: key }} search={{}}>
          {label}
        </TextLink>
      );
    }
    return <span lang={by === "text" ? "tr" : undefined}>{label}</span>;
  };
  return (
    <DataTable
      label={t(`reports.opt_outs.title.${by}`)}
      rows={rates}
      keyOf={({ key }) => key}
      columns={[
        { head: t(`reports.opt_outs.words.${by}`), width: "10rem", cell: nameOf },
        {
          head: t("reports.opt_outs.rate"),
          width: "9rem",
          cell: ({ per_100_000 }) => (
            <div className={classes.rate}>
              <span className="number">{formats.share(per_100_000 / 100_000)}</span>
              <span className={classes.track} aria-hidden>
                <span style={{ width: `${(per_100_000 / worst) * 100}%` }} />
              </span>
            </div>
          ),
        },
        { head: t("reports.opt_outs.refused"), isNumber: true, cell: ({ refused }) => formats.number(refused) },
        { head: t("reports.opt_outs.sent"), isNumber: true, from: "xs", cell: ({ sent }) => formats.number(sent) },
        {
          head: t("reports.opt_outs.campaigns"),
          isNumber: true,
          from: "sm",
          cell: ({ campaigns }) => formats.number(campaigns),
        },
      ]}
    />
  );
}
