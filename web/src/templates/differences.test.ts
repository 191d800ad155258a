import { expect, test } from "vitest";
import { differences } from "./differences";

const oldOf = (pieces: ReturnType<typeof differences>) =>
  pieces
    .filter(({ kind }) => kind !== "new")
    .map(({ text }) => text)
    .join("");
const newOf = (pieces: ReturnType<typeof differences>) =>
  pieces
    .filter(({ kind }) => kind !== "gone")
    .map(({ text }) => text)
    .join("");

test("both_texts_can_be_read_out_of_their_differences", () => {
  const pairs = [
    ["Yaz indirimi başladı.", "Kış indirimi yarın başladı."],
    ["", "yeni"],
    ["eski", ""],
    ["aynı  metin\n", "aynı  metin\n"],
  ] as const;
  for (const [before, after] of pairs) {
    const pieces = differences(before, after);
    expect([oldOf(pieces), newOf(pieces)]).toEqual([before, after]);
  }
});

test("words_that_stay_are_not_marked", () => {
  expect(differences("Yaz indirimi başladı.", "Kış indirimi başladı.")).toEqual([
    { kind: "gone", text: "Yaz " },
    { kind: "new", text: "Kış " },
    { kind: "same", text: "indirimi başladı." },
  ]);
});
