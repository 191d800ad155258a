/** What the address of the people's screen may ask, so that a view can be sent to a colleague. */
export const CONTACT_SEARCH = [
  "query",
  "group",
  "consent",
  "channel",
  "brand",
  "source",
  "attribute",
  "value",
] as const;

export type ContactSearch = { [name in (typeof CONTACT_SEARCH)[number]]?: string };

/** Whether anything but a name is asked. */
export function isFiltered({ group, consent, source, attribute, value }: ContactSearch): boolean {
  return Boolean(group || consent || source || (attribute && value));
}
