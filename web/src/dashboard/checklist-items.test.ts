import { expect, test } from "vitest";
import { sampleReport } from "../campaigns/sample";
import { checklistOf } from "./checklist-items";

const passed = (items: ReturnType<typeof checklistOf>) => items.filter((item) => item.passed).map(({ name }) => name);

test("a_new_firm_has_passed_nothing", () => {
  expect(passed(checklistOf({ registries: [], connectors: [], uploads: [], report: undefined }))).toEqual([]);
});

test("an_item_passes_by_what_was_seen_to_work", () => {
  const light = { code: "account", detail: "", detail_en: "", name: "", name_en: "" };
  const seen = {
    registries: [{ mode: "integrator" as const, lights: [{ ...light, ok: false }] }],
    connectors: [{ state: "broken" as const, senders: ["ORNEK"] }],
    uploads: [{ state: "applied" as const }],
    report: sampleReport({ batches: { ...sampleReport().batches, accepted: 0 } }),
  };
  expect(passed(checklistOf(seen))).toEqual(["list", "trial"]);
  const better = {
    ...seen,
    registries: [{ mode: "integrator" as const, lights: [{ ...light, ok: true }] }],
    connectors: [{ state: "active" as const, senders: [] }],
    report: sampleReport({ batches: { ...sampleReport().batches, accepted: 1 } }),
  };
  expect(passed(checklistOf(better))).toEqual(["registry", "connector", "sender", "list", "trial"]);
  const listed = { ...seen, connectors: [{ state: "active" as const, senders: ["ORNEK"] }] };
  expect(passed(checklistOf(listed))).toEqual(["connector", "sender", "list", "trial"]);
});
