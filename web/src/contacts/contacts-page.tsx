import { Button, Group, Table, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Channel, ConsentState, Contact } from "../api/model";
import { usePages } from "../api/pages";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Page } from "../app/page";
import { ScrollX } from "../app/scroll-x";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { Filters } from "./filters";
import { isFiltered } from "./search";

const route = getRouteApi("/shell/contacts");
/** Rows that the server gives at a time. */
const PAGE = 50;

/** Finds people by name, phone, e-mail or external id. */
export function ContactsPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const { query, group, source } = search;
  const consent = search.consent as ConsentState | undefined;
  const channel = consent && (search.channel as Channel | undefined);
  const brand_id = consent && search.brand;
  const isByValue = Boolean(search.attribute && search.value);
  const attribute = isByValue ? search.attribute : undefined;
  const value = isByValue ? search.value : undefined;
  const asked = { query, group, consent, channel, brand_id, source, attribute, value };
  const list = usePages(["contacts", asked], (after) =>
    answer(api.GET("/api/v1/contacts", { params: { query: { ...asked, after } } })),
  );
  const isNarrowed = Boolean(query) || isFiltered(search);
  return (
    <Page title={t("contacts.title")} lead={t("contacts.lead")}>
      <SearchBox query={query} />
      <Filters />
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && !list.hasNextPage && <Nobody isNarrowed={isNarrowed} />}
        {list.items.length > 0 && <ContactTable contacts={list.items} />}
        {isNarrowed && list.hasNextPage && list.items.length % PAGE !== 0 && (
          <Text size="sm" className="quiet" px="md" pt="md" ta="center" role="status">
            {t("contacts.goes_on")}
          </Text>
        )}
        <MoreButton list={list} />
      </div>
    </Page>
  );
}

function SearchBox({ query }: { query: string | undefined }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(query ?? "");
  useEffect(() => setTyped(query ?? ""), [query]);
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: (old) => ({ ...old, query: typed.trim() || undefined }) });
        }}
      >
        <Group gap="xs" align="flex-end" wrap="nowrap" maw={560}>
          <TextInput
            type="search"
            label={t("contacts.search")}
            placeholder={t("contacts.search_placeholder")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            leftSection={<IconSearch size={18} aria-hidden />}
            style={{ flex: 1 }}
          />
          <Button type="submit">{t("contacts.search_button")}</Button>
        </Group>
      </form>
    </search>
  );
}

function Nobody({ isNarrowed }: { isNarrowed: boolean }) {
  const { t } = useTranslation();
  if (!isNarrowed) return <Empty title={t("contacts.empty.title")} text={t("contacts.empty.text")} />;
  return <Empty title={t("contacts.nobody.title")} text={t("contacts.nobody.text")} />;
}

function ContactTable({ contacts }: { contacts: Contact[] }) {
  const { t } = useTranslation();
  const none = <span className="quiet">{t("common.none")}</span>;
  return (
    <ScrollX label={t("contacts.title")}>
      <Table highlightOnHover aria-label={t("contacts.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("contacts.column.name")}</Table.Th>
            <Table.Th>{t("contacts.column.phone")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("contacts.column.email")}</Table.Th>
            <Table.Th visibleFrom="md">{t("contacts.column.external_id")}</Table.Th>
            <Table.Th visibleFrom="lg">{t("contacts.column.since")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {contacts.map((contact) => (
            <Table.Tr key={contact.id}>
              <Table.Td>
                <TextLink to="/contacts/$id" params={{ id: contact.id }} search={{}} fw={600}>
                  {contact.full_name ?? t("contacts.unnamed")}
                </TextLink>
                <Text size="sm" className="quiet" hiddenFrom="sm">
                  {contact.email}
                </Text>
              </Table.Td>
              <Table.Td className="number">{contact.phone ?? none}</Table.Td>
              <Table.Td visibleFrom="sm">{contact.email ?? none}</Table.Td>
              <Table.Td visibleFrom="md">{contact.external_id ?? none}</Table.Td>
              <Table.Td visibleFrom="lg">
                <Time at={contact.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
