import { Button, Code, Group, Select } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { EventType } from "../api/model";
import { usePages } from "../api/pages";
import { useBrands } from "../app/brands";
import { DataTable } from "../app/data-table";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { EventTypeDialog } from "./event-type-dialog";
import { EVENT_TYPES_KEY, useEventLabel } from "./event-types";

/** What people did at the firm: the kinds of events, and the latest of them. */
export function EventsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState<EventType | "new">();
  const [name, setName] = useState<string>();
  const add = may("manage_attributes") && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpen("new")}>
      {t("events.new")}
    </Button>
  );
  return (
    <Page title={t("events.title")} lead={t("events.lead")} actions={add}>
      <Types onOpen={setOpen} onChoose={setName} />
      <Latest name={name} onClear={() => setName(undefined)} />
      {open && <EventTypeDialog type={open === "new" ? undefined : open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function Types({ onOpen, onChoose }: { onOpen: (type: EventType) => void; onChoose: (name: string) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const label = useEventLabel();
  const list = usePages([...EVENT_TYPES_KEY, "pages"], (after) =>
    answer(api.GET("/api/v1/event-types", { params: { query: { after } } })),
  );
  return (
    <Section title={t("events.types")} id="types">
      {list.isPending && <Loading lines={3} />}
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty title={t("events.empty.title")} text={t("events.empty.text")} />
      )}
      {list.items.length > 0 && (
        <DataTable
          label={t("events.types")}
          rows={list.items}
          keyOf={({ id }) => id}
          columns={[
            {
              head: t("events.column.event"),
              width: "200px",
              cell: (type) => (
                <>
                  <Group gap="xs">
                    <strong>{label(type)}</strong>
                    {!type.is_defined && <StateBadge tone="held" label={t("events.undefined")} />}
                  </Group>
                  {label(type) !== type.name && <Code>{type.name}</Code>}
                </>
              ),
            },
            {
              head: t("events.column.fields"),
              from: "sm",
              cell: ({ fields }) =>
                fields.length === 0 ? (
                  <span className="quiet">{t("common.none")}</span>
                ) : (
                  fields.map(({ name, kind }) => `${name} (${t(`events.kind.${kind}`)})`).join(", ")
                ),
            },
            { head: t("events.column.last"), cell: ({ last_at }) => <Time at={last_at} /> },
            {
              head: "",
              cell: (type) => (
                <Group gap="xs" justify="flex-end">
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => onChoose(type.name)}
                    aria-label={t("events.show_label", { name: label(type) })}
                  >
                    {t("events.show")}
                  </Button>
                  {may("manage_attributes") && (
                    <Button
                      size="xs"
                      variant={type.is_defined ? "default" : "light"}
                      onClick={() => onOpen(type)}
                      aria-label={t(type.is_defined ? "events.change_label" : "events.define_label", {
                        name: label(type),
                      })}
                    >
                      {t(type.is_defined ? "events.change" : "events.define")}
                    </Button>
                  )}
                </Group>
              ),
            },
          ]}
        />
      )}
      <MoreButton list={list} />
    </Section>
  );
}

function Latest({ name, onClear }: { name?: string; onClear: () => void }) {
  const { t } = useTranslation();
  const brands = useBrands();
  const [chosen, choose] = useState<string>();
  const brand = chosen ?? brands.data?.[0]?.id;
  const aside = (
    <Group gap="xs">
      {name && (
        <Button size="xs" variant="default" onClick={onClear} aria-label={t("events.all_label", { name })}>
          {t("events.only", { name })}
        </Button>
      )}
      {(brands.data?.length ?? 0) > 1 && (
        <Select
          aria-label={t("campaigns.form.brand")}
          size="xs"
          data={brands.data?.map(({ id, name }) => ({ value: id, label: name }))}
          value={brand}
          allowDeselect={false}
          onChange={(id) => id && choose(id)}
        />
      )}
    </Group>
  );
  return (
    <Section title={t("events.latest")} aside={aside} id="latest">
      {brands.isPending && <Loading lines={4} />}
      {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
      {brands.isSuccess && !brand && <Empty title={t("events.none")} />}
      {brand && <LatestOf brand={brand} name={name} />}
    </Section>
  );
}

function LatestOf({ brand, name }: { brand: string; name?: string }) {
  const { t } = useTranslation();
  const list = usePages(["events", brand, name], (after) =>
    answer(api.GET("/api/v1/events", { params: { query: { brand_id: brand, name, after } } })),
  );
  return (
    <>
      {list.isPending && <Loading lines={4} />}
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && <Empty title={t("events.none")} />}
      {list.items.length > 0 && (
        <DataTable
          label={t("events.latest")}
          rows={list.items}
          keyOf={({ id }) => id}
          columns={[
            { head: t("events.column.at"), cell: ({ occurred_at }) => <Time at={occurred_at} /> },
            { head: t("events.column.event"), cell: ({ name }) => <Code>{name}</Code> },
            {
              head: t("events.column.person"),
              cell: ({ contact_id, full_name }) =>
                contact_id ? (
                  <TextLink to="/contacts/$id" params={{ id: contact_id }} search={{}}>
                    {full_name ?? t("contacts.unnamed")}
                  </TextLink>
                ) : (
                  <span className="quiet">{t("events.nobody")}</span>
                ),
            },
            {
              head: t("events.column.body"),
              from: "md",
              cell: ({ body }) =>
                body && Object.keys(body).length > 0 ? (
                  <span style={{ overflowWrap: "anywhere" }}>
                    {Object.entries(body)
                      .map(([field, value]) => `${field}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
                      .join(" · ")}
                  </span>
                ) : (
                  <span className="quiet">{t("common.none")}</span>
                ),
            },
          ]}
        />
      )}
      <MoreButton list={list} />
    </>
  );
}
