import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { english } from "./english";
import { late } from "./late";
import { turkish } from "./turkish";

type Tree = { [key: string]: string | Tree };

function texts(tree: Tree, path = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path ? `${path}.${key}` : key;
    if (typeof value === "string") flat.set(here, value);
    else for (const [inner, text] of texts(value, here)) flat.set(inner, text);
  }
  return flat;
}

const tr = texts({ ...turkish, ...late });
const en = texts(english);

/** Turkish nouns do not change after a number, so a text may have one Turkish form and two English ones. */
const plain = (key: string) => key.replace(/_(one|other)$/, "");
const placeholders = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name).sort();

test("every_text_exists_in_both_languages", () => {
  const keys = (texts: Map<string, string>) => [...new Set([...texts.keys()].map(plain))].sort();
  expect(keys(en)).toEqual(keys(tr));
});

test("no_text_is_empty", () => {
  const empty = [...tr, ...en].filter(([, text]) => text.trim() === "").map(([key]) => key);
  expect(empty).toEqual([]);
});

test("both_languages_fill_in_the_same_values", () => {
  const turkishOf = new Map([...tr].map(([key, text]) => [plain(key), text]));
  const differing = [...en]
    .filter(([key, text]) => placeholders(text).join() !== placeholders(turkishOf.get(plain(key)) ?? "").join())
    .map(([key]) => key);
  expect(differing).toEqual([]);
});

test("an_english_text_with_a_plural_has_both_forms", () => {
  const lonely = [...en.keys()]
    .filter((key) => /_(one|other)$/.test(key))
    .filter((key) => !en.has(`${plain(key)}_one`) || !en.has(`${plain(key)}_other`));
  expect(lonely).toEqual([]);
});

test("every_text_is_used_somewhere", () => {
  const source = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes(".test."))
    .map((file) => readFileSync(join("src", file), "utf8"))
    .join("\n");
  const used = (key: string) => source.includes(key) || source.includes(`${key.slice(0, key.lastIndexOf("."))}.\${`);
  expect([...tr.keys()].map(plain).filter((key) => !used(key))).toEqual([]);
});
