import {
  ActionIcon,
  Autocomplete,
  Button,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconFolderPlus, IconPlus, IconTrash } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Attribute, Campaign, EventType } from "../api/model";
import { Problem } from "../app/states";
import { useAttributeLabel, useAttributes } from "../attributes/attributes";
import classes from "../campaigns/builder/builder.module.css";
import { useEventTypes } from "../events/event-types";
import { useFormats } from "../locale/format";
import { EventCondition } from "./event-condition";
import {
  CONDITIONS_MAX,
  type Comparison,
  type Condition,
  comparisonsOf,
  DEPTH_MAX,
  emptyCondition,
  firstRule,
  type GroupRule,
  isGroup,
  needsValue,
  type Rule,
  sentRule,
  sizeOf,
  withRule,
} from "./rule";

const KINDS = ["attribute", "group", "consent", "message", "event"] as const;
const CHANNELS = ["MESAJ", "ARAMA", "EPOSTA", "WHATSAPP"] as const;
/** How long nothing is changed before people are counted, milliseconds. */
const REST_MS = 500;

/** For what people are judged. */
export type About = Pick<Campaign, "brand_id" | "channel" | "kind">;

interface SegmentBuilderProps {
  rule: GroupRule;
  onChange: (rule: GroupRule) => void;
  /** Names of tags and lists, as suggestions. */
  groups: string[];
}

/** Rules joined by "and" and "or", groups inside groups. */
export function SegmentBuilder({ rule, onChange, groups }: SegmentBuilderProps) {
  const attributes = useAttributes();
  const events = useEventTypes();
  const { conditions } = sizeOf(rule);
  return (
    <RuleGroup
      rule={rule}
      depth={1}
      path=""
      isFull={conditions >= CONDITIONS_MAX}
      groups={groups}
      attributes={attributes.data ?? []}
      events={events.data ?? []}
      onChange={(next) => onChange(next ?? firstRule())}
    />
  );
}

interface RuleGroupProps {
  rule: GroupRule;
  depth: number;
  /** Where it stands, such as `2.1`; the outermost stands nowhere. */
  path: string;
  isFull: boolean;
  groups: string[];
  attributes: Attribute[];
  events: EventType[];
  onChange: (rule: GroupRule | undefined) => void;
}

function RuleGroup({ rule, depth, path, isFull, groups, attributes, events, onChange }: RuleGroupProps) {
  const { t } = useTranslation();
  const name = path === "" ? t("builder.segment.rules") : t("builder.segment.group", { path });
  const add = (added: Rule) => onChange({ ...rule, rules: [...rule.rules, added] });
  const fresh = () => emptyCondition(attributes.length > 0 ? "attribute" : "group", attributes);
  return (
    <fieldset className={classes.ruleGroup} data-depth={depth}>
      <legend className={classes.ruleLegend}>{name}</legend>
      <Group gap="xs" justify="space-between">
        <SegmentedControl
          aria-label={t("builder.segment.joined", { name })}
          size="xs"
          data={[
            { value: "all", label: t("builder.segment.all") },
            { value: "any", label: t("builder.segment.any") },
          ]}
          value={rule.type}
          onChange={(type) => onChange({ ...rule, type: type === "any" ? "any" : "all" })}
        />
        {path !== "" && (
          <Button size="compact-sm" variant="default" onClick={() => onChange(undefined)}>
            {t("builder.segment.drop_group")}
          </Button>
        )}
      </Group>
      <ol className={classes.rules}>
        {rule.rules.map((part, place) => {
          const here = path === "" ? `${place + 1}` : `${path}.${place + 1}`;
          return (
            <li key={place}>
              {place > 0 && (
                <span className={classes.joint} aria-hidden>
                  {t(rule.type === "all" ? "builder.segment.and" : "builder.segment.or")}
                </span>
              )}
              {isGroup(part) ? (
                <RuleGroup
                  rule={part}
                  depth={depth + 1}
                  path={here}
                  isFull={isFull}
                  groups={groups}
                  attributes={attributes}
                  events={events}
                  onChange={(next) => onChange(withRule(rule, place, next))}
                />
              ) : (
                <ConditionRow
                  condition={part}
                  path={here}
                  groups={groups}
                  attributes={attributes}
                  events={events}
                  onChange={(next) => onChange(withRule(rule, place, next))}
                />
              )}
            </li>
          );
        })}
      </ol>
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconPlus size={15} aria-hidden />}
          onClick={() => add(fresh())}
          disabled={isFull}
        >
          {t("builder.segment.add")}
        </Button>
        {depth < DEPTH_MAX && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconFolderPlus size={15} aria-hidden />}
            onClick={() => add({ type: rule.type === "all" ? "any" : "all", rules: [fresh()] })}
            disabled={isFull}
          >
            {t("builder.segment.add_group")}
          </Button>
        )}
      </Group>
    </fieldset>
  );
}

interface ConditionRowProps {
  condition: Condition;
  path: string;
  groups: string[];
  attributes: Attribute[];
  events: EventType[];
  onChange: (condition: Condition | undefined) => void;
}

function ConditionRow({ condition, path, groups, attributes, events, onChange }: ConditionRowProps) {
  const { t } = useTranslation();
  const isOffered = (kind: (typeof KINDS)[number]) =>
    kind === condition.type ||
    (kind === "attribute" ? attributes.length > 0 : kind === "event" ? events.length > 0 : true);
  return (
    <div className={classes.condition}>
      <Select
        aria-label={t("builder.segment.what", { path })}
        size="sm"
        w={175}
        data={KINDS.filter(isOffered).map((kind) => ({
          value: kind,
          label: t(`builder.segment.kind.${kind}`),
        }))}
        value={condition.type}
        allowDeselect={false}
        onChange={(value) => {
          const kind = KINDS.find((one) => one === value);
          if (kind) onChange(emptyCondition(kind, attributes));
        }}
      />
      {condition.type === "attribute" && (
        <AttributeCondition condition={condition} path={path} attributes={attributes} onChange={onChange} />
      )}
      {condition.type === "group" && (
        <>
          <Select
            aria-label={t("builder.segment.compare", { path })}
            size="sm"
            w={120}
            data={[
              { value: "in", label: t("builder.segment.is_in") },
              { value: "out", label: t("builder.segment.is_out") },
            ]}
            value={condition.is_in ? "in" : "out"}
            allowDeselect={false}
            onChange={(value) => onChange({ ...condition, is_in: value !== "out" })}
          />
          <Autocomplete
            aria-label={t("builder.segment.group_name", { path })}
            placeholder={t("builder.segment.group_placeholder")}
            size="sm"
            className={classes.wide}
            data={groups}
            value={condition.name}
            onChange={(name) => onChange({ ...condition, name })}
          />
        </>
      )}
      {condition.type === "consent" && (
        <>
          <Select
            aria-label={t("builder.segment.channel", { path })}
            size="sm"
            w={120}
            data={CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
            value={condition.channel}
            allowDeselect={false}
            onChange={(value) => onChange({ ...condition, channel: CHANNELS.find((one) => one === value) ?? "MESAJ" })}
          />
          <Select
            aria-label={t("builder.segment.status", { path })}
            size="sm"
            className={classes.wide}
            data={(["ONAY", "RET", "none"] as const).map((value) => ({
              value,
              label: t(`builder.segment.consent.${value}`),
            }))}
            value={condition.status ?? "none"}
            allowDeselect={false}
            onChange={(value) => onChange({ ...condition, status: value === "ONAY" || value === "RET" ? value : null })}
          />
        </>
      )}
      {condition.type === "message" && (
        <>
          <NumberInput
            aria-label={t("builder.segment.days", { path })}
            size="sm"
            w={150}
            min={1}
            max={730}
            allowDecimal={false}
            prefix={t("builder.segment.days_prefix")}
            suffix={t("builder.segment.days_suffix")}
            value={condition.days}
            onChange={(days) => onChange({ ...condition, days: Number(days) })}
          />
          <Select
            aria-label={t("builder.segment.compare", { path })}
            size="sm"
            className={classes.wide}
            data={(["sent", "delivered", "not_sent", "not_delivered"] as const).map((value) => ({
              value,
              label: t(`builder.segment.message.${value}`),
            }))}
            value={`${condition.happened ? "" : "not_"}${condition.history}`}
            allowDeselect={false}
            onChange={(value) =>
              onChange({
                ...condition,
                history: value?.endsWith("delivered") ? "delivered" : "sent",
                happened: !value?.startsWith("not_"),
              })
            }
          />
        </>
      )}
      {condition.type === "event" && (
        <EventCondition condition={condition} path={path} types={events} onChange={onChange} />
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        onClick={() => onChange(undefined)}
        aria-label={t("builder.segment.drop", { path })}
      >
        <IconTrash size={18} aria-hidden />
      </ActionIcon>
    </div>
  );
}

interface AttributeConditionProps {
  condition: Extract<Condition, { type: "attribute" }>;
  path: string;
  attributes: Attribute[];
  onChange: (condition: Condition) => void;
}

function AttributeCondition({ condition, path, attributes, onChange }: AttributeConditionProps) {
  const { t } = useTranslation();
  const labelOf = useAttributeLabel();
  const attribute = attributes.find(({ code }) => code === condition.code);
  const comparisons = comparisonsOf(attribute?.kind);
  const label = t("builder.segment.value", { path });
  return (
    <>
      <Select
        aria-label={t("builder.segment.attribute", { path })}
        size="sm"
        w={150}
        data={attributes.map((one) => ({ value: one.code, label: labelOf(one) }))}
        value={condition.code}
        allowDeselect={false}
        searchable
        onChange={(code) => code && onChange({ ...condition, code, comparison: "is", value: "" })}
      />
      <Select
        aria-label={t("builder.segment.compare", { path })}
        size="sm"
        w={130}
        data={comparisons.map((value) => ({ value, label: t(`builder.segment.comparison.${value}`) }))}
        value={condition.comparison}
        allowDeselect={false}
        onChange={(value) => {
          const comparison = comparisons.find((one): one is Comparison => one === value);
          if (comparison) {
            onChange({ ...condition, comparison, value: needsValue(comparison) ? condition.value : "" });
          }
        }}
      />
      {needsValue(condition.comparison) &&
        (attribute?.kind === "choice" || attribute?.kind === "boolean" ? (
          <Select
            aria-label={label}
            size="sm"
            className={classes.wide}
            data={
              attribute.kind === "choice"
                ? attribute.choices
                : (["true", "false"] as const).map((value) => ({ value, label: t(`builder.segment.bool.${value}`) }))
            }
            value={condition.value || null}
            onChange={(value) => onChange({ ...condition, value: value ?? "" })}
          />
        ) : (
          <TextInput
            aria-label={label}
            size="sm"
            className={classes.wide}
            type={attribute?.kind === "date" ? "date" : "text"}
            inputMode={attribute?.kind === "number" ? "decimal" : undefined}
            value={condition.value}
            onChange={(event) => onChange({ ...condition, value: event.currentTarget.value })}
          />
        ))}
    </>
  );
}

/** How many people rules find now, and how many of them may be written to; counted while they are being changed. */
export function RuleCount({ rule, about }: { rule: GroupRule; about: About }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const { isWhole } = sizeOf(rule);
  const [rested] = useDebouncedValue(rule, REST_MS);
  const question = { brand_id: about.brand_id, channel: about.channel, kind: about.kind, rule: sentRule(rested) };
  const found = useQuery({
    queryKey: ["segment-preview", question],
    queryFn: () =>
      answer(api.POST("/api/v1/segments/preview", { body: { ...question, rule: question.rule as never } })),
    enabled: isWhole && sizeOf(rested).isWhole,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });
  const { data } = found;
  return (
    <Stack gap={4} className={classes.ruleCount} role="status" aria-live="polite">
      {!isWhole && <Text size="sm">{t("builder.segment.unfinished")}</Text>}
      {isWhole && found.isError && <Problem error={found.error} />}
      {isWhole && data && (
        <>
          <Text>
            <strong className="number" data-found={data.target}>
              {t("builder.segment.found", { count: data.target })}
            </strong>{" "}
            <span className="quiet">{t("builder.segment.sendable", { people: formats.number(data.sendable) })}</span>
          </Text>
          <Text size="sm" className="quiet">
            {i18n.language === "en" ? data.text_en : data.text_tr}
          </Text>
        </>
      )}
    </Stack>
  );
}
