import type { CampaignPart } from "../api/model";

/** One of two texts and how well it arrived. */
export interface Trial {
  part: "first" | "second";
  planned: number;
  accepted: number;
  delivered: number;
  failed: number;
  /** Delivered of accepted, 0–1, with the ends of its 95 % interval. */
  rate: number;
  low: number;
  high: number;
}

/** The two texts of a trial, the campaign's own first. */
export function trialsOf(parts: CampaignPart[]): Trial[] {
  return (["first", "second"] as const).flatMap((name) => {
    const found = parts.find(({ part }) => part === name);
    if (!found) return [];
    const { planned, accepted, delivered, failed } = found;
    return [{ part: name, planned, accepted, delivered, failed, ...interval(delivered, accepted) }];
  });
}

/** Which text arrived better; none while the intervals overlap, for then chance alone may have done it. */
export function betterOf([first, second]: Trial[]): Trial["part"] | undefined {
  if (!first || !second) return undefined;
  if (first.low > second.high) return "first";
  if (second.low > first.high) return "second";
  return undefined;
}

/** A share of few is uncertain: Wilson's interval, which holds for small numbers too. */
function interval(hits: number, all: number): Pick<Trial, "rate" | "low" | "high"> {
  if (all === 0) return { rate: 0, low: 0, high: 1 };
  const z = 1.96;
  const rate = Math.min(1, hits / all);
  const middle = rate + (z * z) / (2 * all);
  const spread = z * Math.sqrt((rate * (1 - rate)) / all + (z * z) / (4 * all * all));
  const whole = 1 + (z * z) / all;
  return { rate, low: Math.max(0, (middle - spread) / whole), high: Math.min(1, (middle + spread) / whole) };
}
