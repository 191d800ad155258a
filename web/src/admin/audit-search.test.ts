import { expect, test } from "vitest";
import { between } from "./audit-search";

test("days_are_turkish_ones_and_the_last_is_whole", () => {
  expect(between({ from: "2025-06-20", to: "2025-06-20" })).toEqual({
    from: "2025-06-19T21:00:00.000Z",
    to: "2025-06-20T21:00:00.000Z",
  });
});

test("what_is_no_day_asks_nothing", () => {
  expect(between({ from: "dün", to: "2025-13-41" })).toEqual({ from: undefined, to: undefined });
});
