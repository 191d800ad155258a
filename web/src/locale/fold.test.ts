import { expect, test } from "vitest";
import { DESTINATIONS } from "../app/screens";
import { fold, matches } from "./fold";

test("turkish_letters_and_capitals_make_no_difference", () => {
  for (const one of ["İZİNLER", "izinler", "IZINLER", "ızınler"]) expect(fold(one)).toBe("izinler");
  expect(fold("ŞÜĞÇÖ")).toBe("sugco");
});

test("every_typed_word_must_begin_a_word_of_the_text", () => {
  expect(matches("toplu mes", "Toplu mesaj gönder")).toBeGreaterThan(0);
  expect(matches("mesaj toplu", "Toplu mesaj gönder")).toBeGreaterThan(0);
  expect(matches("plu", "Toplu mesaj")).toBe(0);
});

test("the_words_people_use_find_the_screen_they_mean", () => {
  const best = (typed: string) =>
    DESTINATIONS.map(({ href, words }) => ({ href, score: matches(typed, words) })).sort(
      (a, b) => b.score - a.score,
    )[0];
  expect(best("toplu mesaj")?.href).toMatch(/^\/campaigns/);
  expect(best("kullanici yukleme")?.href).toMatch(/^\/uploads/);
  expect(best("ret")?.href).toBe("/registry/rejections");
  expect(best("izin")?.href).toBe("/registry");
});
