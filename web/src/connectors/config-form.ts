import type { ConnectorKind } from "../api/model";

/** One field of a provider's form; a whole number tells what it may be. */
export type Field = ConnectorKind["fields"][number] & { number?: { min: number; max: number } | null };

/** What stands in the fields of a provider's form, by the field's name. */
export type Filled = Record<string, string>;

/** An empty form of a kind, with what counts when nothing is entered. */
export function emptyForm(kind: ConnectorKind): Filled {
  return Object.fromEntries(kind.fields.map(({ name, default: usual }) => [name, usual ?? ""]));
}

/** What the server is given: nothing for what was left empty. */
export function configOf(kind: ConnectorKind, filled: Filled): Record<string, string | number> {
  const given = kind.fields.flatMap(({ name, secret }) => {
    const typed = filled[name] ?? "";
    // A password keeps its spaces.
    const value = secret ? typed : typed.trim();
    return value === "" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

/** The names of required fields that are empty. */
export function missingFields(kind: ConnectorKind, filled: Filled): string[] {
  return kind.fields
    .filter(({ name, required }) => required && (filled[name] ?? "").trim() === "")
    .map(({ name }) => name);
}

/** The form of an account as it is; secrets are not shown, so they begin empty. */
export function heldForm(kind: ConnectorKind, masked: Record<string, unknown>): Filled {
  return Object.fromEntries(
    kind.fields.map(({ name, secret, default: usual }) => {
      const value = masked[name];
      return [name, secret ? "" : value == null ? (usual ?? "") : String(value)];
    }),
  );
}

/** What was changed: `null` for what was emptied; an empty secret stays what it is. */
export function changesOf(kind: ConnectorKind, held: Filled, filled: Filled): Record<string, string | null> {
  const changed = kind.fields.flatMap(({ name, secret }) => {
    const typed = filled[name] ?? "";
    const value = secret ? typed : typed.trim();
    if (value === (held[name] ?? "") || (secret && value === "")) return [];
    return [[name, value === "" ? null : value] as const];
  });
  return Object.fromEntries(changed);
}

/** Whether a number is none, or not one that the provider's connector takes; an empty field is none to judge. */
export function isOutOfRange({ number }: Field, typed: string): boolean {
  const text = typed.trim();
  if (!number || text === "") return false;
  return !/^\d+$/.test(text) || Number(text) < number.min || Number(text) > number.max;
}
