import { expect, test } from "vitest";
import { safeNext } from "./safe-next";

test("after_the_login_one_stands_where_one_wanted_to_go", () => {
  expect(safeNext("/campaigns/cmp_1?rows=excluded#rows")).toBe("/campaigns/cmp_1?rows=excluded#rows");
});

test.each([undefined, "", "https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)", "/login"])(
  "an_address_outside_the_panel_leads_to_the_dashboard: %s",
  (next) => {
    expect(safeNext(next)).toBe("/");
  },
);
