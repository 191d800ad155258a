import { Autocomplete, Button, Group, Radio, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Campaign, Segment } from "../../api/model";
import { TextLink } from "../../app/links";
import { Section } from "../../app/page";
import { Failure, Loading } from "../../app/states";
import { useFormats } from "../../locale/format";
import { useLists, useSegments, useTags } from "../../segments/groups";
import type { Rule } from "../../segments/rule";
import { RuleCount } from "../../segments/segment-builder";
import { groupOf, SegmentForm } from "../../segments/segment-form";
import { useDryRun } from "../dry-run";
import { dryRunSteps } from "../steps";
import { Waterfall } from "../waterfall";
import classes from "./builder.module.css";
import type { Audience, Draft } from "./draft";
import { AccountCodes, Addresses } from "./named-people";

const CHOICES = ["all", "list", "tag", "segment", "accounts", "addresses"] as const;
type Choice = (typeof CHOICES)[number];

interface WhoStepProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
  campaign: Campaign;
}

/** Kime: everybody, a list, a tag, whom rules find or who is named one by one; with the waterfall of those left out. */
export function WhoStep({ draft, set, errors, campaign }: WhoStepProps) {
  const { t } = useTranslation();
  const lists = useLists();
  const { audience } = draft;
  // Lists and tags share one space of names, so the server keeps both alike.
  const isList = audience.type === "tag" && (lists.data ?? []).some(({ name }) => name === audience.tag);
  const [chosen, choose] = useState<Choice>();
  const choice: Choice = chosen ?? (audience.type === "tag" ? (isList ? "list" : "tag") : audience.type);
  const take = (next: Audience) => set({ audience: next });
  const isTaken = choice === (audience.type === "tag" ? (isList ? "list" : "tag") : audience.type);
  return (
    <>
      <Section title={t("builder.who.title")} id="who">
        <div className={classes.inside}>
          <Radio.Group
            aria-label={t("builder.who.title")}
            value={choice}
            onChange={(value) => {
              const next = CHOICES.find((one) => one === value) ?? "all";
              choose(next);
              if (next === "all") take({ type: "all" });
            }}
            error={choice !== "accounts" && choice !== "addresses" && errors.audience}
          >
            <div className={classes.cards}>
              {CHOICES.map((option) => (
                <Option key={option} value={option} text={t(`builder.who.explain.${option}`)}>
                  {t(`builder.who.choice.${option}`)}
                </Option>
              ))}
            </div>
          </Radio.Group>
          {(choice === "tag" || choice === "list") && (
            <NamedGroup
              key={choice}
              kind={choice}
              name={audience.type === "tag" && (choice === "list") === isList ? audience.tag : ""}
              onTake={(tag) => take({ type: "tag", tag })}
            />
          )}
          {choice === "segment" && (
            <Segments
              campaign={campaign}
              chosen={audience.type === "segment" ? audience.segment_id : undefined}
              onTake={(segment_id) => take({ type: "segment", segment_id })}
            />
          )}
          {choice === "accounts" && (
            <AccountCodes campaign={campaign} audience={audience} onTake={take} error={errors.audience} />
          )}
          {choice === "addresses" && <Addresses audience={audience} onTake={take} error={errors.audience} />}
          {choice !== "all" && !isTaken && <Text size="sm">{t("builder.who.not_chosen")}</Text>}
        </div>
      </Section>
      <Reached campaign={campaign} />
    </>
  );
}

function Option({ value, text, children }: { value: string; text: string; children: ReactNode }) {
  return (
    <div className={classes.card}>
      <Radio value={value} label={children} description={text} />
    </div>
  );
}

/** A tag or list by its name; typed names count once they exist. */
function NamedGroup({ kind, name, onTake }: { kind: "tag" | "list"; name: string; onTake: (name: string) => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const tags = useTags();
  const lists = useLists();
  const [typed, type] = useState(name);
  const known = (kind === "tag" ? tags.data : lists.data) ?? [];
  const found = known.find((one) => one.name === typed);
  const label = kind === "tag" ? t("builder.who.tag") : t("builder.who.list");
  return (
    <Stack gap={4}>
      <Autocomplete
        label={label}
        placeholder={t("builder.who.name_placeholder")}
        data={known.map((one) => one.name)}
        value={typed}
        onChange={(value) => {
          type(value);
          if (known.some((one) => one.name === value)) onTake(value);
        }}
        onBlur={() => typed.trim() !== "" && onTake(typed.trim())}
        maw={420}
        withAsterisk
      />
      <Text size="sm" className="quiet" role="status">
        {found
          ? t("builder.who.members", { count: found.member_count })
          : typed.trim() === ""
            ? t("builder.who.known", { number: formats.number(known.length) })
            : ""}
      </Text>
    </Stack>
  );
}

function Segments({
  campaign,
  chosen,
  onTake,
}: {
  campaign: Campaign;
  chosen: string | undefined;
  onTake: (id: string) => void;
}) {
  const { t } = useTranslation();
  const segments = useSegments();
  const held = useQuery({
    queryKey: ["segment", chosen],
    queryFn: () => answer(api.GET("/api/v1/segments/{id}", { params: { path: { id: chosen ?? "" } } })),
    enabled: chosen !== undefined,
  });
  const [edited, edit] = useState<"new" | "chosen">();
  if (segments.isPending) return <Loading lines={2} />;
  if (segments.isError) return <Failure error={segments.error} onRetry={() => segments.refetch()} />;
  const isNew = edited === "new" || (segments.data.length === 0 && chosen === undefined);
  return (
    <Stack gap="md">
      {segments.data.length > 0 && (
        <Group align="flex-end" gap="sm">
          <Select
            label={t("builder.segment.saved")}
            placeholder={t("builder.segment.choose")}
            data={segments.data.map(({ id, name }) => ({ value: id, label: name }))}
            value={isNew ? null : (chosen ?? null)}
            onChange={(id) => {
              edit(undefined);
              if (id) onTake(id);
            }}
            searchable
            allowDeselect={false}
            w={280}
          />
          <Button variant="default" onClick={() => edit("new")} disabled={isNew}>
            {t("builder.segment.new")}
          </Button>
          {held.data && edited === undefined && (
            <Button variant="default" onClick={() => edit("chosen")}>
              {t("builder.segment.change")}
            </Button>
          )}
        </Group>
      )}
      {held.data && edited === undefined && !isNew && <Held campaign={campaign} segment={held.data} />}
      {isNew && (
        <SegmentForm
          about={campaign}
          onSaved={(segment) => {
            edit(undefined);
            onTake(segment.id);
          }}
        />
      )}
      {edited === "chosen" && held.data && (
        <SegmentForm key={held.data.id} about={campaign} segment={held.data} onSaved={() => edit(undefined)} />
      )}
    </Stack>
  );
}

/** A saved segment in words, with whom it finds now. */
function Held({ campaign, segment }: { campaign: Campaign; segment: Segment }) {
  return <RuleCount rule={groupOf(segment.rule as unknown as Rule)} about={campaign} />;
}

/** From everybody in the audience to those who may be sent to, with each reason and its next step. */
function Reached({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const run = useDryRun(campaign.id);
  return (
    <Section
      title={t("campaigns.dry_run.title")}
      id="dry-run"
      aside={
        <TextLink to="/uploads" fz="sm">
          {t("builder.who.rejected_rows")}
        </TextLink>
      }
    >
      {run.isPending && <Loading />}
      {run.isError && <Failure error={run.error} onRetry={() => run.refetch()} />}
      {run.data && <Waterfall steps={dryRunSteps(run.data)} campaignId={campaign.id} />}
    </Section>
  );
}
