import type { Attribute } from "../api/model";

/** A code of the campaign's promotion: no person has one by nature. */
export const PROMOTION_CODE = "promosyon_kodu";
/** What every text may ask for. */
const COLUMNS = ["ad", "musteri_no", PROMOTION_CODE] as const;
export type Column = (typeof COLUMNS)[number];

/** Whether every text may ask for it. */
export const isColumn = (name: string): name is Column => COLUMNS.some((column) => column === name);

/** The names in braces that a text asks for, each once, in the order of the text. */
export function variablesOf(body: string): string[] {
  const names = [...body.matchAll(/\{\{\s*([^{}|\s]+)[^{}]*\}\}/g)].map(([, name]) => name ?? "");
  return [...new Set(names)];
}

/** Text as pasted from elsewhere: `{@ad}` becomes `{{ad}}`, and whether anything was. */
export function convertPasted(body: string): { body: string; converted: boolean } {
  const changed = body.replace(/\{@\s*([\p{L}\p{N}_]+)\s*\}/gu, "{{$1}}");
  return { body: changed, converted: changed !== body };
}

/** The text with `name` put in where the cursor stands. */
export function insertAt(body: string, name: string, start: number, end: number): { body: string; cursor: number } {
  const inserted = `{{${name}}}`;
  return { body: body.slice(0, start) + inserted + body.slice(end), cursor: start + inserted.length };
}

/** A name that a text may put in braces. */
export interface Chip {
  name: string;
  attribute?: Attribute;
  /** Whether anybody can have a value for it. */
  isKnown: boolean;
}

/** The names to offer: those of columns, then attributes by place, then what the text names and nobody has. Health data is offered only where the text has it already. */
export function chipsOf(body: string, attributes: Attribute[]): Chip[] {
  const named = variablesOf(body);
  const known = attributes.filter(({ code, is_health }) => !is_health || named.includes(code));
  const names = new Set<string>([...COLUMNS, ...known.map(({ code }) => code)]);
  return [
    ...COLUMNS.map((name) => ({ name, isKnown: true })),
    ...known.map((attribute) => ({ name: attribute.code, attribute, isKnown: true })),
    ...named.filter((name) => !names.has(name)).map((name) => ({ name, isKnown: false })),
  ];
}
