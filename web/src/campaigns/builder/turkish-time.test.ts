import { expect, test } from "vitest";
import { daysLater, instantOf, monthLater, wallClockOf, weekOf, weeksOf } from "./turkish-time";

test("a_time_is_read_and_written_by_turkish_clocks_wherever_the_browser_is", () => {
  expect(wallClockOf("2026-10-28T21:30:00Z")).toEqual({ day: "2026-10-29", time: "00:30" });
  const instant = instantOf({ day: "2026-10-29", time: "00:30" });
  expect(new Date(instant ?? "").toISOString()).toBe("2026-10-28T21:30:00.000Z");
});

test("half_written_times_are_none", () => {
  expect(instantOf({ day: "", time: "10:00" })).toBeNull();
  expect(instantOf({ day: "2026-10-29", time: "" })).toBeNull();
});

test("a_month_is_shown_in_whole_weeks_from_monday_to_sunday", () => {
  const weeks = weeksOf("2026-10-29");
  expect(weeks[0]?.[0]).toBe("2026-09-28");
  expect(weeks.at(-1)?.at(-1)).toBe("2026-11-01");
  expect(weeks.every((week) => week.length === 7)).toBe(true);
  expect(weekOf("2026-10-29")[0]).toBe("2026-10-26");
});

test("days_and_months_go_over_the_end_of_a_year", () => {
  expect(daysLater("2026-12-31", 1)).toBe("2027-01-01");
  expect(monthLater("2026-12-15", 1)).toBe("2027-01-01");
  expect(monthLater("2026-01-31", -1)).toBe("2025-12-01");
});
