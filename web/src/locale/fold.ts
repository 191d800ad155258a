const PLAIN: Record<string, string> = { ı: "i", ş: "s", ğ: "g", ü: "u", ö: "o", ç: "c", â: "a", î: "i", û: "u" };

/**
 * A text as people search it: lower case, and Turkish letters as the plain
 * ones beside them on a keyboard, so that "izinler", "İZİNLER" and "IZINLER"
 * are one.
 */
export function fold(text: string): string {
  return text
    .toLocaleLowerCase("tr")
    .replace(/[ışğüöçâîû]/g, (letter) => PLAIN[letter] ?? letter)
    .normalize("NFD")
    .replace(/\p{M}/gu, "");
}

/**
 * How well a text answers what was typed: 0 not at all; more is better. Every
 * word typed must begin a word of the text.
 */
export function matches(typed: string, text: string): number {
  const wanted = wordsOf(typed);
  const offered = wordsOf(text);
  let score = 1;
  for (const word of wanted) {
    const exact = offered.indexOf(word);
    const place = exact >= 0 ? exact : offered.findIndex((one) => one.startsWith(word));
    if (place < 0) return 0;
    score += exact >= 0 ? 3 : 1;
    if (place === 0) score += 1;
  }
  return score;
}

function wordsOf(text: string): string[] {
  return fold(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}
