import { expect, test } from "vitest";
import { turkish } from "../locale/turkish";
import { DEEDS, deedKey } from "./deeds";

test("every_deed_that_is_offered_has_its_sentence", () => {
  const known = Object.keys(turkish.admin.deed).map((key) => `admin.deed.${key}`);
  expect(DEEDS.map(deedKey).filter((key) => !known.includes(key))).toEqual([]);
});
