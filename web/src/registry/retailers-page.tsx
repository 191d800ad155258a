import { Button, Group, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Listed } from "../app/data-table";
import { ButtonLink } from "../app/links";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { Empty } from "../app/states";
import { isConnected, RegistryFrame } from "./frame";
import { NewRetailer } from "./new-retailer";
import { type Retailer, retailersKey, useRetailers } from "./retailers";

/** Bayiler: who takes consents in the brand's name, as İYS lists them. */
export function RetailersPage() {
  return <RegistryFrame>{(brand) => <Retailers key={brand.id} brand={brand} />}</RegistryFrame>;
}

function Retailers({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isAdding, add] = useState(false);
  const [removed, remove] = useState<Retailer>();
  const key = retailersKey(brand.id);
  const pages = useRetailers(brand);
  const removal = useAct(
    (code: number) =>
      answer<unknown>(
        api.DELETE("/api/v1/registry/{brand_id}/retailers/{code}", {
          params: { path: { brand_id: brand.id, code } },
        }),
      ),
    { done: t("registry.retailers.removed"), refresh: [key], showsError: true, onDone: () => remove(undefined) },
  );
  if (!isConnected(brand)) {
    return (
      <div className="surface">
        <Empty
          title={t("registry.retailers.not_connected")}
          text={t("registry.retailers.not_connected_text")}
          action={
            <ButtonLink to="/registry" search={{ brand: brand.id }} variant="default">
              {t("registry.tabs.status")}
            </ButtonLink>
          }
        />
      </div>
    );
  }
  const canChange = may("manage_registry");
  const adding = canChange && (
    <Button size="xs" variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => add(true)}>
      {t("registry.retailers.add")}
    </Button>
  );
  return (
    <>
      <Notice tone="neutral">{t("registry.retailers.explain")}</Notice>
      <Section title={t("registry.tabs.retailers")} id="retailers" aside={adding}>
        <Listed
          list={{ ...pages, items: pages.data?.pages.flatMap(({ items }) => items) ?? [] }}
          label={t("registry.tabs.retailers")}
          keyOf={({ code }) => String(code)}
          empty={<Empty title={t("registry.retailers.none")} text={t("registry.retailers.none_text")} />}
          columns={[
            { head: t("registry.retailers.code"), cell: ({ code }) => <span className="number">{code}</span> },
            { head: t("registry.retailers.title"), width: "12rem", cell: ({ title }) => title },
            {
              head: t("registry.retailers.status"),
              from: "xs",
              cell: ({ status }) => <Status status={status} />,
            },
            {
              head: "",
              cell: (retailer) =>
                canChange && (
                  <Group justify="flex-end">
                    <Button size="compact-sm" variant="default" onClick={() => remove(retailer)}>
                      {t("registry.retailers.remove")}
                    </Button>
                  </Group>
                ),
            },
          ]}
        />
      </Section>
      {isAdding && <NewRetailer brand={brand} onClose={() => add(false)} refresh={key} />}
      <Ask
        opened={removed !== undefined}
        title={t("registry.retailers.ask_remove", { title: removed?.title ?? "" })}
        confirm={t("registry.retailers.remove")}
        isDangerous
        isPending={removal.isPending}
        error={removal.error}
        onConfirm={() => removed && removal.mutate(removed.code)}
        onClose={() => {
          removal.reset();
          remove(undefined);
        }}
      >
        <Text>{t("registry.retailers.what_remove")}</Text>
      </Ask>
    </>
  );
}

/** İYS's word for a state, in the reader's language where it is known. */
function Status({ status }: { status: string | null | undefined }) {
  const { t } = useTranslation();
  if (status == null) return t("common.none");
  if (/^(aktif|active|true|1)$/i.test(status)) return t("registry.retailers.active");
  if (/^(pasif|passive|false|0)$/i.test(status)) return t("registry.retailers.passive");
  return status;
}
