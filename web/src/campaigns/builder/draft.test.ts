import { expect, test } from "vitest";
import { sampleReport } from "../sample";
import { changesOf, draftOf, EMPTY_PLAN, isUnwritten, mandatoryWords, withSentence } from "./draft";

const saved = sampleReport().campaign;

test("only_what_differs_is_sent", () => {
  expect(changesOf(draftOf(saved), saved)).toEqual({});
  expect(changesOf({ ...draftOf(saved), name: "Güz" }, saved)).toEqual({ name: "Güz" });
});

test("a_plan_that_says_the_same_in_other_words_is_no_change", () => {
  const held = { ...saved, plan: { ...EMPTY_PLAN, send_at: "2026-10-29T07:00:00Z" } };
  const draft = { ...draftOf(held), plan: { ...EMPTY_PLAN, send_at: "2026-10-29T10:00:00+03:00" } };
  expect(changesOf(draft, held)).toEqual({});
  const capped = { ...EMPTY_PLAN, cap: 5 };
  expect(changesOf({ ...draft, plan: capped }, held)).toEqual({ plan: capped });
});

test("a_sentence_is_put_behind_a_text_once", () => {
  expect(withSentence("Merhaba. ", "RET X")).toBe("Merhaba. RET X");
  expect(withSentence("Merhaba. RET X", "RET X")).toBe("Merhaba. RET X");
  expect(withSentence("", "RET X")).toBe("RET X");
});

test("a_draft_that_holds_only_what_the_law_asks_for_is_unwritten", () => {
  const brand = { trade_name: "Örnek A.Ş.", mersis: "0123456789012345", short_name: "ORNEK" } as never;
  expect(isUnwritten(mandatoryWords(brand), brand)).toBe(true);
  expect(isUnwritten(`İndirim! ${mandatoryWords(brand)}`, brand)).toBe(false);
});
