import { expect, test } from "vitest";
import type { Question } from "../api/model";
import { answersOf, askingOf, columnsOf, keyOf, meaningOf, rulesOf, stopsFile } from "./answers";

const question = (more: Partial<Question>): Question => ({
  code: "date_order",
  text_tr: "?",
  text_en: "?",
  choices: [],
  examples: [],
  ...more,
});
const polarity = question({ code: "polarity", column: "SMS istemiyor" });
const esnaf = question({ code: "kind_word", word: "esnaf" });
const dernek = question({ code: "kind_word", word: "dernek" });
const web = question({ code: "source_word", word: "web sitesi", suggestion: "HS_WEB" });

test("a_file_updates_nobody_and_has_turkish_numbers_until_somebody_says_otherwise", () => {
  expect(rulesOf({ mapping: null })).toEqual({ update_people: false, default_country: "TR" });
  expect(rulesOf({ mapping: { update_people: true, default_country: "AZ" } })).toEqual({
    update_people: true,
    default_country: "AZ",
  });
});

test("all_answers_travel_in_one_call_each_under_its_column_or_word", () => {
  const order = question({ column: "İzin tarihi" });
  const other = question({ column: "Onay tarihi" });
  const channels = question({ code: "status_channels", column: "İzin" });
  const chosen = {
    [keyOf(polarity)]: "yes_is_refusal",
    [keyOf(esnaf)]: "TACIR",
    [keyOf(dernek)]: "TACIR",
    [keyOf(web)]: "HS_WEB",
    [keyOf(order)]: "day_first",
    [keyOf(other)]: "month_first",
    [keyOf(channels)]: ["MESAJ", "EPOSTA"],
  };
  expect(answersOf([polarity, esnaf, dernek, web, order, other, channels], chosen)).toEqual({
    mapping: {
      polarity: { "SMS istemiyor": "yes_is_refusal" },
      kinds: { esnaf: "TACIR", dernek: "TACIR" },
      sources: { "web sitesi": "HS_WEB" },
      date_orders: { "İzin tarihi": "day_first", "Onay tarihi": "month_first" },
      status_channels: ["MESAJ", "EPOSTA"],
    },
  });
});

test("the_kind_of_rows_that_state_none_is_no_part_of_the_mapping", () => {
  const kind = question({ code: "default_kind" });
  expect(answersOf([kind], { [keyOf(kind)]: "BIREYSEL" })).toEqual({ default_recipient_kind: "BIREYSEL" });
});

test("a_date_column_that_is_no_consent_date_is_left_out", () => {
  const date = question({ code: "consent_date_column", column: "Kayıt Tarihi" });
  const said = (value: string) => answersOf([date], { [keyOf(date)]: value })?.mapping;
  expect(said("is_consent_date")).toEqual({ columns: { "Kayıt Tarihi": { field: "date" } } });
  expect(said("is_other_date")).toEqual({ columns: { "Kayıt Tarihi": { field: "ignored" } } });
});

test("nothing_chosen_is_no_answer", () => {
  expect(answersOf([polarity, esnaf], {})).toBeUndefined();
  expect(answersOf([question({ code: "status_channels" })], { status_channels: [] })).toBeUndefined();
});

test("a_question_the_panel_does_not_know_or_cannot_place_is_shown_without_choices", () => {
  expect(askingOf(question({ code: "something_new" }))).toBeUndefined();
  expect(askingOf(question({ code: "kind_word" }))).toBeUndefined();
  expect(askingOf(web)).toMatchObject({ form: "list", suggestion: "HS_WEB" });
});

test("a_question_about_one_word_stops_no_file", () => {
  expect([polarity, web, esnaf].map(stopsFile)).toEqual([true, false, false]);
});

test("a_column_keeps_its_channel_through_the_select", () => {
  expect(meaningOf({ field: "status", channel: "EPOSTA" })).toBe("status:EPOSTA");
  expect(meaningOf({ field: null })).toBe("ignored");
  expect(meaningOf({ field: "attribute", attribute: "semt" })).toBe("attribute:semt");
  expect(columnsOf({ "Mail onay": "status:EPOSTA", Not: "ignored" })).toEqual({
    mapping: { columns: { "Mail onay": { field: "status", channel: "EPOSTA" }, Not: { field: "ignored" } } },
  });
});

test("a_column_has_one_meaning_an_attribute_or_a_field", () => {
  expect(columnsOf({ Bölge: "attribute:semt" })).toEqual({
    mapping: { columns: { Bölge: null }, attributes: { Bölge: "semt" } },
  });
  expect(columnsOf({ Bölge: "ignored", Ad: "full_name" }, ["Bölge"])).toEqual({
    mapping: { columns: { Bölge: { field: "ignored" }, Ad: { field: "full_name" } }, attributes: { Bölge: null } },
  });
});

test("a_sheet_a_coding_a_brand_word_and_a_nameless_column_can_be_answered", () => {
  const sheet = question({ code: "sheet", choices: ["Müşteriler", "Eski"] });
  const coding = question({ code: "encoding", choices: ["windows-1254", "cp857"], examples: ["İzin", "Øzin"] });
  const brand = question({ code: "brand_word", word: "Örnek A.Ş." });
  const other = question({ code: "brand_word", word: "ORNEK" });
  const nameless = question({ code: "unnamed_column", column: "Sütun 1" });
  expect(askingOf(sheet)).toEqual({ form: "one", choices: ["Müşteriler", "Eski"] });
  expect(askingOf(coding)).toMatchObject({ examples: ["İzin", "Øzin"] });
  expect(askingOf(question({ code: "sheet" }))).toBeUndefined();
  const chosen = {
    [keyOf(sheet)]: "Müşteriler",
    [keyOf(coding)]: "cp857",
    [keyOf(brand)]: "is_our_brand",
    [keyOf(other)]: "is_our_brand",
    [keyOf(nameless)]: "external_id",
  };
  expect(answersOf([sheet, coding, brand, other, nameless], chosen, ["Eski Ad"])).toEqual({
    mapping: {
      sheet: "Müşteriler",
      encoding: "cp857",
      brands: ["Eski Ad", "Örnek A.Ş.", "ORNEK"],
      columns: { "Sütun 1": { field: "external_id" } },
    },
  });
});
