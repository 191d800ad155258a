import type { MessageState } from "../api/model";
import type { Tone } from "../app/state-badge";

/** The colour of what became of a message. */
export const MESSAGE_TONE: Record<MessageState, Tone> = {
  excluded: "out",
  waiting: "held",
  sent: "neutral",
  delivered: "good",
  failed: "bad",
  uncertain: "out",
};
