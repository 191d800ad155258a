// @vitest-environment node
import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";

test("the_generated_client_matches_the_openapi_document", async () => {
  const document = JSON.parse(readFileSync("openapi.json", "utf8"));
  const generated = astToString(await openapiTS(document));
  const committed = readFileSync("src/api/schema.d.ts", "utf8");
  // The command writes a comment above what the library makes.
  expect(committed.endsWith(generated), "run `npm run client` and commit src/api/schema.d.ts").toBe(true);
});
