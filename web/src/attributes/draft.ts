import type { Attribute, AttributeChange, AttributeKind, NewAttribute } from "../api/model";

/** The types a value may have, in the order in which they are offered. */
export const KINDS: AttributeKind[] = ["text", "number", "date", "boolean", "choice"];

/** What stands in the form of an attribute. */
export interface Draft {
  code: string;
  label_tr: string;
  label_en: string;
  kind: AttributeKind;
  is_array: boolean;
  is_personal: boolean;
  is_health: boolean;
  /** The words of a choice, one a line. */
  choices: string;
  position: number;
}

/** A form that says nothing yet. */
export const EMPTY: Draft = {
  code: "",
  label_tr: "",
  label_en: "",
  kind: "text",
  is_array: false,
  is_personal: false,
  is_health: false,
  choices: "",
  position: 0,
};

/** What the form shows of an attribute that exists. */
export function draftOf(attribute: Attribute): Draft {
  return { ...attribute, choices: attribute.choices.join("\n") };
}

const TURKISH: Record<string, string> = { ç: "c", ğ: "g", ı: "i", ö: "o", ş: "s", ü: "u" };

/** A code for a label: `Yıllık Harcama` becomes `yillik_harcama`. */
export function codeOf(label: string): string {
  return label
    .toLocaleLowerCase("tr")
    .replace(/[çğıöşü]/g, (letter) => TURKISH[letter] ?? letter)
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[0-9_]+|_+$/g, "")
    .slice(0, 40);
}

/** The words of a choice: one a line, each once, in their order. */
export function wordsOf(choices: string): string[] {
  const words = choices.split("\n").map((line) => line.trim());
  return [...new Set(words.filter((word) => word !== ""))];
}

/** Which fields cannot be sent yet. */
export function faultsOf(draft: Draft): (keyof Draft)[] {
  const faults: (keyof Draft)[] = [];
  if (draft.label_tr.trim() === "") faults.push("label_tr");
  if (!/^[\p{Ll}][\p{Ll}0-9_]{0,39}$/u.test(draft.code)) faults.push("code");
  if (draft.kind === "choice" && wordsOf(draft.choices).length === 0) faults.push("choices");
  return faults;
}

/** The form as the body of a call that makes an attribute. */
export function newOf(draft: Draft): NewAttribute {
  return {
    ...draft,
    label_tr: draft.label_tr.trim(),
    label_en: draft.label_en.trim() || draft.label_tr.trim(),
    choices: draft.kind === "choice" ? wordsOf(draft.choices) : [],
  };
}

/** What a form changes of an attribute; nothing when it changes nothing. */
export function changeOf(attribute: Attribute, draft: Draft): AttributeChange | undefined {
  const wanted = newOf(draft);
  const change: AttributeChange = {};
  if (wanted.label_tr !== attribute.label_tr) change.label_tr = wanted.label_tr;
  if (wanted.label_en !== attribute.label_en) change.label_en = wanted.label_en;
  if (draft.is_personal !== attribute.is_personal) change.is_personal = draft.is_personal;
  if (draft.is_health !== attribute.is_health) change.is_health = draft.is_health;
  if (draft.position !== attribute.position) change.position = draft.position;
  if ((wanted.choices ?? []).join("\n") !== attribute.choices.join("\n")) change.choices = wanted.choices;
  return Object.keys(change).length > 0 ? change : undefined;
}
