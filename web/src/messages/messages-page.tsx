import { Anchor, Button, Group, Select, Text, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { CampaignMessage, LoggedMessage, MessageState } from "../api/model";
import { usePages } from "../api/pages";
import { ApiError } from "../api/problem";
import { type Column, Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { isLaunched } from "../campaigns/campaign-state";
import { MESSAGE_TONE } from "../campaigns/message-tone";

const route = getRouteApi("/shell/messages");
const STATES: MessageState[] = ["excluded", "waiting", "sent", "delivered", "failed", "uncertain"];

/** What was and was not sent: to one person over all campaigns, or to everybody of one campaign. */
export function MessagesPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const campaigns = useQuery({
    queryKey: ["campaigns", "all"],
    queryFn: async () => (await answer(api.GET("/api/v1/campaigns", { params: { query: { limit: 200 } } }))).items,
  });
  const launched = (campaigns.data ?? []).filter(({ state }) => isLaunched(state));
  const campaign = search.address ? undefined : (search.campaign ?? launched[0]?.id);
  const state = STATES.find((one) => one === search.state);
  return (
    <Page title={t("common.menu.messages")} lead={t("messages.lead")}>
      <Group gap="sm" align="flex-end">
        <AddressBox address={search.address} />
        <Select
          label={t("messages.campaign")}
          placeholder={t(search.address ? "messages.all_campaigns" : "messages.no_campaign")}
          data={launched.map(({ id, name }) => ({ value: id, label: name }))}
          value={campaign ?? null}
          onChange={(value) => navigate({ search: { campaign: value ?? undefined, state: search.state } })}
          searchable
          nothingFoundMessage={t("messages.no_campaign")}
          w={260}
        />
        <Select
          label={t("messages.state")}
          placeholder={t("common.action.all")}
          data={STATES.map((value) => ({ value, label: t(`campaigns.rows.message_state.${value}`) }))}
          value={state ?? null}
          onChange={(value) => navigate({ search: (old) => ({ ...old, state: value ?? undefined }) })}
          clearable
          clearButtonProps={{ "aria-label": t("common.action.clear") }}
          w={190}
        />
      </Group>
      {search.address && <OfPerson address={search.address} state={state} />}
      {campaign && <OfCampaign id={campaign} name={launched.find(({ id }) => id === campaign)?.name} state={state} />}
      {!search.address && !campaign && campaigns.isSuccess && (
        <div className="surface">
          <Empty title={t("messages.empty.title")} text={t("messages.empty.text")} />
        </div>
      )}
    </Page>
  );
}

function AddressBox({ address }: { address: string | undefined }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(address ?? "");
  useEffect(() => setTyped(address ?? ""), [address]);
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: (old) => ({ state: old.state, address: typed.trim() || undefined }) });
        }}
      >
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <TextInput
            type="search"
            label={t("messages.address")}
            placeholder={t("messages.address_placeholder")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            leftSection={<IconSearch size={18} aria-hidden />}
          />
          <Button type="submit">{t("messages.find")}</Button>
        </Group>
      </form>
    </search>
  );
}

function useWhy(): (row: { code?: string | null; text_tr?: string | null; text_en?: string | null }) => ReactNode {
  const { i18n } = useTranslation();
  return ({ code, text_tr, text_en }) => (
    <Group gap={8}>
      {code && <CodeBadge code={code} />}
      <span>{i18n.language === "en" ? text_en : text_tr}</span>
    </Group>
  );
}

function OfPerson({ address, state }: { address: string; state: MessageState | undefined }) {
  const { t } = useTranslation();
  const may = useMay();
  const why = useWhy();
  const list = usePages(["messages", address, state], (after) =>
    answer(api.GET("/api/v1/messages", { params: { query: { address, state, after } } })),
  );
  const columns: Column<LoggedMessage>[] = [
    {
      head: t("messages.campaign"),
      width: "10rem",
      cell: ({ campaign_id, campaign_name }) => (
        <TextLink to="/campaigns/$id" params={{ id: campaign_id }} search={{}}>
          {campaign_name}
        </TextLink>
      ),
    },
    {
      head: t("messages.state"),
      cell: (row) => (
        <StateBadge tone={MESSAGE_TONE[row.state]} label={t(`campaigns.rows.message_state.${row.state}`)} />
      ),
    },
    { head: t("campaigns.rows.why"), width: "14rem", cell: why },
    { head: t("campaigns.rows.when"), cell: ({ at }) => <Time at={at} /> },
    ...(may("read_personal")
      ? [
          {
            head: t("messages.proof"),
            cell: ({ id }: LoggedMessage) => (
              <Anchor href={`/api/v1/messages/${encodeURIComponent(id)}/proof.html`} target="_blank" rel="noreferrer">
                {t("messages.open_proof")}
              </Anchor>
            ),
          },
        ]
      : []),
  ];
  // An address nobody has is an answer, not a fault.
  if (list.error instanceof ApiError && list.error.status === 404) {
    return (
      <div className="surface">
        <Empty title={t("messages.nobody.title", { address })} text={t("messages.nobody.text")} />
      </div>
    );
  }
  return (
    <Section title={t("messages.of_person", { address })} id="messages">
      <Listed
        list={list}
        label={t("messages.of_person", { address })}
        keyOf={({ id }) => id}
        columns={columns}
        empty={<Empty title={t("messages.none.title")} text={t("messages.none.text")} />}
      />
    </Section>
  );
}

interface OfCampaignProps {
  id: string;
  name: string | undefined;
  state: MessageState | undefined;
}

function OfCampaign({ id, name, state }: OfCampaignProps) {
  const { t } = useTranslation();
  const may = useMay();
  const why = useWhy();
  const list = usePages(["campaign", id, "messages", "log", state], (after) =>
    answer(api.GET("/api/v1/campaigns/{id}/messages", { params: { path: { id }, query: { state, after } } })),
  );
  const columns: Column<CampaignMessage>[] = [
    {
      head: t("campaigns.rows.address"),
      cell: ({ address }) =>
        may("read_personal") ? (
          <TextLink to="/messages" search={{ address }} className="number">
            {address}
          </TextLink>
        ) : (
          <span className="number">{address}</span>
        ),
    },
    {
      head: t("messages.state"),
      cell: (row) => (
        <StateBadge tone={MESSAGE_TONE[row.state]} label={t(`campaigns.rows.message_state.${row.state}`)} />
      ),
    },
    {
      head: t("campaigns.rows.why"),
      width: "14rem",
      cell: (row) => (
        <>
          {why(row)}
          {row.provider_text && (
            <Text size="sm" className="quiet">
              {t("campaigns.rows.provider")}: {[row.provider_code, row.provider_text].filter(Boolean).join(" ")}
            </Text>
          )}
        </>
      ),
    },
    { head: t("campaigns.rows.when"), cell: ({ at }) => <Time at={at} /> },
  ];
  return (
    <Section title={name ?? t("messages.campaign")} id="messages">
      <Listed
        list={list}
        label={name ?? t("messages.campaign")}
        keyOf={({ address }) => address}
        columns={columns}
        empty={<Empty title={t("messages.none.title")} text={t("messages.none.text")} />}
      />
    </Section>
  );
}
