import type { CampaignReport, CampaignState } from "../api/model";
import type { Permission } from "../app/permissions";
import type { Tone } from "../app/state-badge";

/** What a person may ask of a campaign. */
export type Move = "submit" | "approve" | "launch" | "pause" | "resume" | "stop";

/** The colour of a state. */
export const TONE: Record<CampaignState, Tone> = {
  draft: "neutral",
  submitted: "out",
  approved: "held",
  launching: "sent",
  running: "sent",
  paused: "out",
  stopped: "bad",
  finished: "good",
};

/** What each asks of the person. */
export const NEEDS: Record<Move, Permission> = {
  submit: "manage_campaigns",
  approve: "approve_campaigns",
  launch: "launch_campaigns",
  pause: "launch_campaigns",
  resume: "launch_campaigns",
  stop: "launch_campaigns",
};

/** What may be asked in a state, the usual next step last. */
export const MOVES: Record<CampaignState, Move[]> = {
  draft: ["stop", "submit", "launch"],
  // Who asked for approval waits for it, even where nothing demands one.
  submitted: ["stop", "approve"],
  approved: ["stop", "launch"],
  launching: ["stop"],
  running: ["stop", "pause"],
  paused: ["stop", "resume"],
  stopped: [],
  finished: [],
};

/** Whether the decisions are frozen, so that there is a report to show. */
export function isLaunched(state: CampaignState): boolean {
  return !["draft", "submitted", "approved"].includes(state);
}

/** Whether messages may leave without anyone doing anything. */
export function isSending(state: CampaignState): boolean {
  return state === "launching" || state === "running";
}

/** Whether the numbers may still change by themselves: sending, or receipts outstanding. */
export function isMoving(report: CampaignReport): boolean {
  return isSending(report.campaign.state) || report.open > 0;
}
