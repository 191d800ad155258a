/** What somebody typed or pasted: addresses the server takes, and the rest as it was. */
export interface Typed {
  addresses: string[];
  faulty: string[];
}

/** Most addresses of one call. */
export const ADDRESSES_MAX = 1_000;

/** A Turkish phone as people write it, any phone with a plus, or an e-mail address; nothing for anything else. */
export function addressOf(text: string): string | undefined {
  const bare = text.trim();
  if (bare.includes("@")) {
    return /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+\.[a-zA-Z]{2,}$/.test(bare) ? bare.toLowerCase() : undefined;
  }
  const digits = bare.replace(/[\s()./-]/g, "");
  if (/^\+[1-9]\d{7,14}$/.test(digits)) return digits;
  const national = /^(?:00?90|90|0)?(5\d{9})$/.exec(digits);
  return national ? `+90${national[1]}` : undefined;
}

/** Reads addresses that stand on lines of their own, or behind commas or semicolons; each once. */
export function addressesOf(text: string): Typed {
  const parts = text
    .split(/[\n,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const addresses = new Set<string>();
  const faulty: string[] = [];
  for (const part of parts) {
    const address = addressOf(part);
    if (address) addresses.add(address);
    else faulty.push(part);
  }
  return { addresses: [...addresses], faulty };
}
