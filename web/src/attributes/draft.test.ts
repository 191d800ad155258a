import { expect, test } from "vitest";
import type { Attribute } from "../api/model";
import { changeOf, codeOf, draftOf, EMPTY, faultsOf, newOf, wordsOf } from "./draft";

const level: Attribute = {
  id: "atr_1",
  code: "seviye",
  label_tr: "Seviye",
  label_en: "Level",
  kind: "choice",
  is_array: false,
  is_personal: false,
  is_health: false,
  choices: ["Altın", "Gümüş"],
  position: 1,
  created_at: "2026-03-04T15:00:00+03:00",
  updated_at: "2026-03-04T15:00:00+03:00",
};

test("a_label_suggests_a_code_without_turkish_letters", () => {
  expect(codeOf("Yıllık Harcama (₺)")).toBe("yillik_harcama");
  expect(codeOf("İLGİ Alanı")).toBe("ilgi_alani");
  expect(codeOf("2. adres")).toBe("adres");
  expect(codeOf("…")).toBe("");
});

test("the_words_of_a_choice_stand_one_a_line_and_each_once", () => {
  expect(wordsOf(" Altın \n\nGümüş\nAltın")).toEqual(["Altın", "Gümüş"]);
});

test("a_form_says_what_it_lacks", () => {
  expect(faultsOf(EMPTY)).toEqual(["label_tr", "code"]);
  expect(faultsOf({ ...EMPTY, label_tr: "Seviye", code: "Seviye" })).toEqual(["code"]);
  expect(faultsOf({ ...EMPTY, label_tr: "Seviye", code: "seviye", kind: "choice" })).toEqual(["choices"]);
  expect(faultsOf({ ...EMPTY, label_tr: "Şehir", code: "şehir" })).toEqual([]);
});

test("words_are_sent_for_a_choice_only_and_a_missing_english_label_is_the_turkish_one", () => {
  const sent = newOf({ ...EMPTY, label_tr: " Semt ", code: "semt", choices: "a\nb" });
  expect(sent).toMatchObject({ label_tr: "Semt", label_en: "Semt", choices: [] });
});

test("only_what_differs_is_sent", () => {
  expect(changeOf(level, draftOf(level))).toBeUndefined();
  const draft = { ...draftOf(level), is_health: true, choices: "Altın\nGümüş\nBronz" };
  expect(changeOf(level, draft)).toEqual({ is_health: true, choices: ["Altın", "Gümüş", "Bronz"] });
});
