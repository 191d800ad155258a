import { Group, Select } from "@mantine/core";
import { useRouter, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Brand } from "../api/model";
import { useBrands } from "../app/brands";
import { ButtonLink, TextLink } from "../app/links";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { Empty, Failure, Loading } from "../app/states";
import classes from "./registry.module.css";

const TABS = [
  { name: "status", to: "/registry" },
  { name: "rejections", to: "/registry/rejections" },
  { name: "deadlines", to: "/registry/deadlines" },
  { name: "drift", to: "/registry/drift" },
  { name: "holds", to: "/registry/holds" },
  { name: "findings", to: "/registry/findings" },
  { name: "retailers", to: "/registry/retailers" },
] as const;

interface FrameProps {
  actions?: (brand: Brand) => ReactNode;
  children: (brand: Brand) => ReactNode;
}

/** What all İYS screens stand in: whose registry it is, and the way from one to the next. */
export function RegistryFrame({ actions, children }: FrameProps) {
  const { t } = useTranslation();
  const brands = useBrands();
  const may = useMay();
  const router = useRouter();
  const search: { brand?: string } = useSearch({ strict: false });
  const brand = brands.data?.find(({ id }) => id === search.brand) ?? brands.data?.[0];
  return (
    <Page title={t("registry.title")} lead={t("registry.lead")} actions={brand && actions?.(brand)}>
      {(brands.data?.length ?? 0) > 1 && (
        <Group>
          <Select
            label={t("registry.brand")}
            data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            value={brand?.id ?? null}
            onChange={(chosen) => chosen && router.history.push(`${router.state.location.pathname}?brand=${chosen}`)}
            allowDeselect={false}
          />
        </Group>
      )}
      <nav className={classes.tabs} aria-label={t("registry.tabs.label")}>
        {TABS.filter(({ name }) => name !== "retailers" || may("manage_registry")).map(({ name, to }) => (
          <TextLink
            key={name}
            to={to}
            search={{ brand: search.brand }}
            activeOptions={{ exact: to === "/registry", includeSearch: false }}
            underline="never"
          >
            {t(`registry.tabs.${name}`)}
          </TextLink>
        ))}
      </nav>
      {brands.isPending && <Loading />}
      {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
      {brands.data?.length === 0 && (
        <div className="surface">
          <Empty
            title={t("registry.no_brand.title")}
            text={t("registry.no_brand.text")}
            action={
              may("manage_brands") && (
                <ButtonLink to="/settings" search={{ brand: "new" }}>
                  {t("registry.no_brand.add")}
                </ButtonLink>
              )
            }
          />
        </div>
      )}
      {brand && children(brand)}
    </Page>
  );
}

/** Whether İYS is asked in the brand's name. */
export function isConnected({ registry_mode }: Brand): boolean {
  return registry_mode === "sync" || registry_mode === "integrator";
}
