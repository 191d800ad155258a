import { expect, test } from "vitest";
import { brandChange, valuesOf } from "./brand-values";

test("only_what_was_changed_is_sent_and_a_password_only_when_it_was_typed", () => {
  const before = valuesOf(undefined);
  expect(brandChange(before, before)).toEqual({});
  expect(brandChange({ ...before, to: "21:00", iys_code: "697", countries: "tr, az" }, before)).toEqual({
    window: { from: "09:00", to: "21:00" },
    iys_code: 697,
    countries: ["TR", "AZ"],
  });
  expect(brandChange({ ...before, iys_password: "gizli" }, before)).toEqual({ iys_password: "gizli" });
});

test("emptying_a_code_takes_it_away", () => {
  const before = { ...valuesOf(undefined), iys_code: "697" };
  expect(brandChange({ ...before, iys_code: "" }, before)).toEqual({ iys_code: null });
});
