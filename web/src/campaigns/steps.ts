import type { CampaignReport, CountedReason, DryRun } from "../api/model";
import type { Tone } from "../app/state-badge";
import type { RowGroup } from "./row-groups";

/** The name of a step, also its key in the texts. */
export type StepName =
  | "target"
  | "excluded"
  | "reason"
  | "held"
  | "waiting"
  | "uncertain"
  | "cancelled"
  | "sent"
  | "sendable"
  | "delivered"
  | "failed"
  | "open";

/** One line of the waterfall: a number and where its bar lies on the target's width. */
export interface Step {
  name: StepName;
  /** For `reason`: which one. */
  reason?: CountedReason;
  count: number;
  /** Left and right end of the bar as shares of the target, 0–1. */
  from: number;
  to: number;
  tone: Tone;
  /** A part of the step above it. */
  isPart: boolean;
  /** The rows behind the number; absent where there are none to show. */
  rows?: { group: RowGroup; code?: string };
}

/**
 * The waterfall of a report, read from the top: the target, what each reason
 * took away, who is held, who was sent to, and what became of them. Bars of
 * parts lie inside the bar of their whole, so the picture adds up by itself.
 */
export function reportSteps(report: CampaignReport): Step[] {
  const { target, excluded, held, sent, delivered, failed, open } = report;
  const scale = scaleOf(target);
  const afterExcluded = target - excluded.total;
  return [
    ...exclusionSteps(target, excluded.total, excluded.reasons),
    bar(scale, "held", sent, held.total, "held", { rows: { group: "held" } }),
    ...parts(scale, afterExcluded, [
      { name: "waiting", count: held.waiting, tone: "held", rows: { group: "waiting" } },
      { name: "uncertain", count: held.uncertain, tone: "held", rows: { group: "uncertain" } },
      { name: "cancelled", count: held.cancelled, tone: "held", rows: { group: "waiting" } },
    ]).filter(({ count }) => count > 0 && count < held.total),
    bar(scale, "sent", 0, sent, "sent", { rows: { group: "sent" } }),
    ...parts(scale, sent, [
      { name: "open", count: open, tone: "neutral", rows: { group: "open" } },
      { name: "failed", count: failed.total, tone: "bad", rows: { group: "failed" } },
      { name: "delivered", count: delivered, tone: "good", rows: { group: "delivered" } },
    ]).reverse(),
  ];
}

/** The waterfall of a dry run; nothing has been sent, so it ends at who may be sent to. */
export function dryRunSteps(run: DryRun): Step[] {
  const scale = scaleOf(run.target);
  const excluded = run.excluded.reduce((sum, { count }) => sum + count, 0);
  return [
    ...exclusionSteps(run.target, excluded, run.excluded),
    // Who waits for the hour would be sent to as well: the same people stand behind both.
    bar(scale, "held", run.sendable, run.held, "held", { rows: { group: "waiting" } }),
    bar(scale, "sendable", 0, run.sendable, "sent", { rows: { group: "waiting" } }),
  ];
}

function exclusionSteps(target: number, total: number, reasons: CountedReason[]): Step[] {
  const scale = scaleOf(target);
  const byCount = [...reasons].sort((one, other) => other.count - one.count || one.code.localeCompare(other.code));
  const taken = parts(
    scale,
    target,
    byCount.map((reason) => ({
      name: "reason" as const,
      reason,
      count: reason.count,
      tone: "out" as const,
      rows: { group: "excluded" as const, code: reason.code },
    })),
  );
  return [
    bar(scale, "target", 0, target, "neutral", { rows: { group: "target" } }),
    bar(scale, "excluded", target - total, total, "out", { rows: { group: "excluded" } }),
    ...taken,
  ];
}

type Part = Pick<Step, "name" | "count" | "tone" | "reason" | "rows">;

/** Lays parts side by side leftwards from `end`. */
function parts(scale: (count: number) => number, end: number, list: Part[]): Step[] {
  let right = end;
  return list.map((part) => {
    right -= part.count;
    return { ...part, from: scale(right), to: scale(right + part.count), isPart: true };
  });
}

function bar(
  scale: (count: number) => number,
  name: StepName,
  start: number,
  count: number,
  tone: Tone,
  more: Partial<Step> = {},
): Step {
  return { name, count, from: scale(start), to: scale(start + count), tone, isPart: false, ...more };
}

function scaleOf(target: number): (count: number) => number {
  return (count) => (target > 0 ? Math.min(1, Math.max(0, count / target)) : 0);
}
