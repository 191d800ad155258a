import { Button, Group, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Brand, Campaign, DryRun } from "../../api/model";
import { Notice } from "../../app/notice";
import { Section } from "../../app/page";
import { useServerNow } from "../../app/session";
import { useFormats } from "../../locale/format";
import { useDryRun } from "../dry-run";
import classes from "./builder.module.css";
import { CanaryOption } from "./canary-option";
import { DayPicker } from "./day-picker";
import type { Draft, Plan } from "./draft";
import { Count, Option } from "./option";
import { useSendingRules } from "./side-panel";
import { daysLater, instantOf, wallClockOf } from "./turkish-time";

/** The hour proposed for a day. */
const USUAL_TIME = "10:30";
const PACKAGES = { size: 5_000, every_minutes: 30 };
const CONTROL_PERCENT = 5;

interface WhenStepProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  errors: Record<string, string>;
  campaign: Campaign;
  brand: Brand | undefined;
}

/** Ne zaman: at once or at a Turkish hour, in which portions, with what trial, and until when. */
export function WhenStep({ draft, set, errors, campaign, brand }: WhenStepProps) {
  const { plan } = draft;
  const change = (part: Partial<Plan>) => set({ plan: { ...plan, ...part } });
  const parts = { plan, change, errors };
  return (
    <>
      <Start {...parts} campaign={campaign} brand={brand} />
      <Pace {...parts} draft={draft} set={set} />
      <Limits {...parts} campaign={campaign} />
    </>
  );
}

interface PartProps {
  plan: Plan;
  change: (part: Partial<Plan>) => void;
  errors: Record<string, string>;
}

function Start({
  plan,
  change,
  errors,
  campaign,
  brand,
}: PartProps & { campaign: Campaign; brand: Brand | undefined }) {
  const { t } = useTranslation();
  const serverNow = useServerNow();
  const rules = useSendingRules(campaign.brand_id);
  const run = useDryRun(campaign.id);
  const today = wallClockOf(new Date(serverNow())).day;
  const chosen = plan.send_at ? wallClockOf(plan.send_at) : undefined;
  const choose = (day: string, time: string) => {
    const send_at = instantOf({ day, time });
    if (send_at) change({ send_at });
  };
  return (
    <Section title={t("builder.when.start")} id="start">
      <div className={classes.inside}>
        <Radio.Group
          aria-label={t("builder.when.start")}
          value={chosen ? "later" : "now"}
          onChange={(value) => {
            if (value === "now") change({ send_at: null });
            else choose(daysLater(today, 1), USUAL_TIME);
          }}
        >
          <Group gap="lg">
            <Radio value="now" label={t("builder.when.now")} />
            <Radio value="later" label={t("builder.when.later")} />
          </Group>
        </Radio.Group>
        {chosen && (
          <div className={classes.when}>
            <DayPicker
              label={t("builder.when.day")}
              day={chosen.day}
              today={today}
              quiet={rules.data?.quiet_dates ?? []}
              onPick={(day) => choose(day, chosen.time)}
            />
            <Stack gap="md">
              <TextInput
                type="time"
                label={t("builder.when.hour")}
                description={t("builder.when.zone")}
                value={chosen.time}
                onChange={(event) => choose(chosen.day, event.currentTarget.value)}
                error={errors["plan.send_at"]}
                w={200}
              />
              <Proposal run={run.data} plan={plan} onTake={(send_at) => change({ send_at })} />
            </Stack>
          </div>
        )}
        {brand && (
          <Text size="sm" className="quiet">
            {t("builder.when.window", { from: brand.window.from, to: brand.window.to })}{" "}
            {rules.data?.rests_on_holidays ? t("builder.when.rests") : t("builder.when.works")}
          </Text>
        )}
      </div>
    </Section>
  );
}

/** Says what becomes of the chosen time, and offers the next open one when it is closed. */
function Proposal({ run, plan, onTake }: { run: DryRun | undefined; plan: Plan; onTake: (at: string) => void }) {
  const { t } = useTranslation();
  const formats = useFormats();
  if (!run || !plan.send_at) return null;
  const [wanted, open] = [Date.parse(plan.send_at), Date.parse(run.starts_at)];
  if (open > wanted) {
    return (
      <Notice tone="held" title={t("builder.when.closed")}>
        <Stack gap={6} align="flex-start">
          <span>{t("builder.when.next_open", { when: formats.dateTime(run.starts_at) })}</span>
          <Button size="compact-sm" variant="light" onClick={() => onTake(run.starts_at)}>
            {t("builder.when.take_open")}
          </Button>
        </Stack>
      </Notice>
    );
  }
  return (
    <Text size="sm">
      {t("builder.when.from_to", {
        from: formats.dateTime(run.starts_at),
        to: run.finishes_at ? formats.dateTime(run.finishes_at) : t("common.none"),
      })}
    </Text>
  );
}

function Pace({ plan, change, errors, draft, set }: PartProps & Pick<WhenStepProps, "draft" | "set">) {
  const { t } = useTranslation();
  const { packages } = plan;
  return (
    <Section title={t("builder.when.pace")} id="pace">
      <div className={classes.inside}>
        <Option
          label={t("builder.when.packages")}
          hint={t("builder.when.packages_hint")}
          isOn={Boolean(packages)}
          onTurn={(on) => change({ packages: on ? PACKAGES : null })}
        >
          {packages && (
            <>
              <Count
                label={t("builder.when.package_size")}
                value={packages.size}
                min={1}
                max={10_000_000}
                onChange={(size) => change({ packages: { ...packages, size } })}
                error={errors["plan.packages.size"]}
              />
              <Count
                label={t("builder.when.package_minutes")}
                value={packages.every_minutes}
                min={1}
                max={10_080}
                onChange={(every_minutes) => change({ packages: { ...packages, every_minutes } })}
                error={errors["plan.packages.every_minutes"]}
              />
            </>
          )}
        </Option>
        <CanaryOption plan={plan} change={change} errors={errors} />
        <Option
          label={t("builder.when.control")}
          hint={t("builder.when.control_hint")}
          isOn={Boolean(plan.control_percent)}
          onTurn={(on) => change({ control_percent: on ? CONTROL_PERCENT : null })}
        >
          {plan.control_percent && (
            <Count
              label={t("builder.when.control_percent")}
              value={plan.control_percent}
              min={1}
              max={10}
              onChange={(control_percent) => change({ control_percent })}
              error={errors["plan.control_percent"]}
            />
          )}
        </Option>
        <Count
          label={t("builder.when.batch")}
          description={t("builder.when.batch_hint")}
          value={draft.batch_size}
          min={1}
          max={10_000}
          onChange={(batch_size) => set({ batch_size })}
          error={errors.batch_size}
        />
      </div>
    </Section>
  );
}

function Limits({ plan, change, errors, campaign }: PartProps & { campaign: Campaign }) {
  const { t } = useTranslation();
  const serverNow = useServerNow();
  const rules = useSendingRules(campaign.brand_id);
  const ends = plan.expires_at ? wallClockOf(plan.expires_at) : undefined;
  const begins = wallClockOf(plan.send_at ?? new Date(serverNow()));
  const { per_day, per_week, per_month } = rules.data ?? {};
  const limits = [
    per_day && t("builder.when.per_day", { count: per_day }),
    per_week && t("builder.when.per_week", { count: per_week }),
    per_month && t("builder.when.per_month", { count: per_month }),
  ].filter((text) => typeof text === "string");
  return (
    <Section title={t("builder.when.limits")} id="limits">
      <div className={classes.inside}>
        <Option
          label={t("builder.when.expiry")}
          hint={t("builder.when.expiry_hint")}
          isOn={ends !== undefined}
          onTurn={(on) => change({ expires_at: on ? (instantOf({ day: begins.day, time: "20:00" }) ?? null) : null })}
        >
          {ends && (
            <TextInput
              type="datetime-local"
              label={t("builder.when.expiry_at")}
              value={`${ends.day}T${ends.time}`}
              onChange={(event) => {
                const [day = "", time = ""] = event.currentTarget.value.split("T");
                const expires_at = instantOf({ day, time });
                if (expires_at) change({ expires_at });
              }}
              error={errors["plan.expires_at"]}
            />
          )}
        </Option>
        <Option
          label={t("builder.when.cap")}
          hint={t("builder.when.cap_hint")}
          isOn={Boolean(plan.cap)}
          onTurn={(on) => change({ cap: on ? 500 : null })}
        >
          {plan.cap && (
            <Count
              label={t("builder.when.cap_people")}
              value={plan.cap}
              min={1}
              max={1_000_000_000}
              onChange={(cap) => change({ cap })}
              error={errors["plan.cap"]}
            />
          )}
        </Option>
        {limits.length > 0 ? (
          <Option
            label={t("builder.when.ignore")}
            hint={t("builder.when.ignore_hint", { limits: limits.join(", ") })}
            isOn={plan.ignores_limits != null}
            onTurn={(on) => change({ ignores_limits: on ? t("builder.when.ignore_start") : null })}
          >
            {plan.ignores_limits != null && (
              <Textarea
                label={t("builder.when.ignore_reason")}
                value={plan.ignores_limits}
                onChange={(event) => change({ ignores_limits: event.currentTarget.value })}
                error={errors["plan.ignores_limits"]}
                maxLength={500}
                autosize
                minRows={2}
                w="100%"
                maw={420}
                withAsterisk
              />
            )}
          </Option>
        ) : (
          <Text size="sm" className="quiet">
            {t("builder.when.no_limits")}
          </Text>
        )}
      </div>
    </Section>
  );
}
