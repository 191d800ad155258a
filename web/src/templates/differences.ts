/** A run of words that two texts share, or that only one of them has. */
export interface Piece {
  kind: "same" | "gone" | "new";
  text: string;
}

/** Texts longer than this, in words, are shown one after the other instead of compared. */
const WORDS_MAX = 1_200;

/** What became of `before` in `after`, word by word (longest common run of words). */
export function differences(before: string, after: string): Piece[] {
  const [old, fresh] = [wordsOf(before), wordsOf(after)];
  if (old.length > WORDS_MAX || fresh.length > WORDS_MAX) {
    return before === after
      ? join([["same", after]])
      : join([
          ["gone", before],
          ["new", after],
        ]);
  }
  // common[i][j]: how many words the rests from i and j on share in order.
  const width = fresh.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === fresh[j]
          ? at(common, (i + 1) * width + j + 1) + 1
          : Math.max(at(common, (i + 1) * width + j), at(common, i * width + j + 1));
    }
  }
  const pieces: [Piece["kind"], string][] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    const [left, right] = [old[i], fresh[j]];
    if (left !== undefined && left === right) {
      pieces.push(["same", left]);
      i += 1;
      j += 1;
    } else if (
      right === undefined ||
      (left !== undefined && at(common, (i + 1) * width + j) >= at(common, i * width + j + 1))
    ) {
      pieces.push(["gone", left ?? ""]);
      i += 1;
    } else {
      pieces.push(["new", right]);
      j += 1;
    }
  }
  return join(pieces);
}

function at(table: Uint16Array, place: number): number {
  return table[place] ?? 0;
}

/** Words with the blanks behind them, so that joining them gives the text again. */
function wordsOf(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

function join(pieces: [Piece["kind"], string][]): Piece[] {
  const joined: Piece[] = [];
  for (const [kind, text] of pieces) {
    const last = joined.at(-1);
    if (last?.kind === kind) last.text += text;
    else joined.push({ kind, text });
  }
  return joined;
}
