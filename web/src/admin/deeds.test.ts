import { expect, test } from "vitest";
import { late } from "../locale/late";
import { DEEDS, deedKey } from "./deeds";

test("every_deed_that_is_offered_has_its_sentence", () => {
  const known = Object.keys(late.admin.deed).map((key) => `admin.deed.${key}`);
  expect(DEEDS.map(deedKey).filter((key) => !known.includes(key))).toEqual([]);
});
