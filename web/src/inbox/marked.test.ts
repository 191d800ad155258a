import { expect, test } from "vitest";
import { markedParts } from "./marked";

const marked = (text: string, words: string[]) =>
  markedParts(text, words)
    .map(({ text, isMarked }) => (isMarked ? `[${text}]` : text))
    .join("");

test("words_of_refusal_are_marked_where_they_stand_alone", () => {
  expect(marked("Artık İSTEMİYORUM, listeden çıkarın", ["İSTEMİYORUM", "listeden"])).toBe(
    "Artık [İSTEMİYORUM], [listeden] çıkarın",
  );
});

test("a_word_inside_another_is_left_alone", () => {
  expect(marked("Durak nerede? dur", ["dur"])).toBe("Durak nerede? [dur]");
  expect(marked("ret (ret)", ["ret"])).toBe("[ret] ([ret])");
});

test("a_text_without_such_words_stays_whole", () => {
  expect(markedParts("Saat kaçta?", [])).toEqual([{ text: "Saat kaçta?", isMarked: false }]);
});
