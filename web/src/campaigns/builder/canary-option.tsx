import { SimpleGrid } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { type Plan, REFUSAL_PERCENT, withWait } from "./draft";
import { Count, Option } from "./option";

const CANARY = { percent: 1, wait_minutes: 30, brake_percent: 20 };

interface CanaryOptionProps {
  plan: Plan;
  change: (part: Partial<Plan>) => void;
  errors: Record<string, string>;
}

/** A first group, how long its results are waited for, and what stops the campaign. */
export function CanaryOption({ plan, change, errors }: CanaryOptionProps) {
  const { t } = useTranslation();
  const { canary, split } = plan;
  const set = (part: Partial<NonNullable<typeof canary>>) => canary && change({ canary: { ...canary, ...part } });
  return (
    <Option
      label={t("builder.when.canary")}
      hint={split ? t("builder.when.canary_not_with_split") : t("builder.when.canary_hint")}
      isOn={Boolean(canary)}
      isDisabled={Boolean(split)}
      onTurn={(on) => change({ canary: on ? CANARY : null })}
    >
      {canary && (
        <SimpleGrid cols={{ base: 1, xs: 2 }} w="100%" style={{ alignItems: "end" }}>
          <Count
            label={t("builder.when.canary_percent")}
            description={t("builder.when.canary_percent_hint")}
            value={canary.percent}
            min={1}
            max={50}
            onChange={(percent) => set({ percent })}
            error={errors["plan.canary.percent"] ?? errors["plan.canary"]}
          />
          <Count
            label={t("builder.when.canary_minutes")}
            description={t("builder.when.canary_minutes_hint")}
            value={canary.wait_minutes}
            min={1}
            max={4_320}
            onChange={(minutes) => change({ canary: withWait(canary, minutes) })}
            error={errors["plan.canary.wait_minutes"]}
          />
          <Count
            label={t("builder.when.canary_brake")}
            description={t("builder.when.canary_brake_hint")}
            value={canary.brake_percent}
            min={1}
            max={100}
            onChange={(brake_percent) => set({ brake_percent })}
            error={errors["plan.canary.brake_percent"]}
          />
          <Count
            label={t("builder.when.canary_refusals")}
            description={t("builder.when.canary_refusals_hint")}
            value={canary.brake_refusal_percent ?? REFUSAL_PERCENT}
            min={1}
            max={100}
            onChange={(brake_refusal_percent) => set({ brake_refusal_percent })}
            error={errors["plan.canary.brake_refusal_percent"]}
          />
          <Count
            label={t("builder.when.canary_refusal_minutes")}
            description={t("builder.when.canary_refusal_minutes_hint")}
            value={canary.refusal_minutes ?? 0}
            min={0}
            max={canary.wait_minutes}
            onChange={(refusal_minutes) => set({ refusal_minutes })}
            error={errors["plan.canary.refusal_minutes"]}
          />
        </SimpleGrid>
      )}
    </Option>
  );
}
