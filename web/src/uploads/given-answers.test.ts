import { expect, test } from "vitest";
import { givenAnswers } from "./given-answers";

test("every_answer_stands_by_itself_with_what_takes_it_back", () => {
  const given = givenAnswers({
    date_order: "month_first",
    date_orders: { "İzin tarihi": "day_first" },
    sources: { "web sitesi": "HS_WEB", fuar: "HS_ETKINLIK" },
    status_channels: ["MESAJ", "ARAMA"],
    phone_zeros_are_real: true,
    columns: { Not: { field: "ignored" } },
    update_people: true,
  });
  expect(given.map(({ kind, about, values }) => [kind, about, ...values])).toEqual([
    ["date_order", undefined, "month_first"],
    ["phone_zeros_are_real", undefined, "true"],
    ["date_orders", "İzin tarihi", "day_first"],
    ["sources", "web sitesi", "HS_WEB"],
    ["sources", "fuar", "HS_ETKINLIK"],
    ["status_channels", undefined, "MESAJ", "ARAMA"],
  ]);
  expect(given.map(({ undo }) => undo.mapping)).toEqual([
    { date_order: null },
    { phone_zeros_are_real: null },
    { date_orders: { "İzin tarihi": null } },
    { sources: { "web sitesi": null } },
    { sources: { fuar: null } },
    { status_channels: null },
  ]);
});

test("one_of_several_words_of_a_brand_is_taken_back_and_the_others_stay", () => {
  const undo = givenAnswers({ brands: ["ORNEK", "Örnek A.Ş."] }).map((one) => one.undo.mapping);
  expect(undo).toEqual([{ brands: ["Örnek A.Ş."] }, { brands: ["ORNEK"] }]);
  expect(givenAnswers({ brands: ["ORNEK"] })[0]?.undo.mapping).toEqual({ brands: null });
});

test("a_file_that_nobody_was_asked_about_has_no_answers", () => {
  expect(givenAnswers(null)).toEqual([]);
  expect(givenAnswers({})).toEqual([]);
  expect(givenAnswers({ phone_zeros_are_real: false, sheet: null, brands: [] })).toEqual([]);
});
