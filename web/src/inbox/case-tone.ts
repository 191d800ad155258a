import type { CaseState, Urgency } from "../api/model";
import type { Tone } from "../app/state-badge";

/** The colour of how far a case has come. */
export const CASE_TONE: Record<CaseState, Tone> = {
  waiting: "held",
  process: "sent",
  replied: "neutral",
  solved: "good",
};

/** The colour of how near the end of its clock is. */
export const URGENCY_TONE: Record<Urgency, Tone> = {
  ON_TIME: "good",
  SOON: "held",
  LATE: "out",
  AT_RISK: "out",
  OVERDUE: "bad",
  EXPIRED: "bad",
};
