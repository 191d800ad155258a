import { expect, test } from "vitest";
import type { CampaignPart } from "../api/model";
import { betterOf, trialsOf } from "./parts";

const part = (name: string, accepted: number, delivered: number): CampaignPart => ({
  part: name,
  planned: accepted,
  accepted,
  delivered,
  failed: accepted - delivered,
  open_requests: 0,
});

test("a_small_trial_names_no_better_text", () => {
  const trials = trialsOf([part("second", 10, 9), part("first", 10, 7), part("rest", 0, 0)]);
  expect(trials.map(({ part }) => part)).toEqual(["first", "second"]);
  expect(betterOf(trials)).toBeUndefined();
});

test("a_clear_difference_over_many_people_names_the_better_text", () => {
  expect(betterOf(trialsOf([part("first", 1_000, 700), part("second", 1_000, 900)]))).toBe("second");
});

test("the_interval_of_a_share_stays_between_none_and_all", () => {
  const [first, second] = trialsOf([part("first", 0, 0), part("second", 3, 3)]);
  expect([first?.low, first?.high]).toEqual([0, 1]);
  expect(second?.high).toBeLessThanOrEqual(1);
  expect(second?.low).toBeGreaterThan(0.3);
});
