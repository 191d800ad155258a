import type { Upload, UploadAnswers } from "../api/model";

type Mapping = NonNullable<Upload["mapping"]>;

/** Answers under a column's header or a word of the file. */
const BY_NAME = ["date_orders", "polarity", "sources", "kinds"] as const;
/** Answers about the file as a whole. */
const WHOLE = ["date_order", "phone_zeros_are_real", "sheet", "encoding", "delimiter"] as const;

/** What an answer is about. */
export type GivenKind = (typeof BY_NAME)[number] | (typeof WHOLE)[number] | "status_channels" | "brands";

/** One answer that a file was read with. */
export interface Given {
  kind: GivenKind;
  /** The column or word that it is about. */
  about?: string;
  /** What was said; several where several may be. */
  values: string[];
  /** What takes it back: the question is then asked anew. */
  undo: UploadAnswers;
}

/**
 * The answers of a mapping, one by one. What a column means and how people are
 * taken stands elsewhere on the page, with a choice of its own.
 */
export function givenAnswers(mapping: Upload["mapping"]): Given[] {
  if (!mapping) return [];
  return [
    ...WHOLE.flatMap((kind) => {
      const value = mapping[kind];
      const isGiven = value !== undefined && value !== null && value !== false;
      return isGiven ? [{ kind, values: [String(value)], undo: without(kind, null) }] : [];
    }),
    ...BY_NAME.flatMap((kind) =>
      Object.entries(recordOf(mapping, kind)).map(([about, value]) => ({
        kind,
        about,
        values: [String(value)],
        undo: without(kind, { [about]: null }),
      })),
    ),
    ...severalOf(mapping, "status_channels", (values) => [{ values, left: [] }]),
    // Each word is an answer of its own; the list is sent whole.
    ...severalOf(mapping, "brands", (words) =>
      words.map((word) => ({ values: [word], left: words.filter((other) => other !== word) })),
    ),
  ];
}

function without(kind: GivenKind, change: unknown): UploadAnswers {
  return { mapping: { [kind]: change } };
}

function recordOf(mapping: Mapping, kind: string): Record<string, unknown> {
  const value = mapping[kind];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function severalOf(
  mapping: Mapping,
  kind: "status_channels" | "brands",
  split: (values: string[]) => { values: string[]; left: string[] }[],
): Given[] {
  const value = mapping[kind];
  if (!Array.isArray(value) || value.length === 0) return [];
  return split(value.map(String)).map(({ values, left }) => ({
    kind,
    values,
    undo: without(kind, left.length > 0 ? left : null),
  }));
}
