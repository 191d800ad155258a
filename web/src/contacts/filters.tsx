import { Button, Group, Select, TextInput, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Attribute, Channel } from "../api/model";
import { useBrands } from "../app/brands";
import { useMay } from "../app/permissions";
import { useAttributeLabel, useAttributes } from "../attributes/attributes";
import { CALLS } from "../lists/calls";
import { SOURCES } from "../uploads/answers";
import { type ContactSearch, isFiltered } from "./search";

const route = getRouteApi("/shell/contacts");
const CHANNELS: Channel[] = ["MESAJ", "EPOSTA", "ARAMA"];
const STATES = ["confirmed", "unconfirmed", "refused", "nothing"] as const;
const REGISTRY_SOURCES = ["IYS_WEB", "IYS_KISAMESAJ", "IYS_CM", "IYS_MOBIL"] as const;

/** Narrows the people down; every choice stands in the address. */
export function Filters() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const brands = useBrands();
  const groups = useGroupNames();
  const clear = { "aria-label": t("common.action.clear") };
  const ask = (part: ContactSearch) => navigate({ search: (old) => ({ ...old, ...part }), resetScroll: false });
  const state = STATES.find((one) => one === search.consent);
  return (
    <fieldset style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
      <VisuallyHidden component="legend">{t("contacts.filter.label")}</VisuallyHidden>
      <Group gap="sm" align="flex-end">
        <Select
          label={t("contacts.filter.group")}
          placeholder={t("common.action.all")}
          data={groups}
          value={search.group ?? null}
          onChange={(group) => ask({ group: group ?? undefined })}
          searchable
          clearable
          clearButtonProps={clear}
          w={200}
        />
        <Select
          label={t("contacts.filter.consent")}
          placeholder={t("common.action.all")}
          data={STATES.map((value) => ({ value, label: t(`contacts.filter.states.${value}`) }))}
          value={state ?? null}
          onChange={(consent) => ask({ consent: consent ?? undefined, channel: undefined, brand: undefined })}
          clearable
          clearButtonProps={clear}
          w={210}
        />
        {state && (
          <Select
            label={t("contacts.filter.channel")}
            data={CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
            value={search.channel ?? "MESAJ"}
            onChange={(channel) => ask({ channel: channel ?? undefined })}
            allowDeselect={false}
            w={120}
          />
        )}
        {state && (brands.data?.length ?? 0) > 1 && (
          <Select
            label={t("contacts.filter.brand")}
            placeholder={t("contacts.filter.any_brand")}
            data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            value={search.brand ?? null}
            onChange={(brand) => ask({ brand: brand ?? undefined })}
            clearable
            clearButtonProps={clear}
            w={180}
          />
        )}
        <Select
          label={t("contacts.filter.source")}
          placeholder={t("common.action.all")}
          data={[...SOURCES, ...REGISTRY_SOURCES].map((value) => ({ value, label: t(`contacts.source.${value}`) }))}
          value={search.source ?? null}
          onChange={(source) => ask({ source: source ?? undefined })}
          searchable
          clearable
          clearButtonProps={clear}
          w={200}
        />
        <ByAttribute />
        {isFiltered(search) && (
          <Button variant="subtle" onClick={() => navigate({ search: { query: search.query }, resetScroll: false })}>
            {t("contacts.filter.clear")}
          </Button>
        )}
      </Group>
    </fieldset>
  );
}

/** An attribute, then its value: sent when both are there. */
function ByAttribute() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay();
  const label = useAttributeLabel();
  const attributes = useAttributes();
  const [typed, setTyped] = useState(search.value ?? "");
  useEffect(() => setTyped(search.value ?? ""), [search.value]);
  // Whom a search finds tells what they hold.
  const offered = (attributes.data ?? []).filter((one) => may("read_personal") || !(one.is_personal || one.is_health));
  const chosen = offered.find(({ code }) => code === search.attribute);
  const words = chosen && chosenWords(chosen, t("contacts.yes"), t("contacts.no"));
  if (offered.length === 0) return null;
  const ask = (part: ContactSearch) => navigate({ search: (old) => ({ ...old, ...part }), resetScroll: false });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void ask({ value: typed.trim() || undefined });
  };
  return (
    <>
      <Select
        label={t("contacts.filter.attribute")}
        placeholder={t("common.action.all")}
        data={offered.map((one) => ({ value: one.code, label: label(one) }))}
        value={chosen?.code ?? null}
        onChange={(attribute) => ask({ attribute: attribute ?? undefined, value: undefined })}
        searchable
        clearable
        clearButtonProps={{ "aria-label": t("common.action.clear") }}
        w={180}
      />
      {words && (
        <Select
          label={t("contacts.filter.value")}
          data={words}
          value={search.value ?? null}
          onChange={(value) => ask({ value: value ?? undefined })}
          clearable
          clearButtonProps={{ "aria-label": t("common.action.clear") }}
          w={160}
        />
      )}
      {chosen && !words && (
        <form onSubmit={submit}>
          <Group gap={6} align="flex-end" wrap="nowrap">
            <TextInput
              type={chosen.kind === "date" ? "date" : "text"}
              label={t("contacts.filter.value")}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              w={150}
            />
            <Button type="submit" variant="default">
              {t("contacts.filter.apply")}
            </Button>
          </Group>
        </form>
      )}
    </>
  );
}

/** The words that an attribute's value can be; nothing where people write it. */
function chosenWords({ kind, choices }: Attribute, yes: string, no: string) {
  if (kind === "choice") return choices.map((word) => ({ value: word, label: word }));
  if (kind === "boolean")
    return [
      { value: "true", label: yes },
      { value: "false", label: no },
    ];
  return undefined;
}

/** Lists and tags, the first page of each: enough to choose from by name. */
function useGroupNames() {
  const { t } = useTranslation();
  const names = useQuery({
    queryKey: ["groups", "names"],
    queryFn: async () => {
      const [lists, tags] = await Promise.all([CALLS.list.all(), CALLS.tag.all()]);
      return { lists: lists.items.map(({ name }) => name), tags: tags.items.map(({ name }) => name) };
    },
    staleTime: 60_000,
  });
  return [
    { group: t("contacts.filter.lists"), items: names.data?.lists ?? [] },
    { group: t("contacts.filter.tags"), items: names.data?.tags ?? [] },
  ].filter(({ items }) => items.length > 0);
}
