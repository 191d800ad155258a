import { expect, test } from "vitest";
import type { ConnectorKind } from "../api/model";
import { changesOf, configOf, emptyForm, type Field, heldForm, isOutOfRange, missingFields } from "./config-form";

const field = (name: string, more = {}) => ({
  name,
  label_tr: name,
  label_en: name,
  help_tr: "",
  help_en: "",
  required: true,
  secret: false,
  default: null,
  ...more,
});
const kind = {
  kind: "ornek",
  title_tr: "Örnek",
  title_en: "Example",
  fields: [
    field("user"),
    field("password", { secret: true }),
    field("base_url", { required: false, default: "https://a" }),
  ],
} as unknown as ConnectorKind;

test("a_form_begins_with_the_usual_values_and_sends_only_what_was_entered", () => {
  const form = emptyForm(kind);
  expect(form).toEqual({ user: "", password: "", base_url: "https://a" });
  expect(missingFields(kind, form)).toEqual(["user", "password"]);
  expect(configOf(kind, { user: " ali ", password: " gizli ", base_url: "" })).toEqual({
    user: "ali",
    password: " gizli ",
  });
});

test("a_change_sends_what_was_changed_and_keeps_a_secret_that_was_left_empty", () => {
  const held = heldForm(kind, { user: "ali", password: "••••••••" });
  expect(held).toEqual({ user: "ali", password: "", base_url: "https://a" });
  expect(changesOf(kind, held, held)).toEqual({});
  expect(changesOf(kind, held, { user: " veli ", password: "yeni", base_url: "" })).toEqual({
    user: "veli",
    password: "yeni",
    base_url: null,
  });
});

test("a_number_is_held_against_its_range_while_it_is_written", () => {
  const speed = field("requests_per_second", { number: { min: 0, max: 1_000 } }) as unknown as Field;
  expect(["", "0", "1000", " 5 "].map((typed) => isOutOfRange(speed, typed))).toEqual([false, false, false, false]);
  expect(["1001", "-1", "5,5", "hızlı"].map((typed) => isOutOfRange(speed, typed))).toEqual([true, true, true, true]);
  expect(isOutOfRange(field("user") as unknown as Field, "hızlı")).toBe(false);
});
