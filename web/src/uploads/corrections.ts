import type { Rejection } from "../api/model";

/** A cell of a refused row, as a person wants it. */
export interface Edit {
  line: number;
  column: number;
  code: string;
  from: string;
  to: string;
  /** In every row that was refused for the same reason and holds the same word. */
  everywhere: boolean;
}

export type Edits = ReadonlyMap<string, Edit>;

/** Most single cells of one correction. */
export const CELLS_MAX = 1_000;

/** Fields of words, of which many rows hold the same. Addresses and dates are mended row by row. */
const WORDS = ["status", "refusal", "source", "channel", "kind"];

/** Whether one word may be written into many rows at once. */
export function holdsWords({ field, value }: Rejection): boolean {
  return WORDS.includes(field) && (value ?? "").trim() !== "";
}

export function keyOf(line: number, column: number): string {
  return `${line}:${column}`;
}

/** With an edit; one that leaves the cell as it is is taken out. */
export function withEdit(edits: Edits, edit: Edit): Edits {
  const changed = new Map(edits);
  if (edit.to === edit.from) changed.delete(keyOf(edit.line, edit.column));
  else changed.set(keyOf(edit.line, edit.column), edit);
  return changed;
}

/** What is sent. */
export function bodyOf(edits: Edits) {
  const all = [...edits.values()];
  const words = all.filter(({ everywhere }) => everywhere);
  return {
    cells: all
      .filter(({ everywhere }) => !everywhere)
      .map(({ line, column, to }) => ({ line, column, value: to.trim() })),
    same: words.map(({ code, column, from, to }) => ({ code, column, from, to: to.trim() })),
  };
}
