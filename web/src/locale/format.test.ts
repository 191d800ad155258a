import { expect, test } from "vitest";
import { formatsOf, isSameDay } from "./format";

const tr = formatsOf("tr");
const en = formatsOf("en");

test("numbers_and_shares_are_written_as_each_language_writes_them", () => {
  expect([tr.number(91_986), en.number(91_986)]).toEqual(["91.986", "91,986"]);
  expect([tr.percent(0.1254), en.percent(0.1254)]).toEqual(["%12,5", "12.5%"]);
});

test("a_share_that_rounds_to_nothing_is_not_shown_as_nothing", () => {
  expect([tr.percent(0.0003), en.percent(0.0003)]).toEqual(["<%0,1", "<0.1%"]);
  expect(tr.percent(0)).toBe("%0");
});

test("times_are_turkish_times_wherever_the_browser_is", () => {
  const lateInUtc = "2025-06-20T22:30:00Z";
  expect(tr.dateTime(lateInUtc)).toBe("21 Haz 2025 01:30");
  expect(en.dateTime(lateInUtc)).toBe("21 Jun 2025, 01:30");
  expect(tr.day(lateInUtc)).toBe("21 Haziran 2025 Cumartesi");
});

test("a_day_ends_at_turkish_midnight", () => {
  expect(isSameDay("2025-06-20T20:59:00Z", "2025-06-20T21:01:00Z")).toBe(false);
  expect(isSameDay("2025-06-20T21:01:00Z", "2025-06-21T12:00:00+03:00")).toBe(true);
});

test("sizes_climb_to_the_unit_that_reads_best", () => {
  expect([0, 999, 1_000, 9_412_332, 3_000_000_000].map(tr.bytes)).toEqual(["0 B", "999 B", "1 kB", "9,41 MB", "3 GB"]);
});
