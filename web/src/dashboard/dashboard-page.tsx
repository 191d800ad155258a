import { Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { Brand, Campaign, Upload } from "../api/model";
import { useBrands } from "../app/brands";
import { ButtonLink, TextLink } from "../app/links";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useServerNow } from "../app/session";
import { StateBadge } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { TONE as CAMPAIGN_TONE, isLaunched, isSending } from "../campaigns/campaign-state";
import { useReport } from "../campaigns/follow";
import { isSameDay, useFormats } from "../locale/format";
import { queueLength, useRegistry } from "../registry/status";
import { isMoving, TONE as UPLOAD_TONE } from "../uploads/upload-state";
import { Balances } from "./balances";
import { Checklist } from "./checklist";
import classes from "./dashboard.module.css";
import { Duties } from "./duties";
import { Today } from "./today";

const SHOWN = 5;

/** What happened today, what is running, and how İYS is doing. */
export function DashboardPage() {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
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

  return (
    <Page title={t("dashboard.title")} lead={t("dashboard.today", { date: formats.day(now) })}>
      <Today
        uploads={ofToday(uploads.data)}
        campaigns={(campaigns.data ?? []).filter(({ launched_at }) => launched_at && isSameDay(launched_at, now))}
        brands={brands.data ?? []}
      />
      {may("manage_campaigns") && uploads.data && campaigns.data && brands.data && (
        <Checklist brands={brands.data} uploads={uploads.data} campaigns={campaigns.data} />
      )}
      {may("manage_registry") && (brands.data?.length ?? 0) > 0 && <Duties brands={brands.data ?? []} />}
      <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
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
        <Stack>
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
              {(items) =>
                items.slice(0, SHOWN).map((campaign) => <CampaignLine key={campaign.id} campaign={campaign} />)
              }
            </Listing>
          </Section>
          {(brands.data?.length ?? 0) > 0 && (
            <Section
              title={t("dashboard.registry.title")}
              id="registry"
              aside={<TextLink to="/registry">{t("dashboard.registry.all")}</TextLink>}
            >
              <ul className={classes.lines}>
                {brands.data?.slice(0, SHOWN).map((brand) => (
                  <BrandLine key={brand.id} brand={brand} />
                ))}
              </ul>
            </Section>
          )}
          {(may("launch_campaigns") || may("manage_connectors")) && <Balances />}
        </Stack>
      </SimpleGrid>
    </Page>
  );
}

function isUnderWay({ state }: Campaign): boolean {
  return isLaunched(state) && state !== "finished" && state !== "stopped";
}

interface ListingProps<T> {
  query: { isPending: boolean; error: Error | null; data: T[] | undefined; refetch: () => unknown };
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}

function Listing<T>({ query, empty, children }: ListingProps<T>) {
  if (query.isPending) return <Loading lines={3} />;
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => query.refetch()} />;
  if (!query.data || query.data.length === 0) return empty;
  return <ul className={classes.lines}>{children(query.data)}</ul>;
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

function BrandLine({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const { data: status } = useRegistry(brand.id);
  const warnings = status ? status.lights.filter(({ ok }) => !ok).length : 0;
  return (
    <li className={classes.line}>
      <div className={classes.name}>
        <TextLink to="/registry" search={{ brand: brand.id }} fw={550}>
          {brand.name}
        </TextLink>
        <Text size="sm" className="quiet">
          {t(`registry.modes.${brand.registry_mode}`)}
          {status && ` · ${t("dashboard.registry.queue", { count: queueLength(status) })}`}
        </Text>
      </div>
      {brand.registry_mode === "off" && <StateBadge tone="out" label={t("dashboard.registry.off")} />}
      {brand.registry_mode !== "off" && status && (
        <StateBadge
          tone={warnings > 0 ? "bad" : "good"}
          label={warnings > 0 ? t("dashboard.registry.problem", { count: warnings }) : t("dashboard.registry.ok")}
        />
      )}
    </li>
  );
}
