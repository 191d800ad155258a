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

test("the_grace_for_old_consents_is_written_in_turkish_time_and_can_be_taken_back", () => {
  const before = valuesOf({ countries: [], window: {}, activation_at: "2026-03-01T07:30:00Z" } as never);
  expect(before.activation).toBe("2026-03-01T10:30");
  expect(brandChange({ ...before, activation: "2026-04-01T00:00" }, before)).toEqual({
    activation_at: "2026-04-01T00:00:00+03:00",
  });
  expect(brandChange({ ...before, activation: "" }, before)).toEqual({ activation_at: null });
});

test("a_brand_leaves_the_partner_account_and_never_joins_it", () => {
  const own = valuesOf(undefined);
  const linked = { ...own, uses_partner_account: true };
  expect(brandChange(own, linked)).toEqual({ uses_partner_account: false });
  expect(brandChange(linked, own)).toEqual({});
});
