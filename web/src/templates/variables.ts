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
