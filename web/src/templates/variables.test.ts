import { expect, test } from "vitest";
import type { Attribute } from "../api/model";
import { chipsOf, convertPasted, insertAt, variablesOf } from "./variables";

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

test("chips_are_what_the_firm_keeps_and_what_the_text_names_besides", () => {
  const attribute = (code: string, is_health = false) => ({ code, is_health }) as Attribute;
  const attributes = [attribute("sehir"), attribute("tani", true)];
  const shown = (body: string) => chipsOf(body, attributes).map(({ name, isKnown }) => (isKnown ? name : `${name}?`));
  expect(shown("Merhaba {{ad}}, {{kodu}}")).toEqual(["ad", "musteri_no", "promosyon_kodu", "sehir", "kodu?"]);
  expect(shown("{{tani}}")).toEqual(["ad", "musteri_no", "promosyon_kodu", "sehir", "tani"]);
});
