/** How often an event of the person happened, as the server takes it. */
export interface EventRule {
  type: "event";
  name: string;
  often: (typeof OFTEN)[number];
  times: number;
  days?: number;
  /** Turkish days such as `2025-06-01`, instead of `days`. */
  from?: string;
  until?: string;
  field?: FieldRule;
}

/** What the body of an event holds. */
export interface FieldRule {
  name: string;
  comparison: (typeof FIELD_COMPARISONS)[number];
  value: string;
}

export const OFTEN = ["at_least", "at_most", "never"] as const;
export const FIELD_COMPARISONS = ["is", "is_not", "below", "above"] as const;
export const PERIODS = ["days", "between", "ever"] as const;

/** In which way a condition says since when it counts. */
export function periodOf(rule: EventRule): (typeof PERIODS)[number] {
  if (rule.days !== undefined) return "days";
  return rule.from !== undefined || rule.until !== undefined ? "between" : "ever";
}

/** The condition with another way, not filled in yet where it asks for days. */
export function withPeriod(rule: EventRule, period: (typeof PERIODS)[number]): EventRule {
  const { days: _days, from: _from, until: _until, ...rest } = rule;
  switch (period) {
    case "days":
      return { ...rest, days: 30 };
    case "between":
      return { ...rest, from: "", until: "" };
    case "ever":
      return rest;
  }
}

/** A condition that counts an event in the last month. */
export function emptyEvent(name: string): EventRule {
  return { type: "event", name, often: "at_least", times: 1, days: 30 };
}

/** Whether everything that it asks for is there. */
export function isEventFilled(rule: EventRule): boolean {
  const counts = rule.often === "never" || (Number.isInteger(rule.times) && rule.times >= 1 && rule.times <= 1000);
  return rule.name !== "" && counts && isPeriodFilled(rule) && isFieldFilled(rule.field);
}

function isPeriodFilled({ days, from, until }: EventRule): boolean {
  if (days !== undefined) return Number.isInteger(days) && days >= 1 && days <= 730;
  const isOpen = from === undefined && until === undefined;
  const isSaid = Boolean(from || until);
  return isOpen || (isSaid && (!from || !until || from <= until));
}

function isFieldFilled(field: FieldRule | undefined): boolean {
  if (!field) return true;
  const isNumeric = field.comparison === "below" || field.comparison === "above";
  return isNumeric ? /^-?\d+(\.\d+)?$/.test(field.value) : field.value.trim() !== "";
}

/** The condition as it is sent: days that were left empty are not there. */
export function sentEvent(rule: EventRule): EventRule {
  const { from, until, ...rest } = rule;
  return { ...rest, ...(from && { from }), ...(until && { until }) };
}
