import type { Channel, Question, RecipientKind, Upload, UploadAnswers } from "../api/model";

/** How a question is put: one of several, several of several, or one of a long list. */
export type Asking =
  | { form: "one"; choices: string[]; examples?: string[] }
  | { form: "several"; choices: string[] }
  | { form: "list"; choices: string[]; suggestion?: string };

/** What somebody chose, by the question's key. */
export type Chosen = Record<string, string | string[]>;

/** Sources that a firm may name itself; those that begin with İYS are the registry's own. */
export const SOURCES = [
  "HS_WEB",
  "HS_MOBIL",
  "HS_FIZIKSEL_ORTAM",
  "HS_ISLAK_IMZA",
  "HS_CAGRI_MERKEZI",
  "HS_MESAJ",
  "HS_EPOSTA",
  "HS_SOSYAL_MEDYA",
  "HS_ETKINLIK",
  "HS_EORTAM",
  "HS_ATM",
  "HS_2015",
  "HS_KARAR",
] as const;

const KINDS: RecipientKind[] = ["BIREYSEL", "TACIR"];
const CHANNELS: Channel[] = ["MESAJ", "ARAMA", "EPOSTA", "WHATSAPP"];

/** Tells a question from the others of its file. */
export function keyOf(question: Question): string {
  return [question.code, question.column, question.word].filter(Boolean).join(":");
}

/** What can be answered to a question; nothing when it is one that this panel does not know. */
export function askingOf(question: Question): Asking | undefined {
  switch (question.code) {
    case "date_order":
      return { form: "one", choices: ["day_first", "month_first"] };
    case "polarity":
      return question.column ? { form: "one", choices: ["yes_is_refusal", "yes_is_consent"] } : undefined;
    case "status_channels":
      return { form: "several", choices: CHANNELS };
    case "source_word":
      if (!question.word) return undefined;
      return { form: "list", choices: [...SOURCES], suggestion: question.suggestion ?? undefined };
    case "kind_word":
      return question.word ? { form: "one", choices: KINDS } : undefined;
    case "default_kind":
      return { form: "one", choices: KINDS };
    case "consent_date_column":
      return question.column ? { form: "one", choices: ["is_consent_date", "is_other_date"] } : undefined;
    case "phone_zeros":
      return { form: "one", choices: ["phones_are_real"] };
    case "brand_word":
      return question.word ? { form: "one", choices: ["is_our_brand"] } : undefined;
    case "unnamed_column":
      return question.column ? { form: "one", choices: [...NAMELESS] } : undefined;
    case "sheet":
      return question.choices?.length ? { form: "one", choices: question.choices } : undefined;
    case "encoding":
      if (!question.choices?.length) return undefined;
      return { form: "one", choices: question.choices, examples: question.examples };
    default:
      return undefined;
  }
}

/** Whether a file waits for the answer; a question about one word only keeps the rows with that word out. */
export function stopsFile({ code }: Question): boolean {
  return code !== "source_word" && code !== "kind_word";
}

/** What a column without a header may hold. */
const NAMELESS = ["phone", "email", "external_id", "token", "promotion_code", "ignored"] as const;

/**
 * Everything that was chosen as one call; nothing when nothing was chosen.
 * `brands` are the spellings that were confirmed before: a list is sent whole.
 */
export function answersOf(
  questions: Question[],
  chosen: Chosen,
  brands: readonly string[] = [],
): UploadAnswers | undefined {
  const mapping: Record<string, unknown> = {};
  const put = (field: string, key: string, value: unknown) => {
    mapping[field] = { ...(mapping[field] as object | undefined), [key]: value };
  };
  let kind: RecipientKind | undefined;
  for (const question of questions) {
    const value = chosen[keyOf(question)];
    if (value === undefined || value.length === 0) continue;
    switch (question.code) {
      case "date_order":
        // Two columns of one file may be written differently.
        if (question.column) put("date_orders", question.column, value);
        else mapping.date_order = value;
        break;
      case "polarity":
        put("polarity", question.column ?? "", value);
        break;
      case "status_channels":
        mapping.status_channels = value;
        break;
      case "source_word":
        put("sources", question.word ?? "", value);
        break;
      case "kind_word":
        put("kinds", question.word ?? "", value);
        break;
      case "default_kind":
        kind = KINDS.find((known) => known === value);
        break;
      case "consent_date_column":
        put("columns", question.column ?? "", { field: value === "is_consent_date" ? "date" : "ignored" });
        break;
      case "phone_zeros":
        mapping.phone_zeros_are_real = true;
        break;
      case "brand_word":
        mapping.brands = [...((mapping.brands as string[] | undefined) ?? brands), question.word ?? ""];
        break;
      case "unnamed_column":
        put("columns", question.column ?? "", { field: value });
        break;
      case "sheet":
      case "encoding":
        mapping[question.code] = value;
        break;
    }
  }
  const hasMapping = Object.keys(mapping).length > 0;
  if (!hasMapping && !kind) return undefined;
  return { ...(hasMapping && { mapping }), ...(kind && { default_recipient_kind: kind }) };
}

/** Whether answers are still taken: nothing of the file was applied, and it is not being read. */
export function takesAnswers({ state }: Upload): boolean {
  return state === "judged" || state === "waiting_for_person" || state === "refused";
}

/** How people and national numbers of a file are taken: as somebody said, now or for an earlier file. */
export function rulesOf({ mapping }: Pick<Upload, "mapping">): { update_people: boolean; default_country: string } {
  const country = mapping?.default_country;
  return {
    update_people: mapping?.update_people === true,
    default_country: typeof country === "string" ? country : "TR",
  };
}

/** Fields that a person may give a column; those of a consent once more per channel. */
export const PERSON_FIELDS = [
  "phone",
  "email",
  "recipient",
  "first_name",
  "last_name",
  "full_name",
  "external_id",
  "token",
  "promotion_code",
  "kind",
  "tags",
  "branch",
  "retailer",
] as const;
export const CONSENT_FIELDS = ["status", "refusal", "date", "source"] as const;
export const CONSENT_CHANNELS = CHANNELS;

interface ColumnMeaning {
  field?: string | null;
  channel?: string | null;
  attribute?: string | null;
}

/** The meaning of a column as one word for a select: `phone`, `status:EPOSTA`, `attribute:semt`. */
export function meaningOf({ field, channel, attribute }: ColumnMeaning): string {
  if (!field) return "ignored";
  const more = attribute ?? channel;
  return more ? `${field}:${more}` : field;
}

/**
 * A mapping from changed selects, by header; `attributed` are the columns that
 * hold an attribute now. A column has one meaning: the other one is taken back.
 */
export function columnsOf(changed: Record<string, string>, attributed: readonly string[] = []): UploadAnswers {
  const columns: Record<string, unknown> = {};
  const attributes: Record<string, unknown> = {};
  for (const [header, meaning] of Object.entries(changed)) {
    const [field, more] = meaning.split(":");
    if (field === "attribute") {
      attributes[header] = more;
      columns[header] = null;
    } else {
      columns[header] = more ? { field, channel: more } : { field };
      if (attributed.includes(header)) attributes[header] = null;
    }
  }
  return { mapping: { columns, ...(Object.keys(attributes).length > 0 && { attributes }) } };
}
