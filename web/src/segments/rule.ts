import type { Attribute, Channel } from "../api/model";
import { type EventRule, emptyEvent, isEventFilled, sentEvent } from "./event-rule";

/** A rule that says whom a segment is for, as the server takes it. */
export type Rule = GroupRule | Condition;

/** Several rules joined by "all of" or "any of". */
export interface GroupRule {
  type: "all" | "any";
  rules: Rule[];
}

/** One thing that is asked of a person. */
export type Condition =
  | { type: "attribute"; code: string; comparison: Comparison; value: string }
  | { type: "group"; name: string; is_in: boolean }
  | { type: "consent"; channel: Channel; status: "ONAY" | "RET" | null }
  | { type: "message"; history: "sent" | "delivered"; days: number; happened: boolean }
  | EventRule;

export type Comparison = "is" | "is_not" | "contains" | "below" | "above" | "filled" | "blank";

/** Deepest nesting of groups that the server takes, and most conditions. */
export const DEPTH_MAX = 4;
export const CONDITIONS_MAX = 30;

export function isGroup(rule: Rule): rule is GroupRule {
  return rule.type === "all" || rule.type === "any";
}

/** A rule with one condition to begin from. */
export function firstRule(): GroupRule {
  return { type: "all", rules: [{ type: "group", name: "", is_in: true }] };
}

/** A condition of a kind, not filled in yet. */
export function emptyCondition(type: Condition["type"], attributes: Attribute[]): Condition {
  switch (type) {
    case "attribute":
      return { type, code: attributes[0]?.code ?? "", comparison: "is", value: "" };
    case "group":
      return { type, name: "", is_in: true };
    case "consent":
      return { type, channel: "MESAJ", status: "ONAY" };
    case "message":
      return { type, history: "delivered", days: 90, happened: true };
    case "event":
      return emptyEvent("");
  }
}

/** How values of a kind can be compared. */
export function comparisonsOf(kind: Attribute["kind"] | undefined): Comparison[] {
  switch (kind) {
    case "number":
    case "date":
      return ["is", "is_not", "below", "above", "filled", "blank"];
    case "boolean":
    case "choice":
      return ["is", "is_not", "filled", "blank"];
    default:
      return ["is", "is_not", "contains", "filled", "blank"];
  }
}

/** Whether a comparison asks for a value. */
export function needsValue(comparison: Comparison): boolean {
  return comparison !== "filled" && comparison !== "blank";
}

/** How many conditions it has, and whether each is filled in. */
export function sizeOf(rule: Rule): { conditions: number; isWhole: boolean } {
  if (!isGroup(rule)) return { conditions: 1, isWhole: isFilled(rule) };
  const parts = rule.rules.map(sizeOf);
  return {
    conditions: parts.reduce((sum, part) => sum + part.conditions, 0),
    isWhole: parts.length > 0 && parts.every((part) => part.isWhole),
  };
}

function isFilled(condition: Condition): boolean {
  switch (condition.type) {
    case "attribute":
      return condition.code !== "" && (!needsValue(condition.comparison) || condition.value.trim() !== "");
    case "group":
      return condition.name.trim() !== "";
    case "consent":
      return true;
    case "message":
      return Number.isInteger(condition.days) && condition.days >= 1 && condition.days <= 730;
    case "event":
      return isEventFilled(condition);
  }
}

/** The rule as it is sent. */
export function sentRule(rule: Rule): Rule {
  if (isGroup(rule)) return { ...rule, rules: rule.rules.map(sentRule) };
  return rule.type === "event" ? sentEvent(rule) : rule;
}

/** The group with the rule at a place replaced, or taken out. A group that is left empty goes too. */
export function withRule(group: GroupRule, place: number, rule: Rule | undefined): GroupRule {
  const isEmpty = rule === undefined || (isGroup(rule) && rule.rules.length === 0);
  return {
    ...group,
    rules: isEmpty ? group.rules.filter((_, at) => at !== place) : group.rules.with(place, rule),
  };
}
