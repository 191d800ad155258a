import { Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Campaign } from "../api/model";
import { useActorName } from "../app/actor";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Page, Section } from "../app/page";
import { useSession } from "../app/session";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { SegmentWords } from "../segments/segment-words";
import { GoFacts } from "./builder/go-facts";
import classes from "./campaign.module.css";
import { CampaignActions } from "./campaign-actions";
import { isLaunched, isSending, TONE } from "./campaign-state";
import { DryRunPanel } from "./dry-run";
import { useCampaign } from "./follow";
import { Report } from "./report";
import { Rows } from "./rows";
import { Signature } from "./signature";
import { TestSend } from "./testers/test-send";

const route = getRouteApi("/shell/campaigns/$id");

/** One campaign: before the launch whom it would reach, afterwards what became of everyone. */
export function CampaignPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const { rows, code } = route.useSearch();
  const campaign = useCampaign(id);
  if (campaign.isPending) return <Loading />;
  if (campaign.isError) return <Failure isPage error={campaign.error} onRetry={() => campaign.refetch()} />;
  const { data } = campaign;

  return (
    <Page
      title={data.name}
      back={<TextLink to="/campaigns">{t("campaigns.detail.back")}</TextLink>}
      mark={
        <span role="status">
          <StateBadge tone={TONE[data.state]} label={t(`campaigns.state.${data.state}`)} live={isSending(data.state)} />
        </span>
      }
      lead={<Lead campaign={data} />}
      actions={<CampaignActions campaign={data} />}
    >
      {isLaunched(data.state) ? (
        <>
          <Report id={id} rows={rows && <Rows campaign={data} group={rows} code={code} />} />
          <MessageCard campaign={data} />
        </>
      ) : (
        <Unlaunched campaign={data} rows={rows && <Rows campaign={data} group={rows} code={code} />} />
      )}
    </Page>
  );
}

/** Before the launch: what its approver decides on, and whom it would reach now. */
function Unlaunched({ campaign, rows }: { campaign: Campaign; rows?: ReactNode }) {
  const { t } = useTranslation();
  const { user } = useSession();
  const isOwn = campaign.author === `user:${user.id}`;
  return (
    <>
      {campaign.state === "submitted" && (
        <Notice tone="held" title={t("builder.go.waits")}>
          {t(isOwn ? "builder.go.waits_own" : "builder.go.waits_approver")}
        </Notice>
      )}
      <GoFacts campaign={campaign} />
      <Signature campaign={campaign} />
      <TestSend campaign={campaign} />
      <DryRunPanel id={campaign.id} />
      {rows}
    </>
  );
}

function Lead({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const actorName = useActorName();
  return (
    <>
      {actorName(campaign.author)}, <Time at={campaign.created_at} />
      {campaign.approver && ` · ${t("campaigns.detail.approved_by", { who: actorName(campaign.approver) })}`}
      {campaign.launched_at && (
        <>
          {" · "}
          <LabelledTime text={t("campaigns.detail.launched", { when: "" })} at={campaign.launched_at} />
        </>
      )}
      {campaign.finished_at && (
        <>
          {" · "}
          <LabelledTime text={t("campaigns.detail.finished", { when: "" })} at={campaign.finished_at} />
        </>
      )}
    </>
  );
}

function LabelledTime({ text, at }: { text: string; at: string }) {
  return (
    <>
      {text}
      <Time at={at} />
    </>
  );
}

function MessageCard({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const facts = [
    [t("campaigns.detail.sender"), campaign.sender],
    [t("campaigns.detail.audience"), <AudienceWords key="audience" audience={campaign.audience} />],
    [t("campaigns.detail.kind"), t(`common.kind.${campaign.kind}`)],
    [t("campaigns.detail.basis"), `${t(`common.basis.${campaign.basis}`)} · ${campaign.purpose}`],
  ] as const;
  return (
    <Section title={t("campaigns.detail.message")} id="message">
      <div className={classes.message}>
        <Text component="blockquote" className={classes.bubble} lang="tr">
          {campaign.body}
        </Text>
        <dl className={classes.facts}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </Section>
  );
}

function AudienceWords({ audience }: { audience: Campaign["audience"] }) {
  const { t } = useTranslation();
  switch (audience.type) {
    case "all":
      return t("campaigns.detail.audience_all");
    case "tag":
      return t("campaigns.detail.audience_tag", { tag: audience.tag });
    case "segment":
      return <SegmentWords id={audience.segment_id} />;
    case "addresses":
      return t("campaigns.detail.audience_addresses", { count: audience.addresses.length });
    default:
      return t("campaigns.detail.audience_accounts", { count: audience.codes.length });
  }
}
