import type { Brand, Campaign, CampaignChange } from "../../api/model";

/** What is done to the characters of a text message before it leaves. */
export type Lettering = NonNullable<Campaign["plan"]["lettering"]>;
/** How a campaign leaves. */
export type Plan = Campaign["plan"];
/** Whom it is for. */
export type Audience = Campaign["audience"];

/** A plan that says nothing: at once, and to all. */
export const EMPTY_PLAN: Plan = {
  send_at: null,
  expires_at: null,
  packages: null,
  canary: null,
  control_percent: null,
  cap: null,
  ignores_limits: null,
  split: null,
  fallbacks: [],
  fallback_senders: {},
  lettering: null,
};

/** What a writer chooses of a campaign. */
export type Draft = Pick<
  Campaign,
  | "name"
  | "brand_id"
  | "channel"
  | "kind"
  | "basis"
  | "purpose"
  | "body"
  | "sender"
  | "connector_id"
  | "promotion_id"
  | "audience"
  | "batch_size"
> & { plan: Plan };

const FIELDS = [
  "name",
  "brand_id",
  "channel",
  "kind",
  "basis",
  "purpose",
  "body",
  "sender",
  "connector_id",
  "promotion_id",
  "audience",
  "batch_size",
  "plan",
] as const satisfies (keyof Draft)[];

/** What the server has of a draft. */
export function draftOf(campaign: Campaign): Draft {
  return Object.fromEntries(FIELDS.map((field) => [field, campaign[field]])) as unknown as Draft;
}

/** What differs from what the server has; empty when nothing does. */
export function changesOf(draft: Draft, saved: Campaign): CampaignChange {
  const changed = FIELDS.filter((field) => plain(draft[field]) !== plain(saved[field]));
  return Object.fromEntries(changed.map((field) => [field, draft[field]]));
}

/** The same facts as the same text: nothing said is `null`, `[]` or absent, and times may be written in any zone. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === null) return undefined;
    if (Array.isArray(part)) return part.length === 0 ? undefined : part;
    if (typeof part === "string") {
      return /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(part) ? new Date(part).toISOString() : part;
    }
    if (typeof part === "object") return Object.fromEntries(Object.entries(part as object).sort());
    return part;
  });
}

/**
 * What every text of a brand must hold, in Turkish as the message is (Regulation
 * on commercial communication, art. 8): who sends it and how to refuse.
 */
export function mandatoryWords({ trade_name, mersis, short_name }: Brand): string {
  const sender = mersis ? `${trade_name} Mersis ${mersis}` : trade_name;
  return `${sender}. İleti almamak için RET ${short_name} yazıp 3338'e gönderin.`;
}

/** The text that a new draft begins with, so that it says from the first minute whose it is. */
export function firstWords(brand: Brand, basis: Campaign["basis"]): string {
  return basis === "COMMERCIAL" ? mandatoryWords(brand) : brand.trade_name;
}

/** Whether nobody has written anything yet. */
export function isUnwritten(body: string, brand: Brand | undefined): boolean {
  const text = body.trim();
  return text === "" || (brand !== undefined && (text === mandatoryWords(brand) || text === brand.trade_name));
}

/** A sentence behind the text, once. */
export function withSentence(body: string, sentence: string): string {
  return body.includes(sentence) ? body : `${body.trimEnd()} ${sentence}`.trimStart();
}

/** The same plan with other accounts to step in; the senders of those that are left out go with them. */
export function withFallbacks(plan: Plan, fallbacks: string[]): Plan {
  const senders = Object.entries(plan.fallback_senders ?? {}).filter(([account]) => fallbacks.includes(account));
  return { ...plan, fallbacks, fallback_senders: Object.fromEntries(senders) };
}

/** The same plan with a sender of its own over one account; an empty one is the campaign's again. */
export function withFallbackSender(plan: Plan, account: string, sender: string): Plan {
  const { [account]: _, ...others } = plan.fallback_senders ?? {};
  return { ...plan, fallback_senders: sender.trim() === "" ? others : { ...others, [account]: sender } };
}

/** Whether a provider that names its approved senders does not name this one; a list of numbers says nothing of names. */
export function isUnlisted(sender: string, approved: readonly string[]): boolean {
  const wanted = sender.trim();
  const namesNames = approved.some((name) => !/^\+?\d+$/.test(name));
  return namesNames && wanted !== "" && !approved.includes(wanted);
}

/** A few people first. */
export type Canary = NonNullable<Plan["canary"]>;

/** From this share of refusals or complaints on a first group stops the campaign, percent, where nobody said otherwise. */
export const REFUSAL_PERCENT = 5;

/** The same first group with another time for results; refusals are not waited for longer than that. */
export function withWait(canary: Canary, wait_minutes: number): Canary {
  const { refusal_minutes } = canary;
  return {
    ...canary,
    wait_minutes,
    ...(refusal_minutes != null && { refusal_minutes: Math.min(refusal_minutes, wait_minutes) }),
  };
}

/** Most accounts or addresses that an audience names one by one. */
export const NAMED_MAX = 10_000;

/** The firm's own numbers of its people (cari kodu), one a line or behind commas, semicolons or tabs; each once. */
export function codesOf(text: string): string[] {
  const parts = text.split(/[\n,;\t]/).map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ""))];
}
