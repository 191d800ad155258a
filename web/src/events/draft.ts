import type { EventField, EventType, EventTypeDescription } from "../api/model";

/** What a field of an event's body may hold, in the order in which it is offered. */
export const FIELD_KINDS: EventField["kind"][] = ["text", "number", "date", "boolean"];

/** Most fields that one kind of event describes. */
export const FIELDS_MAX = 50;

/** What stands in the form of a kind of event. */
export interface Draft {
  name: string;
  label_tr: string;
  label_en: string;
  fields: EventField[];
}

/** What the form shows: of a name that was only ever sent, the name. */
export function draftOf(type?: EventType): Draft {
  return {
    name: type?.name ?? "",
    label_tr: type?.label_tr ?? "",
    label_en: type?.label_en ?? "",
    fields: type?.fields.map((field) => ({ ...field })) ?? [],
  };
}

/** Whether a text can be the name of a field. */
export function isFieldName(text: string): boolean {
  return /^[\p{L}\p{N} ._-]{1,60}$/u.test(text.trim());
}

/** Which parts cannot be sent yet. */
export function faultsOf(draft: Draft): ("name" | "label_tr" | "fields")[] {
  const faults: ("name" | "label_tr" | "fields")[] = [];
  if (draft.name.trim() === "") faults.push("name");
  if (draft.label_tr.trim() === "") faults.push("label_tr");
  const names = draft.fields.map(({ name }) => name.trim());
  if (new Set(names).size !== names.length || !names.every(isFieldName)) faults.push("fields");
  return faults;
}

/** What the server is told. */
export function descriptionOf(draft: Draft): EventTypeDescription {
  return {
    label_tr: draft.label_tr.trim(),
    label_en: draft.label_en.trim() || draft.label_tr.trim(),
    fields: draft.fields.map(({ name, kind }) => ({ name: name.trim(), kind })),
  };
}
