import { expect, test } from "vitest";
import { emptyEvent, periodOf, withPeriod } from "./event-rule";
import { comparisonsOf, firstRule, type GroupRule, sentRule, sizeOf, withRule } from "./rule";

const istanbul = { type: "attribute", code: "sehir", comparison: "is", value: "İstanbul" } as const;
const vip = { type: "group", name: "VIP", is_in: true } as const;
const nested: GroupRule = { type: "all", rules: [istanbul, { type: "any", rules: [vip] }] };

test("a_rule_is_whole_when_each_condition_is_filled_in", () => {
  expect(sizeOf(nested)).toEqual({ conditions: 2, isWhole: true });
  expect(sizeOf(firstRule()).isWhole).toBe(false);
  expect(sizeOf({ type: "all", rules: [] }).isWhole).toBe(false);
  expect(sizeOf({ ...istanbul, comparison: "blank", value: "" }).isWhole).toBe(true);
});

test("a_group_whose_last_condition_is_taken_out_goes_with_it", () => {
  const inner = withRule(nested.rules[1] as GroupRule, 0, undefined);
  expect(withRule(nested, 1, inner)).toEqual({ type: "all", rules: [istanbul] });
});

test("words_are_searched_and_numbers_are_compared", () => {
  expect(comparisonsOf("text")).toContain("contains");
  expect(comparisonsOf("number")).toContain("above");
  expect(comparisonsOf("boolean")).not.toContain("above");
});

test("a_condition_over_events_is_whole_when_it_can_be_counted", () => {
  const bought = emptyEvent("satin_alma");
  const isWhole = (change: object) => sizeOf({ ...bought, ...change }).isWhole;
  expect(isWhole({})).toBe(true);
  expect(isWhole({ name: "" })).toBe(false);
  expect(isWhole({ times: 0 })).toBe(false);
  expect(isWhole({ often: "never", times: 0 })).toBe(true);
  expect(isWhole({ days: undefined })).toBe(true);
  const between = withPeriod(bought, "between");
  expect([periodOf(between), sizeOf(between).isWhole]).toEqual(["between", false]);
  expect(sizeOf({ ...between, from: "2025-06-01" }).isWhole).toBe(true);
  expect(sizeOf({ ...between, from: "2025-06-02", until: "2025-06-01" }).isWhole).toBe(false);
  const field = (comparison: string, value: string) => isWhole({ field: { name: "tutar", comparison, value } });
  expect([field("above", "1250.5"), field("above", "1.250,5"), field("is", " ")]).toEqual([true, false, false]);
});

test("a_day_that_was_left_empty_is_not_sent", () => {
  const between = { ...withPeriod(emptyEvent("satin_alma"), "between"), until: "2025-06-30" };
  const sent = sentRule({ type: "all", rules: [between] });
  expect(sent).toEqual({
    type: "all",
    rules: [{ type: "event", name: "satin_alma", often: "at_least", times: 1, until: "2025-06-30" }],
  });
});
