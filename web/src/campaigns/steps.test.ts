import { expect, test } from "vitest";
import { counted, sampleReport } from "./sample";
import { dryRunSteps, reportSteps, type Step } from "./steps";

const named = (steps: Step[], name: Step["name"]) => {
  const step = steps.find((step) => step.name === name);
  if (!step) throw new Error(`no step ${name}`);
  return step;
};

test("each_bar_begins_where_what_was_left_before_it_ends", () => {
  const steps = reportSteps(sampleReport());
  const drawn = steps.map(({ name, reason, from, to }) => [reason?.code ?? name, from, to]);
  expect(drawn).toEqual([
    ["target", 0, 1],
    ["excluded", 0.5, 1],
    ["S103", 0.65, 1],
    ["S101", 0.5, 0.65],
    ["held", 0.3, 0.5],
    ["waiting", 0.325, 0.5],
    ["uncertain", 0.3, 0.325],
    ["sent", 0, 0.3],
    ["delivered", 0, 0.25],
    ["failed", 0.25, 0.27],
    ["open", 0.27, 0.3],
  ]);
});

test("the_widths_of_excluded_held_and_sent_fill_the_target", () => {
  const steps = reportSteps(sampleReport());
  const width = (name: Step["name"]) => named(steps, name).to - named(steps, name).from;
  expect(width("excluded") + width("held") + width("sent")).toBeCloseTo(1);
  expect(width("delivered") + width("failed") + width("open")).toBeCloseTo(width("sent"));
});

test("every_number_of_a_report_names_the_rows_behind_it", () => {
  const steps = reportSteps(sampleReport());
  expect(steps.filter(({ rows }) => rows === undefined)).toEqual([]);
  expect(steps.find(({ reason }) => reason?.code === "S103")?.rows).toEqual({ group: "excluded", code: "S103" });
});

test("a_hold_of_one_kind_is_not_split_into_itself", () => {
  const report = sampleReport({ held: { total: 40, waiting: 40, uncertain: 0, cancelled: 0 } });
  expect(reportSteps(report).map(({ name }) => name)).not.toContain("waiting");
});

test("an_empty_target_draws_nothing_and_divides_by_nothing", () => {
  const report = sampleReport({
    target: 0,
    excluded: { total: 0, reasons: [] },
    held: { total: 0, waiting: 0, uncertain: 0, cancelled: 0 },
    sent: 0,
    delivered: 0,
    failed: { total: 0, refused: 0, undelivered: 0, expired: 0, rejected: 0 },
    open: 0,
  });
  expect(reportSteps(report).every(({ from, to }) => from === 0 && to === 0)).toBe(true);
});

test("six_contacts_of_whom_one_may_be_sent_to_show_five_reasons_before_the_launch", () => {
  const excluded = ["S101", "S102", "S103", "S105", "S201"].map((code) => counted(code, 1));
  const steps = dryRunSteps({
    at: "2025-06-23T10:00:00+03:00",
    target: 6,
    sendable: 1,
    held: 0,
    lettering: "as_written",
    changes: [],
    excluded,
    length: { encoding: "GSM-7", units: 100, parts: 1 },
    findings: [],
    fixes: [],
    routes: [],
    starts_at: "2025-06-23T10:00:00+03:00",
    needs_signature: false,
    lost: 0,
    unknown_accounts: [],
  });
  expect(steps.filter(({ name }) => name === "reason")).toHaveLength(5);
  expect([named(steps, "excluded").count, named(steps, "sendable").count]).toEqual([5, 1]);
  expect(steps.filter(({ rows }) => rows === undefined)).toEqual([]);
  expect(named(steps, "sendable").rows).toEqual({ group: "waiting" });
});
