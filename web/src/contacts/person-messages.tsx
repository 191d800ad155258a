import { Anchor, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Contact } from "../api/model";
import { usePages } from "../api/pages";
import { ApiError } from "../api/problem";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { Time } from "../app/time";
import { MESSAGE_TONE } from "../campaigns/message-tone";

/** What the person was and was not sent, each with its reason. */
export function PersonMessages({ contact }: { contact: Contact }) {
  const may = useMay();
  const address = contact.phone ?? contact.email;
  // A masked address finds nobody.
  if (!address || !may("read_personal")) return null;
  return <Messages address={address} />;
}

function Messages({ address }: { address: string }) {
  const { t, i18n } = useTranslation();
  const list = usePages(["messages", address, undefined], (after) =>
    answer(api.GET("/api/v1/messages", { params: { query: { address, after, limit: 20 } } })),
  );
  const isUnknown = list.error instanceof ApiError && list.error.status === 404;
  const none = (
    <Text px="md" pb="md">
      {t("contacts.messages.none")}
    </Text>
  );
  return (
    <Section
      title={t("contacts.messages.title")}
      id="messages"
      aside={
        <TextLink to="/messages" search={{ address }} fz="sm">
          {t("common.menu.messages")}
        </TextLink>
      }
    >
      {isUnknown ? (
        none
      ) : (
        <Listed
          list={list}
          label={t("contacts.messages.title")}
          keyOf={({ id }) => id}
          empty={none}
          columns={[
            {
              head: t("messages.campaign"),
              width: "9rem",
              cell: ({ campaign_id, campaign_name }) => (
                <TextLink to="/campaigns/$id" params={{ id: campaign_id }} search={{}}>
                  {campaign_name}
                </TextLink>
              ),
            },
            {
              head: t("messages.state"),
              cell: ({ state }) => (
                <StateBadge tone={MESSAGE_TONE[state]} label={t(`campaigns.rows.message_state.${state}`)} />
              ),
            },
            {
              head: t("campaigns.rows.why"),
              width: "12rem",
              cell: ({ code, text_tr, text_en }) => (
                <>
                  {code && <CodeBadge code={code} />} {i18n.language === "en" ? text_en : text_tr}
                </>
              ),
            },
            { head: t("campaigns.rows.when"), cell: ({ at }) => <Time at={at} /> },
            {
              head: t("messages.proof"),
              cell: ({ id }) => (
                <Anchor href={`/api/v1/messages/${encodeURIComponent(id)}/proof.html`} target="_blank" rel="noreferrer">
                  {t("messages.open_proof")}
                </Anchor>
              ),
            },
          ]}
        />
      )}
    </Section>
  );
}
