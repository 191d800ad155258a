import { Table, Text } from "@mantine/core";
import { IconCalendar, IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { Campaign } from "../api/model";
import { usePages } from "../api/pages";
import { useActorName } from "../app/actor";
import { ButtonLink, TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { ScrollX } from "../app/scroll-x";
import { StateBadge } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { isLaunched, isSending, TONE } from "./campaign-state";

/** All campaigns, newest first. */
export function CampaignsPage() {
  const { t } = useTranslation();
  const list = usePages(
    ["campaigns"],
    (after) => answer(api.GET("/api/v1/campaigns", { params: { query: { after } } })),
    POLL_MS * 3,
  );
  const may = useMay();
  const newButton = may("manage_campaigns") && (
    <ButtonLink to="/campaigns/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t("campaigns.new")}
    </ButtonLink>
  );
  return (
    <Page
      title={t("campaigns.title")}
      lead={t("campaigns.lead")}
      actions={
        <>
          <ButtonLink to="/campaigns/testers" search={{}} variant="default">
            {t("reports.testers.title")}
          </ButtonLink>
          <ButtonLink to="/campaigns/calendar" variant="default" leftSection={<IconCalendar size={18} aria-hidden />}>
            {t("builder.calendar.open")}
          </ButtonLink>
          {newButton}
        </>
      }
    >
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Empty title={t("campaigns.empty.title")} text={t("campaigns.empty.text")} action={newButton} />
        )}
        {list.items.length > 0 && (
          <ScrollX label={t("campaigns.title")}>
            <Table highlightOnHover aria-label={t("campaigns.title")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("campaigns.column.name")}</Table.Th>
                  <Table.Th>{t("campaigns.column.state")}</Table.Th>
                  <Table.Th ta="end">{t("campaigns.column.target")}</Table.Th>
                  <Table.Th ta="end" visibleFrom="sm">
                    {t("campaigns.column.excluded")}
                  </Table.Th>
                  <Table.Th ta="end" visibleFrom="sm">
                    {t("campaigns.column.planned")}
                  </Table.Th>
                  <Table.Th visibleFrom="md">{t("campaigns.column.when")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.items.map((campaign) => (
                  <CampaignRow key={campaign.id} campaign={campaign} />
                ))}
              </Table.Tbody>
            </Table>
          </ScrollX>
        )}
        <MoreButton list={list} />
      </div>
    </Page>
  );
}

function CampaignRow({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  // Before the launch nobody has been counted; a zero would be a claim.
  const counted = (count: number) => (isLaunched(campaign.state) ? formats.number(count) : t("common.none"));
  return (
    <Table.Tr>
      <Table.Td style={{ minWidth: "10rem" }}>
        <TextLink to="/campaigns/$id" params={{ id: campaign.id }} fw={600} style={{ overflowWrap: "anywhere" }}>
          {campaign.name}
        </TextLink>
        <Text size="sm" className="quiet">
          {t(`common.channel.${campaign.channel}`)} · {actorName(campaign.author)}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge
          tone={TONE[campaign.state]}
          label={t(`campaigns.state.${campaign.state}`)}
          live={isSending(campaign.state)}
        />
      </Table.Td>
      <Table.Td ta="end" className="number">
        {counted(campaign.target)}
      </Table.Td>
      <Table.Td ta="end" className="number" visibleFrom="sm">
        {counted(campaign.excluded)}
      </Table.Td>
      <Table.Td ta="end" className="number" visibleFrom="sm">
        {counted(campaign.planned)}
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Time at={campaign.launched_at ?? campaign.created_at} />
      </Table.Td>
    </Table.Tr>
  );
}
