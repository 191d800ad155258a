import { expect, test } from "vitest";
import { comparisonsOf, firstRule, type GroupRule, sizeOf, withRule } from "./rule";

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
