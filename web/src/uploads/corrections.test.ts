import { expect, test } from "vitest";
import { bodyOf, type Edit, type Edits, holdsWords, withEdit } from "./corrections";

const edit = (change: Partial<Edit>): Edit => ({
  line: 2,
  column: 0,
  code: "R203",
  from: "532 123",
  to: "0532 123 45 67",
  everywhere: false,
  ...change,
});
const none: Edits = new Map();

test("a_cell_written_back_as_it_was_is_no_correction", () => {
  const once = withEdit(none, edit({}));
  expect(bodyOf(once).cells).toEqual([{ line: 2, column: 0, value: "0532 123 45 67" }]);
  expect(withEdit(once, edit({ to: "532 123" })).size).toBe(0);
});

test("a_word_for_all_rows_is_sent_once_and_not_as_a_cell", () => {
  const word = edit({ column: 3, code: "R502", from: "olur", to: " Evet ", everywhere: true });
  expect(bodyOf(withEdit(withEdit(none, edit({})), word))).toEqual({
    cells: [{ line: 2, column: 0, value: "0532 123 45 67" }],
    same: [{ code: "R502", column: 3, from: "olur", to: "Evet" }],
  });
});

test("addresses_and_dates_are_mended_row_by_row", () => {
  const row = { code: "R203", line: 2, number: 0, value: "532" };
  const of = (field: string, value = "x") => holdsWords({ ...row, field, value } as Parameters<typeof holdsWords>[0]);
  expect(["status", "source", "channel", "kind"].map((field) => of(field))).toEqual([true, true, true, true]);
  expect([of("phone"), of("date"), of("status", " ")]).toEqual([false, false, false]);
});
