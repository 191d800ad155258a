// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const core = resolve("node_modules/@mantine/core");

/** Components imported by name from `@mantine/core` anywhere in the panel. */
function importedNames(): Set<string> {
  const names = new Set<string>();
  for (const file of sources()) {
    for (const [, list] of readFileSync(file, "utf8").matchAll(/import\s*\{([^}]*)\}\s*from\s*"@mantine\/core"/g)) {
      for (const name of (list ?? "").split(",")) {
        const plain = name.trim();
        if (/^[A-Z]/.test(plain)) names.add(plain);
      }
    }
  }
  return names;
}

function sources(): string[] {
  const list = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".tsx") && !file.includes(".test."))
    .map((file) => join("src", file));
  if (list.length === 0) throw new Error("no sources found");
  return list;
}

/** Style sheets of a component and of everything it is built from, by following its modules. */
function styleSheets(entry: string, seen = new Set<string>()): Set<string> {
  const sheets = new Set<string>();
  if (seen.has(entry) || !existsSync(entry)) return sheets;
  seen.add(entry);
  const sheet = entry.match(/([A-Za-z]+)\.module\.mjs$/)?.[1];
  if (sheet) sheets.add(sheet);
  for (const [, path] of readFileSync(entry, "utf8").matchAll(/from "(\.[^"]+)"/g)) {
    for (const found of styleSheets(join(dirname(entry), path ?? ""), seen)) sheets.add(found);
  }
  return sheets;
}

test("every_mantine_component_in_use_comes_with_its_style_sheets", () => {
  const listed = readFileSync("src/styles/mantine.css", "utf8");
  const missing = new Set<string>();
  for (const name of importedNames()) {
    for (const sheet of styleSheets(join(core, "esm/components", name, `${name}.mjs`))) {
      const exists = existsSync(join(core, "styles", `${sheet}.css`));
      if (exists && !listed.includes(`/styles/${sheet}.css"`)) missing.add(`${sheet} (for ${name})`);
    }
  }
  expect([...missing]).toEqual([]);
});
