import { Group, Select, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Campaign, CampaignMessage, MessageState } from "../api/model";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Section } from "../app/page";
import { CodeBadge } from "../app/reason-text";
import { ScrollX } from "../app/scroll-x";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { isLaunched } from "./campaign-state";
import { RowsExport } from "./export";
import { MESSAGE_TONE } from "./message-tone";
import { DRAFT_ROW_GROUPS, ROW_GROUPS, type RowGroup, STATES_OF } from "./row-groups";

interface RowsProps {
  campaign: Campaign;
  group: RowGroup;
  /** Only those left out for this reason. */
  code: string | undefined;
}

/** The people behind a number of the report or, before the launch, of the dry run. */
export function Rows({ campaign, group, code }: RowsProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const isDraft = !isLaunched(campaign.state);
  const list = useRows(campaign.id, isDraft, group, code);
  const groups: readonly RowGroup[] = isDraft ? DRAFT_ROW_GROUPS : ROW_GROUPS;
  const nameOf = (value: RowGroup) =>
    isDraft && value === "waiting" ? t("campaigns.dry_run.sendable") : t(`campaigns.rows.group.${value}`);
  const frame = useRef<HTMLDivElement>(null);
  // Whoever clicked a number wants to be where its rows are.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen rows are what it follows
  useEffect(() => {
    frame.current?.scrollIntoView({ block: "start" });
    frame.current?.querySelector("h2")?.focus({ preventScroll: true });
  }, [group, code]);

  return (
    <div ref={frame} style={{ scrollMarginTop: 72 }}>
      <Section
        title={t("campaigns.rows.title")}
        id="rows"
        aside={
          <Group gap="xs">
            {!isDraft && <RowsExport campaign={campaign} group={group} code={code} />}
            {code && <Text size="sm">{t("campaigns.rows.only_code", { code })}</Text>}
            <Select
              aria-label={t("campaigns.rows.filter")}
              data={groups.map((value) => ({ value, label: nameOf(value) }))}
              value={group}
              allowDeselect={false}
              onChange={(rows) =>
                navigate({
                  to: "/campaigns/$id",
                  params: { id: campaign.id },
                  search: { rows: (rows as RowGroup | null) ?? undefined },
                  resetScroll: false,
                })
              }
            />
          </Group>
        }
      >
        {isDraft && (
          <Text size="sm" className="quiet" px="md" pb="xs">
            {t("campaigns.rows.draft")}
          </Text>
        )}
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Text px="md" pb="md">
            {t("campaigns.rows.none")}
          </Text>
        )}
        {list.items.length > 0 && (
          <ScrollX label={t("campaigns.rows.title")}>
            <Table aria-labelledby="rows-title">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("campaigns.rows.address")}</Table.Th>
                  <Table.Th>{t("campaigns.rows.state")}</Table.Th>
                  <Table.Th>{t("campaigns.rows.why")}</Table.Th>
                  {!isDraft && <Table.Th visibleFrom="sm">{t("campaigns.rows.when")}</Table.Th>}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.items.map((message, place) => (
                  <MessageRow key={`${message.address}:${place}`} message={message} campaign={campaign} />
                ))}
              </Table.Tbody>
            </Table>
          </ScrollX>
        )}
        <MoreButton list={list} />
      </Section>
    </div>
  );
}

function MessageRow({ message, campaign }: { message: CampaignMessage; campaign: Campaign }) {
  const { t, i18n } = useTranslation();
  const isDraft = !isLaunched(campaign.state);
  const text = i18n.language === "en" ? message.text_en : message.text_tr;
  // The person's page answers for this campaign, not for any other brand or channel.
  const question = {
    brand: campaign.brand_id,
    channel: campaign.channel,
    kind: campaign.kind,
    basis: campaign.basis,
  };
  const provider = [message.provider_code, message.provider_text].filter(Boolean).join(" ");
  return (
    <Table.Tr>
      <Table.Td className="number">
        {message.contact_id ? (
          <TextLink to="/contacts/$id" params={{ id: message.contact_id }} search={question}>
            {message.address}
          </TextLink>
        ) : (
          message.address
        )}
      </Table.Td>
      <Table.Td>
        <StateBadge
          tone={MESSAGE_TONE[message.state]}
          label={t(
            isDraft && message.state === "waiting"
              ? "campaigns.dry_run.sendable"
              : `campaigns.rows.message_state.${message.state}`,
          )}
        />
      </Table.Td>
      <Table.Td>
        <Group gap={8}>
          {message.code && <CodeBadge code={message.code} />}
          {text && <span>{text}</span>}
          {provider && (
            <Text span size="sm" className="quiet">
              {t("campaigns.rows.provider")}: {provider}
            </Text>
          )}
        </Group>
      </Table.Td>
      {!isDraft && (
        <Table.Td visibleFrom="sm">
          <Time at={message.at} />
        </Table.Td>
      )}
    </Table.Tr>
  );
}

/** Where in a group's states, and where in that state's list. */
interface Place {
  place: number;
  after?: string;
}

/** One page of rows; states without anyone are passed over. */
async function readRows(
  id: string,
  isDraft: boolean,
  states: (MessageState | undefined)[],
  code: string | undefined,
  { place, after }: Place,
) {
  const query = { state: states[place], code, after };
  const params = { path: { id }, query };
  const page = await answer(
    isDraft
      ? api.GET("/api/v1/campaigns/{id}/dry-run/people", { params })
      : api.GET("/api/v1/campaigns/{id}/messages", { params }),
  );
  if (page.items.length === 0 && place + 1 < states.length) {
    return readRows(id, isDraft, states, code, { place: place + 1 });
  }
  return { ...page, place };
}

/** A group may span several states; they are read one after the other, each with its own cursor. */
function useRows(campaignId: string, isDraft: boolean, group: RowGroup, code: string | undefined) {
  const states = STATES_OF[group];
  const query = useInfiniteQuery({
    queryKey: ["campaign", campaignId, isDraft ? "dry-run-people" : "messages", group, code],
    queryFn: ({ pageParam }) => readRows(campaignId, isDraft, states, code, pageParam),
    initialPageParam: { place: 0 } as Place,
    getNextPageParam: ({ next, place }) => {
      if (next) return { place, after: next };
      return place + 1 < states.length ? { place: place + 1, after: undefined } : undefined;
    },
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) ?? [] };
}
