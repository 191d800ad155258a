import { expect, test } from "vitest";
import type { ConnectorKind } from "../api/model";
import { configOf, emptyForm, missingFields } from "./config-form";

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
