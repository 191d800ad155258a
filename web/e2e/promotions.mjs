/** The parts of the story about promotion codes: a file of them, a campaign that gives them, what is left. */
import assert from "node:assert/strict";
import { checkAccess, picture } from "./browser.mjs";
import { until } from "./server.mjs";

export const PROMOTION_STORY = [
  ["brings codes in and sees how many there are", uploadCodes],
  ["gives them with a campaign and sees what is left", giveCodes],
];

const CODES = 25;
const NAME = "Yaz kuponu";

async function uploadCodes({ page, brand }) {
  // By the word that somebody thinks of, without the menu.
  await page.goto("/campaigns");
  await page.getByRole("heading", { level: 1, name: "Kampanyalar" }).waitFor();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Ekran ya da işlem bul" });
  await palette.getByRole("combobox").fill("indirim kodu");
  await palette.getByRole("option", { name: "Promosyonlar", selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/promotions/);
  await page.getByRole("heading", { level: 1, name: "Promosyonlar" }).waitFor();
  await page.getByText("Henüz promosyon yok").waitFor();
  await checkAccess(page, "a firm without promotions");

  await page.getByRole("button", { name: "Kod yükle" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Dosya yükle" });
  const codes = Array.from({ length: CODES }, (_, n) => `;YAZ-${1000 + n}`);
  // Twice the same code, a code that is none, and somebody whom nobody knows.
  const rows = ["müşteri no;promosyon kodu", ...codes, ";YAZ-1000", ";iki kelime", "YOK-1;YAZ-9999"];
  await dialog.locator("input[type=file]").setInputFiles({
    name: "yaz-kuponlari.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(rows.join("\n")),
  });
  await dialog.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: brand }).click();
  await dialog.getByLabel("Promosyon adı").fill(NAME);
  await dialog.getByLabel("Son geçerli gün").fill("2099-12-31");
  await checkAccess(page, "the dialog for codes");
  await dialog.getByRole("button", { name: "Yükle ve incele" }).click();

  await page.waitForURL(/\/uploads\/\w+/);
  await page.getByRole("button", { name: "Uygula" }).waitFor();
  const refused = page.getByRole("table", { name: "Reddedilen satırlar" });
  await refused.locator("tr[data-code=R808]").waitFor();
  await refused.locator("tr[data-code=R406]").waitFor();
  await checkAccess(page, "the preview of codes");
  await page.getByRole("button", { name: "Uygula" }).click();
  const asked = page.getByRole("dialog", { name: "Aktarım uygulansın mı?" });
  await asked.getByText(`${CODES} kod promosyona eklenecek.`).waitFor();
  await asked.getByRole("button", { name: "Uygula" }).click();
  await page.getByRole("status").getByText("Uygulandı").waitFor();
  await page.goto("/promotions");
  assert.deepEqual(await numbers(page), [CODES, 0, CODES]);
}

async function giveCodes({ page, brand }) {
  await page.goto("/campaigns/new");
  await page.getByRole("textbox", { name: "Kampanya adı" }).fill("Kuponunuz hazır");
  await page.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: brand }).click();
  await page.getByLabel("Gönderici adı").and(page.locator("input")).fill("ORNEK");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "İleri: Ne" }).click();
  await page.waitForURL(/\/campaigns\/\w+\/edit\?step=what/);

  const text = page.getByRole("textbox", { name: "Metin" }).first();
  await text.focus();
  await page.keyboard.press("Control+Home");
  await page.getByRole("button", { name: /Promosyon kodu alanını/ }).click();
  await page.keyboard.type(" kodunuzla indirim. ");
  assert.match(await text.inputValue(), /^\{\{promosyon_kodu\}\} kodunuzla/);
  await page.getByText("kodların hangi promosyondan verileceğini seçin").waitFor();
  await page.getByRole("combobox", { name: "Promosyon" }).click();
  await page.getByRole("option", { name: NAME }).click();
  await page.locator(`[data-codes-left="${CODES}"]`).getByText(`${CODES} kod kaldı`).waitFor();
  await page.locator("[data-save=saved]").waitFor();
  await checkAccess(page, "a text with a code");

  // To more people than there are codes.
  const id = page.url().match(/campaigns\/(\w+)\//)[1];
  await call(page, "PATCH", `/api/v1/campaigns/${id}`, { audience: { type: "all" } });
  const run = await call(page, "POST", `/api/v1/campaigns/${id}/dry-run`);
  assert.equal(run.sendable + run.held, CODES, "as many as there are codes");
  assert.ok(run.promotion.short > 0, "and the others are told about");
  await page.goto(`/campaigns/${id}`);
  await page.locator("[data-code=S406]").first().waitFor();

  await call(page, "POST", `/api/v1/campaigns/${id}/launch`, {});
  await until(
    async () => (await call(page, "GET", `/api/v1/campaigns/${id}`)).state !== "launching",
    "the codes to be given",
  );
  await page.goto("/promotions");
  assert.deepEqual(await numbers(page), [CODES, CODES, 0]);
  await page.getByText("Kod kalmadı").waitFor();
  await page.locator(`[data-actions="${NAME}"]`).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: "Verilen kodları indir" }).click(),
  ]);
  assert.equal(await file.failure(), null, "the codes download");

  // A second list, some of it kept for people by their numbers.
  const { items: people } = await call(page, "GET", "/api/v1/contacts?limit=50");
  const numbered = people.filter(({ external_id }) => external_id).slice(0, 8);
  assert.ok(numbered.length > 0, "somebody has a customer number");
  const kept = numbered.map(({ external_id }, n) => `${external_id};DOGUM-${100 + n}`);
  const pool = Array.from({ length: 40 }, (_, n) => `;DOGUM-${200 + n}`);
  await bring(page, "Doğum günü", ["müşteri no;kupon", ...kept, ...pool].join("\n"));
  await page.goto("/promotions");
  await page.getByText(`${kept.length} tanesi kişiye ayrılmış`).waitFor();
  await checkAccess(page, "the promotions");
  await picture(page, "promotions");
}

/** A list of codes without the screens that ask for it. */
async function bring(page, name, rows) {
  const { items } = await call(page, "GET", "/api/v1/brands");
  const id = await page.evaluate(
    async ([brand_id, tag, rows]) => {
      const { csrf_token } = await (await fetch("/api/v1/session")).json();
      const form = new FormData();
      const meta = { brand_id, name: tag, tag, purpose: "promotion", action: "local", expires_on: "2026-06-30" };
      form.append("meta", JSON.stringify(meta));
      form.append("file", new Blob([rows], { type: "text/csv" }), "kodlar.csv");
      const answer = await fetch("/api/v1/uploads", {
        method: "POST",
        headers: { "X-CSRF-Token": csrf_token },
        body: form,
      });
      return (await answer.json()).id;
    },
    [items[0].id, name, rows],
  );
  const state = async () => (await call(page, "GET", `/api/v1/uploads/${id}`)).state;
  await until(async () => (await state()) === "judged", "the codes to be judged");
  await call(page, "POST", `/api/v1/uploads/${id}/apply`, {});
  await until(async () => (await state()) === "applied", "the codes to be added");
}

/** Codes, given and left of the promotion on screen. */
async function numbers(page) {
  const row = page.locator(`tr[data-promotion="${NAME}"]`);
  await row.waitFor();
  const cells = await row.locator("td.number, td .number").allInnerTexts();
  return cells.map((cell) => Number(cell.replace(/\D/g, "")));
}

/** Calls the API as the person who is logged in. */
function call(page, method, path, body) {
  return page.evaluate(
    async ([method, path, body]) => {
      const { csrf_token } = await (await fetch("/api/v1/session")).json();
      const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf_token };
      const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    [method, path, body],
  );
}
