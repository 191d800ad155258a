import { expect, test } from "vitest";
import { clockOf, minuteOf } from "./quiet-times";

test("a minute of the day and what a clock shows are the same both ways", () => {
  for (const minute of [0, 570, 600, 1_439]) expect(minuteOf(clockOf(minute), false)).toBe(minute);
});

test("midnight as an end is the end of the day", () => {
  expect(clockOf(1_440)).toBe("00:00");
  expect(minuteOf("00:00", true)).toBe(1_440);
  expect(minuteOf("00:00", false)).toBe(0);
});

test("a time that is not wholly written is none", () => {
  expect(minuteOf("", true)).toBeNull();
});
