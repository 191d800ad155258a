/** Under which name the browser remembers a case; everything about it stands below. */
export function caseKey(id: string): string[] {
  return ["inbox", "case", id];
}
