import type { MessageState } from "../api/model";

/** The sets of people that stand behind the numbers of a report. */
export const ROW_GROUPS = [
  "target",
  "excluded",
  "held",
  "waiting",
  "uncertain",
  "sent",
  "delivered",
  "failed",
  "open",
] as const;

/** Those of a campaign that nobody has launched: there is no more to tell of its people. */
export const DRAFT_ROW_GROUPS = ["target", "excluded", "waiting"] as const satisfies readonly RowGroup[];

export type RowGroup = (typeof ROW_GROUPS)[number];

/** The states a person of the group may be in; read one after the other. `undefined` asks for everyone. */
export const STATES_OF: Record<RowGroup, (MessageState | undefined)[]> = {
  target: [undefined],
  excluded: ["excluded"],
  held: ["waiting", "uncertain"],
  waiting: ["waiting"],
  uncertain: ["uncertain"],
  sent: ["delivered", "failed", "sent"],
  delivered: ["delivered"],
  failed: ["failed"],
  open: ["sent"],
};
