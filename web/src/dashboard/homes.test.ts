import { expect, test } from "vitest";
import { HOME, rowsOf } from "./homes";

test("a_wide_part_stands_alone_and_the_others_in_pairs", () => {
  expect(rowsOf(["duties", "inbox", "registry", "coverage", "uploads"])).toEqual([
    ["duties"],
    ["inbox", "registry"],
    ["coverage"],
    ["uploads"],
  ]);
});

test("each_role_begins_with_its_own_work", () => {
  expect(HOME.marketer[0]).toBe("checklist");
  expect(HOME.approver[0]).toBe("approvals");
  expect(HOME.compliance[0]).toBe("duties");
  expect(HOME.support[0]).toBe("find");
  for (const parts of Object.values(HOME)) expect(new Set(parts).size).toBe(parts.length);
});
