import type { Brand, Campaign, CampaignChange } from "../../api/model";

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
  | "plan"
>;

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
