import { expect, test } from "vitest";
import { descriptionOf, draftOf, faultsOf } from "./draft";

const bought = { name: "satin_alma", label_tr: "Satın alma", label_en: "", fields: [] };

test("a_kind_of_event_needs_a_name_and_a_label", () => {
  expect(faultsOf(draftOf())).toEqual(["name", "label_tr"]);
  expect(faultsOf(bought)).toEqual([]);
});

test("fields_have_names_of_their_own_without_quotes", () => {
  const field = (name: string) => ({ name, kind: "number" as const });
  expect(faultsOf({ ...bought, fields: [field("tutar"), field("şube adı")] })).toEqual([]);
  for (const fields of [[field("")], [field('a"b')], [field("tutar"), field(" tutar")]]) {
    expect(faultsOf({ ...bought, fields })).toEqual(["fields"]);
  }
});

test("without_an_english_label_the_turkish_one_stands_in", () => {
  expect(descriptionOf(bought).label_en).toBe("Satın alma");
});
