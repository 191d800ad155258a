import type { Upload, UploadState } from "../api/model";
import type { Tone } from "../app/state-badge";
import { stopsFile } from "./answers";

/** The colour of a state. */
export const TONE: Record<UploadState, Tone> = {
  received: "neutral",
  judging: "sent",
  judged: "held",
  waiting_for_person: "out",
  applying: "sent",
  applied: "good",
  refused: "bad",
  failed: "bad",
  cancelled: "neutral",
};

/** Calls to İYS that have no answer yet. Those set aside do not move by themselves and are not counted. */
export function registryOpen(upload: Upload): number {
  const { pending, in_flight, waiting } = upload.registry;
  return pending + in_flight + waiting;
}

/** Whether the upload's numbers are about to change without anyone doing anything. */
export function isMoving(upload: Upload): boolean {
  return ["received", "judging", "applying"].includes(upload.state) || registryOpen(upload) > 0;
}

/** Whether the upload waits for a person to let it be applied. */
export function canApply({ state }: Upload): boolean {
  return state === "judged" || state === "waiting_for_person";
}

/** Whether the person may still say no. What was applied until then stays. */
export function canCancel(upload: Upload): boolean {
  return ["received", "judging", "judged", "waiting_for_person", "applying"].includes(upload.state);
}

/** What keeps a judged file from being applied. */
export type ApplyBlock = "questions" | "questions_first" | "other_person" | "nothing";

/** Why a judged file cannot be applied by this person now; nothing when it can. */
export function applyBlock(upload: Upload, actor: string, wantsOther: boolean): ApplyBlock | undefined {
  if (wantsOther && upload.actor === actor) return "other_person";
  const isEmpty = acceptedPairs(upload) === 0;
  // Questions may be left open knowingly, but not when everything hangs on them.
  if ((upload.summary?.questions ?? []).some(stopsFile)) return isEmpty ? "questions_first" : "questions";
  return isEmpty ? "nothing" : undefined;
}

/** Records that judging let through; repeats of another row (W801, W802) went into that row. */
export function acceptedPairs(upload: Upload): number {
  return upload.pairs_judged - upload.pairs_rejected - mergedPairs(upload);
}

/** Records that said no more than another row of the file. */
export function mergedPairs(upload: Upload): number {
  return upload.summary?.merged ?? 0;
}

/** What was recognised, once judging has written it down. */
export function summaryOf(upload: Upload): Upload["summary"] | undefined {
  return upload.summary?.columns?.length ? upload.summary : undefined;
}

export type StageName = "receive" | "judge" | "decide" | "apply" | "registry";
export type StageState = "done" | "current" | "open" | "halted";

export interface Stage {
  name: StageName;
  state: StageState;
  /** How far a stage under way has come, 0–1; absent where it cannot be told. */
  share?: number;
}

const REACHED: Record<Exclude<UploadState, "refused" | "failed" | "cancelled">, number> = {
  received: 0,
  judging: 1,
  judged: 2,
  waiting_for_person: 2,
  applying: 3,
  applied: 4,
};

/** The way of an upload from file to İYS, and where on it the upload stands. */
export function stagesOf(upload: Upload): Stage[] {
  const asksRegistry = upload.action !== "local" || registryTotal(upload) > 0;
  const names: StageName[] = ["receive", "judge", "decide", "apply", ...(asksRegistry ? (["registry"] as const) : [])];
  const current = reached(upload);
  const isHalted = ["refused", "failed", "cancelled"].includes(upload.state);
  return names.map((name, place) => {
    if (place < current) return { name, state: "done" };
    if (place > current) return { name, state: "open" };
    if (isHalted) return { name, state: "halted" };
    if (name === "registry" && registryOpen(upload) === 0) return { name, state: "done" };
    return { name, state: "current", share: shareOf(upload, name) };
  });
}

function reached(upload: Upload): number {
  switch (upload.state) {
    case "refused":
      return 1;
    case "cancelled":
      return 2;
    case "failed":
      return upload.records_total > 0 && upload.approver ? 3 : 1;
    default:
      return REACHED[upload.state];
  }
}

function shareOf(upload: Upload, stage: StageName): number | undefined {
  switch (stage) {
    case "judge":
      return ratio(upload.read_bytes, upload.size_bytes);
    case "apply":
      return ratio(upload.records_applied, upload.records_total);
    case "registry":
      return ratio(upload.registry.done, registryTotal(upload));
    default:
      return undefined;
  }
}

/** All calls to İYS that the upload has caused. */
export function registryTotal(upload: Upload): number {
  return registryOpen(upload) + upload.registry.parked + upload.registry.done;
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.min(1, part / whole) : undefined;
}
