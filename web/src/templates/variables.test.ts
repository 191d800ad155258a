import { expect, test } from "vitest";
import { convertPasted, insertAt, variablesOf } from "./variables";

test("a_text_names_its_variables_once_each", () => {
  expect(variablesOf("Merhaba {{ad}}, {{ kod }} ve {{ad}}")).toEqual(["ad", "kod"]);
  expect(variablesOf("düz metin")).toEqual([]);
});

test("variables_written_the_way_of_other_programs_are_converted_with_a_note", () => {
  expect(convertPasted("Merhaba {@ad}")).toEqual({ body: "Merhaba {{ad}}", converted: true });
  expect(convertPasted("Merhaba {{ad}}")).toEqual({ body: "Merhaba {{ad}}", converted: false });
});

test("a_chip_goes_where_the_cursor_stands", () => {
  expect(insertAt("Merhaba ", "ad", 8, 8)).toEqual({ body: "Merhaba {{ad}}", cursor: 14 });
});
