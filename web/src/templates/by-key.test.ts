import { expect, test } from "vitest";
import { draftOf, exampleCall, settingsOf } from "./by-key";

const HELD = {
  key: "siparis.kargoda",
  basis: "INFORMATIONAL" as const,
  purpose: "sipariş",
  kind: "BIREYSEL" as const,
  sender: "ORNEK",
  connector_id: "con_1",
  overridable: ["text" as const],
  person_limit: 3,
  total_limit: null,
  limit_hours: 24,
  expires_minutes: null,
  window: { from_minute: 540, to_minute: 1_260 },
};

test("settings go through the form and come out as they were", () => {
  expect(settingsOf(draftOf(HELD))).toEqual(HELD);
});

test("an emptied limit is no limit, and the hours fall back to a day", () => {
  const draft = { ...draftOf(HELD), person_limit: "", limit_hours: "" };
  expect(settingsOf(draft)).toMatchObject({ person_limit: null, limit_hours: 24 });
});

test("the example names the parameters of the text and no other variable", () => {
  const call = exampleCall("siparis.kargoda", { channel: "MESAJ", variables: ["ad", "p_no"] });
  expect(JSON.parse(call)).toEqual({
    key: "siparis.kargoda",
    messages: [{ to: "+905321234567", parameters: { p_no: "…" } }],
  });
  const mail = JSON.parse(exampleCall("a", { channel: "EPOSTA", variables: [] }));
  expect(mail.messages).toEqual([{ to: "ayse@ornek.com" }]);
});
