import { expect, test } from "vitest";
import { sampleReport } from "../sample";
import {
  changesOf,
  codesOf,
  draftOf,
  EMPTY_PLAN,
  isUnlisted,
  isUnwritten,
  mandatoryWords,
  withFallbackSender,
  withFallbacks,
  withSentence,
  withWait,
} from "./draft";

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

test("an_account_that_steps_in_no_longer_takes_its_sender_along", () => {
  const plan = { ...EMPTY_PLAN, fallbacks: ["con_2", "con_3"], fallback_senders: { con_2: "IKI", con_3: "UC" } };
  expect(withFallbacks(plan, ["con_3"])).toMatchObject({ fallbacks: ["con_3"], fallback_senders: { con_3: "UC" } });
  expect(withFallbackSender(plan, "con_2", " ").fallback_senders).toEqual({ con_3: "UC" });
  expect(withFallbackSender(EMPTY_PLAN, "con_2", "IKI").fallback_senders).toEqual({ con_2: "IKI" });
});

test("a_sender_is_doubted_only_where_the_provider_names_its_senders", () => {
  expect(isUnlisted("ORNEK", ["BASKA"])).toBe(true);
  expect(isUnlisted(" BASKA ", ["BASKA"])).toBe(false);
  expect(isUnlisted("ORNEK", [])).toBe(false);
  expect(isUnlisted("ORNEK", ["+905321234567"])).toBe(false);
  expect(isUnlisted("", ["BASKA"])).toBe(false);
});

test("refusals_are_not_waited_for_longer_than_results", () => {
  const canary = { percent: 1, wait_minutes: 60, brake_percent: 20 };
  expect(withWait({ ...canary, refusal_minutes: 45 }, 30)).toEqual({
    ...canary,
    wait_minutes: 30,
    refusal_minutes: 30,
  });
  expect(withWait(canary, 30)).toEqual({ ...canary, wait_minutes: 30 });
});

test("codes_are_taken_as_they_stand_on_lines_or_between_signs_each_once", () => {
  expect(codesOf("120.01.001\n 120.01.002 ;120.01.001,C 7\tC8\n\n")).toEqual(["120.01.001", "120.01.002", "C 7", "C8"]);
  expect(codesOf(" \n")).toEqual([]);
});
