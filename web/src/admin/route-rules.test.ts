import { expect, test } from "vitest";
import { liraOf, moved, orderOf, withOrder, withPrice } from "./route-rules";

test("an_account_moves_one_place_and_stays_at_the_ends", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 1, 1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
});

test("each_ground_has_an_order_of_its_own_and_an_empty_one_is_none", () => {
  const one = withOrder([], "INFORMATIONAL", ["con_2"]);
  const both = withOrder(one, "COMMERCIAL", ["con_1", "con_2"]);
  expect(both).toEqual([
    { basis: "COMMERCIAL", connectors: ["con_1", "con_2"] },
    { basis: "INFORMATIONAL", connectors: ["con_2"] },
  ]);
  expect(orderOf(both, "COMMERCIAL")).toEqual(["con_1", "con_2"]);
  expect(orderOf(both, "OTP")).toEqual([]);
  expect(withOrder(both, "COMMERCIAL", [])).toEqual(one);
});

test("an_account_without_a_price_of_its_own_has_the_brands", () => {
  const priced = withPrice({ con_2: 1_000_000 }, "con_1", 257_500);
  expect(priced).toEqual({ con_2: 1_000_000, con_1: 257_500 });
  expect(withPrice(priced, "con_1", 0)).toEqual({ con_2: 1_000_000, con_1: 0 });
  expect(withPrice(priced, "con_1", undefined)).toEqual({ con_2: 1_000_000 });
});

test("a_price_is_read_while_it_is_written", () => {
  expect(["", "0", "0.", "0.2", 0.25].map(liraOf)).toEqual([undefined, 0, 0, 0.2, 0.25]);
});
