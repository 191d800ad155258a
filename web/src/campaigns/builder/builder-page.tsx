import { Button, Group, Text } from "@mantine/core";
import { IconArrowRight, IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../../api/client";
import type { Brand, Campaign, Connector } from "../../api/model";
import { ApiError } from "../../api/problem";
import { useAct } from "../../app/act";
import { useBrands } from "../../app/brands";
import { ButtonLink, TextLink } from "../../app/links";
import { Page } from "../../app/page";
import { useMay } from "../../app/permissions";
import { Empty, Failure, Loading, Problem } from "../../app/states";
import { useConnectors } from "../../connectors/queries";
import { currentLanguage } from "../../locale";
import { useDryRun } from "../dry-run";
import { rememberCampaign, useCampaign } from "../follow";
import classes from "./builder.module.css";
import { type Draft, EMPTY_PLAN, firstWords, isUnwritten } from "./draft";
import { GoStep } from "./go-step";
import { SENDER_MAX, SetupStep } from "./setup-step";
import { FirstSidePanel, SidePanel } from "./side-panel";
import { BUILDER_STEPS, type BuilderStep } from "./steps";
import { TemplateStart, useTemplatesFor } from "./template-start";
import { useDraft } from "./use-draft";
import { WhatStep } from "./what-step";
import { WhenStep } from "./when-step";
import { WhoStep } from "./who-step";

const route = getRouteApi("/shell/campaigns/$id/edit");

/** A draft, step by step; which step is part of the address, so it can be gone back to. */
export function BuilderPage() {
  const { id } = route.useParams();
  const { step } = route.useSearch();
  const campaign = useCampaign(id);
  const brands = useBrands();
  const connectors = useConnectors();
  const failed = campaign.error ?? brands.error ?? connectors.error;
  if (failed) return <Failure isPage error={failed} onRetry={() => campaign.refetch()} />;
  if (!campaign.data || !brands.data || !connectors.data) return <Loading />;
  if (campaign.data.state !== "draft") return <Navigate to="/campaigns/$id" params={{ id }} replace />;
  return (
    <Builder
      key={id}
      campaign={campaign.data}
      step={step ?? "setup"}
      brands={brands.data}
      connectors={connectors.data}
    />
  );
}

interface BuilderProps {
  campaign: Campaign;
  step: BuilderStep;
  brands: Brand[];
  connectors: Connector[];
}

function Builder({ campaign, step, brands, connectors }: BuilderProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const open = useDraft(campaign);
  const { draft, set, errors, saved, flush } = open;
  const senders = useSenders(draft.connector_id);
  const brand = brands.find(({ id }) => id === draft.brand_id);
  const place = BUILDER_STEPS.indexOf(step);
  const main = useRef<HTMLDivElement>(null);
  const shown = useRef(step);
  // Whoever goes on starts at the top of the next step, with the keyboard too.
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    window.scrollTo({ top: 0 });
    main.current?.querySelector("h2")?.focus({ preventScroll: true });
  }, [step]);
  const go = async (next: BuilderStep) => {
    if (next !== "go" || (await flush())) {
      void flush();
      void navigate({ to: "/campaigns/$id/edit", params: { id: campaign.id }, search: { step: next } });
    }
  };
  const parts = { draft, set, errors };
  return (
    <Page
      title={draft.name.trim() || t("campaigns.form.title")}
      back={<TextLink to="/campaigns">{t("campaigns.detail.back")}</TextLink>}
      lead={t("campaigns.form.lead")}
      actions={<SaveState state={open.state} />}
    >
      <StepList step={step} done={useDone(draft, saved, brand)} onGo={go} />
      <div className={classes.frame}>
        <div className={classes.main} ref={main}>
          {open.problem && <Problem error={open.problem} />}
          {step === "setup" && <SetupStep {...parts} brands={brands} connectors={connectors} senders={senders} />}
          {step === "what" && <WhatStep {...parts} campaign={saved} brand={brand} />}
          {step === "who" && <WhoStep {...parts} campaign={saved} />}
          {step === "when" && <WhenStep {...parts} campaign={saved} brand={brand} />}
          {step === "go" && open.state === "saved" && <GoStep campaign={saved} brand={brand} />}
          {step === "go" && (open.state === "changed" || open.state === "saving") && <Loading />}
          <div className={classes.foot}>
            <ButtonLink to="/campaigns/$id" params={{ id: campaign.id }} variant="subtle">
              {t("builder.leave")}
            </ButtonLink>
            <Group gap="xs">
              {place > 0 && (
                <Button variant="default" onClick={() => go(BUILDER_STEPS[place - 1] ?? "setup")}>
                  {t("common.action.back")}
                </Button>
              )}
              {place < BUILDER_STEPS.length - 1 && (
                <Button
                  rightSection={<IconArrowRight size={18} aria-hidden />}
                  onClick={() => go(BUILDER_STEPS[place + 1] ?? "go")}
                  loading={open.state === "saving"}
                >
                  {t("builder.next", { step: t(`builder.step.${BUILDER_STEPS[place + 1] ?? "go"}`) })}
                </Button>
              )}
            </Group>
          </div>
        </div>
        <SidePanel campaign={saved} />
      </div>
    </Page>
  );
}

/** Which steps have what they need. */
function useDone(draft: Draft, saved: Campaign, brand: Brand | undefined): Record<BuilderStep, boolean> {
  const run = useDryRun(saved.id);
  const blocks = run.data?.findings.some(({ weight }) => weight === "blocks") ?? true;
  const reached = run.data ? run.data.sendable + run.data.held : 0;
  return {
    setup: draft.name.trim() !== "" && draft.sender.trim() !== "" && draft.purpose.trim() !== "",
    what: !isUnwritten(draft.body, brand) && !blocks,
    who: reached > 0,
    when: Boolean(draft.plan.send_at) || run.data !== undefined,
    go: false,
  };
}

interface StepListProps {
  step: BuilderStep;
  done?: Record<BuilderStep, boolean>;
  /** Missing while there is no draft: only the first step can be done. */
  onGo?: (step: BuilderStep) => void;
}

function StepList({ step, done, onGo }: StepListProps) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("builder.steps")}>
      <ol className={classes.steps}>
        {BUILDER_STEPS.map((name, place) => {
          const isDone = done?.[name] ?? false;
          return (
            <li key={name}>
              <button
                type="button"
                className={classes.step}
                data-step={name}
                data-done={isDone || undefined}
                aria-current={name === step ? "step" : undefined}
                aria-disabled={!onGo && name !== step}
                onClick={() => onGo?.(name)}
              >
                <span className={classes.mark} aria-hidden>
                  {isDone ? <IconCheck size={15} /> : place + 1}
                </span>
                <span className={classes.stepName}>{t(`builder.step.${name}`)}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function SaveState({ state }: { state: "saved" | "changed" | "saving" | "refused" }) {
  const { t } = useTranslation();
  return (
    <Text size="sm" className="quiet" role="status" data-save={state}>
      {t(`builder.save.${state}`)}
    </Text>
  );
}

/** Senders that earlier campaigns used over an account. */
function useSenders(connector: string): string[] {
  const { data } = useQuery({
    queryKey: ["campaigns", "all"],
    queryFn: async () => (await answer(api.GET("/api/v1/campaigns", { params: { query: { limit: 200 } } }))).items,
    staleTime: 60_000,
  });
  const used = (data ?? []).filter(({ connector_id }) => connector_id === connector).map(({ sender }) => sender);
  return [...new Set(used)];
}

/** The first step of a campaign that is not there yet; going on makes it a draft. */
export function NewCampaignPage() {
  const { t } = useTranslation();
  const may = useMay();
  const brands = useBrands();
  const connectors = useConnectors();
  const failed = brands.error ?? connectors.error;
  return (
    <Page
      title={t("campaigns.form.title")}
      lead={t("campaigns.form.lead")}
      back={<TextLink to="/campaigns">{t("campaigns.detail.back")}</TextLink>}
    >
      {failed && <Failure error={failed} />}
      {!failed && !(brands.data && connectors.data) && <Loading />}
      {brands.data &&
        connectors.data &&
        (connectors.data.length === 0 || brands.data.length === 0 || !may("manage_campaigns") ? (
          <Empty
            title={t("campaigns.form.no_connector")}
            action={<ButtonLink to="/connectors/new">{t("builder.add_connector")}</ButtonLink>}
          />
        ) : (
          <FirstStep brands={brands.data} connectors={connectors.data} />
        ))}
    </Page>
  );
}

function FirstStep({ brands, connectors }: { brands: Brand[]; connectors: Connector[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const intention = useRef(newIntentionKey());
  const [tried, setTried] = useState(false);
  const [draft, setDraft] = useState<Draft>(() => ({
    name: "",
    brand_id: brands[0]?.id ?? "",
    channel: "MESAJ",
    kind: "BIREYSEL",
    basis: "COMMERCIAL",
    purpose: t("campaigns.form.purpose_default"),
    body: "",
    sender: "",
    connector_id: (connectors.find(({ state }) => state === "active") ?? connectors[0])?.id ?? "",
    audience: { type: "all" },
    batch_size: 0,
    plan: EMPTY_PLAN,
  }));
  const senders = useSenders(draft.connector_id);
  const templates = useTemplatesFor(draft);
  const [templateId, setTemplateId] = useState<string>();
  // Of another brand or channel, it is none any more.
  const template = templates.find(({ id }) => id === templateId);
  // Other content is another intention.
  const changed = () => {
    intention.current = newIntentionKey();
    create.reset();
  };
  const create = useAct(
    () => {
      const brand = brands.find(({ id }) => id === draft.brand_id);
      const { batch_size: _, ...wanted } = draft;
      const words = brand ? firstWords(brand, draft.basis) : "";
      const body = { ...wanted, body: template?.body ?? words, template_id: template?.id };
      return answer<Campaign>(
        api.POST("/api/v1/campaigns", { body, headers: { "Idempotency-Key": intention.current } }),
      );
    },
    {
      done: t("campaigns.form.created"),
      refresh: [["campaigns"]],
      showsError: true,
      onDone: (campaign) => {
        rememberCampaign(campaign);
        void navigate({
          to: "/campaigns/$id/edit",
          params: { id: campaign.id },
          search: { step: "what" },
          replace: true,
        });
      },
    },
  );
  const refused = create.error instanceof ApiError ? create.error.fields(currentLanguage()) : {};
  const missing = missingOf(draft);
  const errors = tried
    ? { ...Object.fromEntries(missing.map((field) => [field, t("campaigns.form.required")])), ...refused }
    : refused;
  const submit = () => {
    setTried(true);
    if (missing.length === 0) create.mutate(undefined);
  };
  return (
    <>
      <StepList step="setup" />
      <div className={classes.frame}>
        <form
          className={classes.main}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <SetupStep
            draft={draft}
            set={(change) => {
              changed();
              setDraft((present) => ({ ...present, ...change }));
            }}
            errors={errors}
            brands={brands}
            connectors={connectors}
            senders={senders}
          />
          <TemplateStart
            templates={templates}
            chosen={template?.id}
            onChoose={(id) => {
              changed();
              setTemplateId(id);
            }}
            error={errors.template_id}
          />
          {create.error && <Problem error={create.error} />}
          <Group justify="flex-end">
            <Button type="submit" rightSection={<IconArrowRight size={18} aria-hidden />} loading={create.isPending}>
              {t("builder.next", { step: t("builder.step.what") })}
            </Button>
          </Group>
        </form>
        <FirstSidePanel />
      </div>
    </>
  );
}

function missingOf(draft: Draft): string[] {
  const fields = ["name", "purpose", "sender", "brand_id", "connector_id"] as const;
  const isLong = draft.channel === "MESAJ" && draft.sender.trim().length > SENDER_MAX;
  return fields.filter((field) => draft[field].trim() === "" || (field === "sender" && isLong));
}
