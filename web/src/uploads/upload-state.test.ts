import { expect, test } from "vitest";
import type { Upload } from "../api/model";
import { acceptedPairs, applyBlock, canCancel, isMoving, stagesOf, summaryOf } from "./upload-state";

function upload(more: Partial<Upload>): Upload {
  return {
    id: "upl_1",
    brand_id: "brd_1",
    name: "Haziran",
    file_name: "haziran.csv",
    action: "push",
    purpose: "contacts",
    spares_mandatory: false,
    state: "received",
    size_bytes: 1_000,
    read_bytes: 0,
    rows_read: 0,
    pairs_judged: 0,
    pairs_rejected: 0,
    records_total: 0,
    records_applied: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    rejected: 0,
    rejected_late: 0,
    known: 0,
    holds: [],
    notices: [],
    discrepancies: [],
    registry: { pending: 0, in_flight: 0, waiting: 0, parked: 0, done: 0, confirmed: 0, refused: 0, tries: 0 },
    summary: {
      format: "text",
      title_rows: 0,
      encoding: "UTF-8",
      delimiter: ";",
      layout: "long",
      columns: [],
      codes: [],
      biggest_reasons: [],
      accepted: 0,
      questions: [],
      first_rows: [],
      rejected_percent: 0,
      merged: 0,
    },
    actor: "Ayşe",
    created_at: "2025-06-23T10:00:00+03:00",
    ...more,
  };
}

const line = (more: Partial<Upload>) => stagesOf(upload(more)).map(({ state }) => state);

test("the_stages_follow_the_state_from_file_to_registry", () => {
  expect(line({ state: "received" })).toEqual(["current", "open", "open", "open", "open"]);
  expect(line({ state: "judging" })).toEqual(["done", "current", "open", "open", "open"]);
  expect(line({ state: "judged" })).toEqual(["done", "done", "current", "open", "open"]);
  expect(line({ state: "applying" })).toEqual(["done", "done", "done", "current", "open"]);
  expect(line({ state: "applied" })).toEqual(["done", "done", "done", "done", "done"]);
});

test("an_applied_upload_is_not_over_while_the_registry_owes_an_answer", () => {
  const registry = { ...upload({}).registry, pending: 1, in_flight: 1, waiting: 2, done: 4 };
  const waiting = upload({ state: "applied", registry });
  expect(stagesOf(waiting).at(-1)).toEqual({ name: "registry", state: "current", share: 0.5 });
  expect(isMoving(waiting)).toBe(true);
});

test("calls_that_were_set_aside_do_not_keep_a_screen_asking_for_ever", () => {
  const registry = { ...upload({}).registry, parked: 3, done: 4 };
  expect(isMoving(upload({ state: "applied", registry }))).toBe(false);
});

test("an_upload_that_stays_local_has_no_registry_stage", () => {
  expect(stagesOf(upload({ action: "local" })).map(({ name }) => name)).not.toContain("registry");
});

test("a_file_that_was_refused_stops_at_judging", () => {
  expect(line({ state: "refused" })).toEqual(["done", "halted", "open", "open", "open"]);
});

test("progress_is_the_share_of_bytes_while_judging_and_of_records_while_applying", () => {
  expect(stagesOf(upload({ state: "judging", read_bytes: 250 }))[1]?.share).toBe(0.25);
  expect(stagesOf(upload({ state: "applying", records_total: 8, records_applied: 2 }))[3]?.share).toBe(0.25);
});

test("whoever_started_applying_may_still_stop_it_until_it_is_done", () => {
  expect((["judged", "applying", "applied"] as const).map((state) => canCancel(upload({ state })))).toEqual([
    true,
    true,
    false,
  ]);
});

test("accepted_rejected_and_merged_records_make_up_all_judged_ones", () => {
  const summary = { ...upload({}).summary, merged: 2 };
  expect(acceptedPairs(upload({ pairs_judged: 100, pairs_rejected: 8, summary }))).toBe(90);
});

test("a_file_is_applied_only_answered_by_the_right_person_and_not_empty", () => {
  const judged = upload({ state: "judged", pairs_judged: 10, actor: "user:usr_1" });
  const asks = (code: string) => ({
    ...judged,
    summary: { ...judged.summary, questions: [{ code, text_tr: "?", text_en: "?", choices: [], examples: [] }] },
  });
  expect(applyBlock(judged, "user:usr_1", false)).toBeUndefined();
  expect(applyBlock(judged, "user:usr_1", true)).toBe("other_person");
  expect(applyBlock(judged, "user:usr_2", true)).toBeUndefined();
  expect(applyBlock(asks("polarity"), "user:usr_1", false)).toBe("questions");
  expect(applyBlock(asks("kind_word"), "user:usr_1", false)).toBeUndefined();
  expect(applyBlock({ ...asks("polarity"), pairs_rejected: 10 }, "user:usr_1", false)).toBe("questions_first");
  expect(applyBlock({ ...judged, pairs_rejected: 10 }, "user:usr_1", false)).toBe("nothing");
});

test("a_summary_is_shown_only_when_columns_were_recognised", () => {
  expect(summaryOf(upload({}))).toBeUndefined();
  expect(summaryOf(upload({ summary: {} as Upload["summary"] }))).toBeUndefined();
});
