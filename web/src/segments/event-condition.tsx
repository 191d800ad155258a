import { NumberInput, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { EventType } from "../api/model";
import classes from "../campaigns/builder/builder.module.css";
import { useEventLabel } from "../events/event-types";
import { type EventRule, FIELD_COMPARISONS, OFTEN, PERIODS, periodOf, withPeriod } from "./event-rule";

interface EventConditionProps {
  condition: EventRule;
  path: string;
  types: EventType[];
  onChange: (condition: EventRule) => void;
}

/** How often an event happened, since when, and with what in its body. */
export function EventCondition({ condition, path, types, onChange }: EventConditionProps) {
  const { t } = useTranslation();
  const labelOf = useEventLabel();
  const names = types.map((type) => ({
    value: type.name,
    label: type.is_defined ? `${labelOf(type)} (${type.name})` : type.name,
  }));
  const isKnown = condition.name === "" || names.some(({ value }) => value === condition.name);
  const period = periodOf(condition);
  return (
    <>
      <Select
        aria-label={t("builder.segment.event.name", { path })}
        placeholder={t("builder.segment.event.placeholder")}
        size="sm"
        className={classes.wide}
        data={isKnown ? names : [...names, { value: condition.name, label: condition.name }]}
        value={condition.name || null}
        allowDeselect={false}
        searchable
        onChange={(name) => name && onChange({ ...condition, name, field: undefined })}
      />
      <Select
        aria-label={t("builder.segment.event.often", { path })}
        size="sm"
        w={120}
        data={OFTEN.map((often) => ({ value: often, label: t(`builder.segment.event.how.${often}`) }))}
        value={condition.often}
        allowDeselect={false}
        onChange={(value) => {
          const often = OFTEN.find((one) => one === value);
          if (often) onChange({ ...condition, often, times: often === "never" ? 0 : condition.times || 1 });
        }}
      />
      {condition.often !== "never" && (
        <NumberInput
          aria-label={t("builder.segment.event.times", { path })}
          size="sm"
          w={100}
          min={1}
          max={1000}
          allowDecimal={false}
          suffix={t("builder.segment.event.times_suffix")}
          value={condition.times}
          onChange={(times) => onChange({ ...condition, times: Number(times) })}
        />
      )}
      <Select
        aria-label={t("builder.segment.event.period", { path })}
        size="sm"
        w={140}
        data={PERIODS.map((one) => ({ value: one, label: t(`builder.segment.event.when.${one}`) }))}
        value={period}
        allowDeselect={false}
        onChange={(value) => {
          const chosen = PERIODS.find((one) => one === value);
          if (chosen) onChange(withPeriod(condition, chosen));
        }}
      />
      {period === "days" && (
        <NumberInput
          aria-label={t("builder.segment.days", { path })}
          size="sm"
          w={130}
          min={1}
          max={730}
          allowDecimal={false}
          suffix={t("builder.segment.days_suffix")}
          value={condition.days ?? ""}
          onChange={(days) => onChange({ ...condition, days: Number(days) })}
        />
      )}
      {period === "between" &&
        (["from", "until"] as const).map((end) => (
          <TextInput
            key={end}
            aria-label={t(`builder.segment.event.${end}`, { path })}
            size="sm"
            w={150}
            type="date"
            value={condition[end] ?? ""}
            onChange={(event) => onChange({ ...condition, [end]: event.currentTarget.value })}
          />
        ))}
      <FieldCondition condition={condition} path={path} types={types} onChange={onChange} />
    </>
  );
}

/** What the body of the events holds that count; all count without it. */
function FieldCondition({ condition, path, types, onChange }: EventConditionProps) {
  const { t } = useTranslation();
  const { field } = condition;
  const described = types.find(({ name }) => name === condition.name)?.fields ?? [];
  const names = described.map(({ name }) => name);
  if (names.length === 0 && !field) return null;
  const known = field && !names.includes(field.name) ? [...names, field.name] : names;
  return (
    <>
      <Select
        aria-label={t("builder.segment.event.field", { path })}
        placeholder={t("builder.segment.event.any_field")}
        size="sm"
        w={150}
        data={known}
        value={field?.name ?? null}
        clearable
        clearButtonProps={{ "aria-label": t("builder.segment.event.drop_field", { path }) }}
        onChange={(name) => {
          const isNumber = described.find((one) => one.name === name)?.kind === "number";
          const first = isNumber ? "above" : "is";
          onChange({ ...condition, field: name ? { name, comparison: first, value: "" } : undefined });
        }}
      />
      {field && (
        <>
          <Select
            aria-label={t("builder.segment.compare", { path })}
            size="sm"
            w={130}
            data={FIELD_COMPARISONS.map((one) => ({ value: one, label: t(`builder.segment.comparison.${one}`) }))}
            value={field.comparison}
            allowDeselect={false}
            onChange={(value) => {
              const comparison = FIELD_COMPARISONS.find((one) => one === value);
              if (comparison) onChange({ ...condition, field: { ...field, comparison } });
            }}
          />
          <TextInput
            aria-label={t("builder.segment.value", { path })}
            size="sm"
            className={classes.wide}
            value={field.value}
            onChange={(event) => onChange({ ...condition, field: { ...field, value: event.currentTarget.value } })}
          />
        </>
      )}
    </>
  );
}
