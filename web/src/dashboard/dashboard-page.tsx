import { Progress, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { Campaign, Upload } from "../api/model";
import { useBrands } from "../app/brands";
import { ButtonLink, TextLink } from "../app/links";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useServerNow, useSession } from "../app/session";
import { StateBadge } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { TONE as CAMPAIGN_TONE, isLaunched, isSending } from "../campaigns/campaign-state";
import { useReport } from "../campaigns/follow";
import { isSameDay, useFormats } from "../locale/format";
import { isMoving, TONE as UPLOAD_TONE } from "../uploads/upload-state";
import { Approvals } from "./approvals";
import { Balances } from "./balances";
import { Checklist } from "./checklist";
import { Coverage } from "./coverage";
import classes from "./dashboard.module.css";
import { Duties } from "./duties";
import { FindPerson } from "./find-person";
import { HOME, type Part, rowsOf, WIDE } from "./homes";
import { Keys } from "./keys";
import { Listing } from "./listing";
import { RegistryHealth } from "./registry-health";
import { Today } from "./today";
import { Urgent } from "./urgent";
import { WaitingReplies } from "./waiting-replies";

const SHOWN = 5;

/** The home page: what each role has to look at first. */
export function DashboardPage() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const { user } = useSession();
  const now = new Date(useServerNow()());
  const uploads = useQuery({
    queryKey: ["dashboard", "uploads"],
    queryFn: async () => (await answer(api.GET("/api/v1/uploads", { params: { query: { limit: 50 } } }))).items,
    refetchInterval: POLL_MS * 2,
  });
  const campaigns = useQuery({
    queryKey: ["dashboard", "campaigns"],
    queryFn: async () => (await answer(api.GET("/api/v1/campaigns", { params: { query: { limit: 50 } } }))).items,
    refetchInterval: POLL_MS * 2,
  });
  const brands = useBrands();
  const ofToday = <T extends { created_at: string }>(items: T[] | undefined) =>
    (items ?? []).filter(({ created_at }) => isSameDay(created_at, now));

  const parts: Record<Part, ReactNode> = {
    today: (
      <Today
        uploads={ofToday(uploads.data)}
        campaigns={(campaigns.data ?? []).filter(({ launched_at }) => launched_at && isSameDay(launched_at, now))}
        brands={brands.data ?? []}
      />
    ),
    checklist: may("manage_campaigns") && uploads.data && campaigns.data && brands.data && (
      <Checklist brands={brands.data} uploads={uploads.data} campaigns={campaigns.data} />
    ),
    duties: may("manage_registry") && (brands.data?.length ?? 0) > 0 && <Duties brands={brands.data ?? []} />,
    coverage: (brands.data?.length ?? 0) > 0 && <Coverage brands={brands.data ?? []} />,
    inbox: <WaitingReplies />,
    approvals: <Approvals campaigns={campaigns} />,
    find: <FindPerson />,
    keys: may("manage_keys") && <Keys />,
    balances: (may("launch_campaigns") || may("manage_connectors")) && <Balances />,
    registry: (brands.data?.length ?? 0) > 0 && <RegistryHealth brands={brands.data ?? []} />,
    uploads: (
      <Section
        title={t("dashboard.uploads.title")}
        id="uploads"
        aside={<TextLink to="/uploads">{t("dashboard.uploads.all")}</TextLink>}
      >
        <Listing
          query={uploads}
          empty={
            <Empty
              title={t("dashboard.uploads.empty")}
              action={
                may("upload_files") && (
                  <ButtonLink to="/uploads" search={{ new: true }}>
                    {t("dashboard.uploads.start")}
                  </ButtonLink>
                )
              }
            />
          }
        >
          {(items) => items.slice(0, SHOWN).map((upload) => <UploadLine key={upload.id} upload={upload} />)}
        </Listing>
      </Section>
    ),
    campaigns: (
      <Section
        title={t("dashboard.campaigns.title")}
        id="campaigns"
        aside={<TextLink to="/campaigns">{t("dashboard.campaigns.all")}</TextLink>}
      >
        <Listing
          query={{ ...campaigns, data: campaigns.data?.filter(isUnderWay) }}
          empty={
            <Empty
              title={t("dashboard.campaigns.empty")}
              action={
                may("manage_campaigns") && (
                  <ButtonLink to="/campaigns/new" variant="default">
                    {t("dashboard.campaigns.start")}
                  </ButtonLink>
                )
              }
            />
          }
        >
          {(items) => items.slice(0, SHOWN).map((campaign) => <CampaignLine key={campaign.id} campaign={campaign} />)}
        </Listing>
      </Section>
    ),
  };
  const shown = HOME[user.role].filter((part) => parts[part]);

  return (
    <Page title={t("dashboard.title")} lead={t("dashboard.today", { date: formats.day(now) })}>
      {may("manage_registry") && <Urgent />}
      {rowsOf(shown).map((row) =>
        row.length === 1 && WIDE.has(row[0] as Part) ? (
          <Fragment key={row[0]}>{parts[row[0] as Part]}</Fragment>
        ) : (
          <SimpleGrid key={row.join()} cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
            {row.map((part) => (
              <Fragment key={part}>{parts[part]}</Fragment>
            ))}
          </SimpleGrid>
        ),
      )}
    </Page>
  );
}

function isUnderWay({ state }: Campaign): boolean {
  return isLaunched(state) && state !== "finished" && state !== "stopped";
}

function UploadLine({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  return (
    <li className={classes.line}>
      <div className={classes.name}>
        <TextLink to="/uploads/$id" params={{ id: upload.id }} search={{}} fw={550}>
          {upload.name}
        </TextLink>
        <Text size="sm" className="quiet">
          <Time at={upload.created_at} />
        </Text>
      </div>
      <StateBadge tone={UPLOAD_TONE[upload.state]} label={t(`uploads.state.${upload.state}`)} live={isMoving(upload)} />
    </li>
  );
}

function CampaignLine({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const report = useReport(campaign.id, false);
  const sent = report.data?.sent ?? 0;
  const planned = sent + (report.data?.held.total ?? 0);
  return (
    <li className={classes.line}>
      <div className={classes.name}>
        <TextLink to="/campaigns/$id" params={{ id: campaign.id }} search={{}} fw={550}>
          {campaign.name}
        </TextLink>
        {report.data && (
          <>
            <Text size="sm" className="quiet number">
              {t("dashboard.campaigns.progress", { sent, planned })}
            </Text>
            <Progress value={planned > 0 ? (sent / planned) * 100 : 0} size="sm" mt={4} aria-label={campaign.name} />
          </>
        )}
      </div>
      <StateBadge
        tone={CAMPAIGN_TONE[campaign.state]}
        label={t(`campaigns.state.${campaign.state}`)}
        live={isSending(campaign.state)}
      />
    </li>
  );
}
