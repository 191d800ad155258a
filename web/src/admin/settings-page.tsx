import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand } from "../api/model";
import { useAct } from "../app/act";
import { useBrands } from "../app/brands";
import { DataTable } from "../app/data-table";
import { ButtonLink, TextLink } from "../app/links";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useSession } from "../app/session";
import { StateBadge } from "../app/state-badge";
import { Empty, Failure, Loading, Problem } from "../app/states";
import { BrandForm } from "./brand-form";
import { Live } from "./live";
import { SendingRules } from "./sending-rules";

const route = getRouteApi("/shell/settings");

/** The firm and its brands. */
export function SettingsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const brands = useBrands();
  const { brand: chosen } = route.useSearch();
  const brand = brands.data?.find(({ id }) => id === chosen);
  const canAdd = may("manage_brands");
  return (
    <Page title={t("common.menu.settings")} lead={t("admin.settings.lead")}>
      <FirmName />
      <Live />
      <Section
        title={t("admin.brands.title")}
        id="brands"
        aside={
          canAdd && (
            <ButtonLink
              to="/settings"
              search={{ brand: "new" }}
              size="xs"
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
            >
              {t("admin.brands.add")}
            </ButtonLink>
          )
        }
      >
        {brands.isPending && <Loading />}
        {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
        {brands.data?.length === 0 && <Empty title={t("registry.no_brand.title")} text={t("admin.brands.none")} />}
        {(brands.data?.length ?? 0) > 0 && <BrandTable brands={brands.data ?? []} />}
      </Section>
      {(brand || (chosen === "new" && canAdd)) && (
        <Section title={brand?.name ?? t("admin.brands.add")} id="brand">
          <BrandForm key={chosen} brand={brand} isReadOnly={!canAdd} />
        </Section>
      )}
      {brand && <SendingRules key={brand.id} brand={brand} isReadOnly={!canAdd} />}
    </Page>
  );
}

function BrandTable({ brands }: { brands: Brand[] }) {
  const { t } = useTranslation();
  return (
    <DataTable
      label={t("admin.brands.title")}
      rows={brands}
      keyOf={({ id }) => id}
      columns={[
        {
          head: t("admin.brands.name"),
          width: "10rem",
          cell: ({ id, name, trade_name }) => (
            <>
              <TextLink to="/settings" search={{ brand: id }} hash="brand" fw={600}>
                {name}
              </TextLink>
              <Text size="sm" className="quiet">
                {trade_name}
              </Text>
            </>
          ),
        },
        {
          head: t("registry.mode"),
          cell: ({ id, registry_mode }) => (
            <TextLink to="/registry" search={{ brand: id }}>
              {t(`registry.modes.${registry_mode}`)}
            </TextLink>
          ),
        },
        {
          head: t("admin.brands.iys"),
          cell: ({ iys_configured }) => (
            <StateBadge
              tone={iys_configured ? "good" : "out"}
              label={t(iys_configured ? "admin.brands.iys_entered" : "admin.brands.iys_missing")}
            />
          ),
        },
        {
          head: t("admin.brands.window"),
          from: "sm",
          cell: ({ window }) => <span className="number">{`${window.from} – ${window.to}`}</span>,
        },
      ]}
    />
  );
}

function FirmName() {
  const { t } = useTranslation();
  const may = useMay();
  const { firm } = useSession();
  const [name, setName] = useState(firm.name);
  const rename = useAct(
    () => answer(api.PATCH("/api/v1/firms/{id}", { params: { path: { id: firm.id } }, body: { name: name.trim() } })),
    { done: t("common.saved"), refresh: [["session"]], showsError: true },
  );
  return (
    <Section title={t("admin.firm.title")} id="firm">
      <form
        style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") rename.mutate(undefined);
        }}
      >
        <Stack gap="sm" maw={560}>
          <Group align="flex-end" gap="sm" wrap="nowrap">
            <TextInput
              label={t("admin.firm.name")}
              description={may("manage_firm") ? undefined : t("admin.firm.owner_only")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              readOnly={!may("manage_firm")}
              maxLength={200}
              style={{ flex: 1 }}
            />
            {may("manage_firm") && (
              <Button
                type="submit"
                loading={rename.isPending}
                disabled={name.trim() === "" || name.trim() === firm.name}
              >
                {t("common.action.save")}
              </Button>
            )}
          </Group>
          {rename.error && <Problem error={rename.error} />}
        </Stack>
      </form>
    </Section>
  );
}
