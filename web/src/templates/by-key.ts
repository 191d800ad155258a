import type { DayHours } from "../admin/quiet-times";
import type { MessageSettings, Template } from "../api/model";

/** What stands in the form; numbers are texts while they are written. */
export interface KeyDraft {
  key: string;
  basis: "INFORMATIONAL" | "OTP";
  purpose: string;
  kind: MessageSettings["kind"];
  sender: string;
  connector_id: string;
  overridable: NonNullable<MessageSettings["overridable"]>;
  person_limit: number | string;
  total_limit: number | string;
  limit_hours: number | string;
  expires_minutes: number | string;
  window: DayHours | null;
}

export const OVERRIDABLE = ["text", "subject", "sender", "limits", "window"] as const;

/** The form for settings that exist, or for a template that no program may send yet. */
export function draftOf(held: MessageSettings | null): KeyDraft {
  return {
    key: held?.key ?? "",
    basis: held?.basis === "OTP" ? "OTP" : "INFORMATIONAL",
    purpose: held?.purpose ?? "",
    kind: held?.kind ?? "BIREYSEL",
    sender: held?.sender ?? "",
    connector_id: held?.connector_id ?? "",
    overridable: held?.overridable ?? [],
    person_limit: held?.person_limit ?? "",
    total_limit: held?.total_limit ?? "",
    limit_hours: held?.limit_hours ?? 24,
    expires_minutes: held?.expires_minutes ?? "",
    window: held?.window ?? null,
  };
}

/** What is kept of the form; an empty limit is none. */
export function settingsOf(draft: KeyDraft): MessageSettings {
  const count = (written: number | string) => (written === "" ? null : Number(written));
  return {
    ...draft,
    key: draft.key.trim(),
    purpose: draft.purpose.trim(),
    sender: draft.sender.trim(),
    person_limit: count(draft.person_limit),
    total_limit: count(draft.total_limit),
    limit_hours: count(draft.limit_hours) ?? 24,
    expires_minutes: count(draft.expires_minutes),
  };
}

/** The body of a call that sends it, with a place for each of its parameters. */
export function exampleCall(key: string, { channel, variables }: Pick<Template, "channel" | "variables">): string {
  const to = channel === "EPOSTA" ? "ayse@ornek.com" : "+905321234567";
  const named = variables.filter((name) => name.startsWith("p_"));
  const parameters = Object.fromEntries(named.map((name) => [name, "…"]));
  return JSON.stringify({ key, messages: [named.length > 0 ? { to, parameters } : { to }] });
}
