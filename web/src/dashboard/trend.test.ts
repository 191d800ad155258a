import { expect, test } from "vitest";
import { pointsOf } from "./trend";

test("a_trend_fills_its_box_from_the_first_day_to_the_last", () => {
  expect(pointsOf([0, 50, 100], 100, 20)).toBe("0,20 50,10 100,0");
  expect(pointsOf([7], 100, 20)).toBe("0,0");
  expect(pointsOf([0, 0], 100, 20)).toBe("0,20 100,20");
});
