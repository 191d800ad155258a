/** The parts of the story about what is set up once: retailers, where İYS pushes to, quiet times, e-mails and what a text costs. */
import assert from "node:assert/strict";
import { checkAccess, checkMail, picture } from "./browser.mjs";
import { until } from "./server.mjs";

export const SETUP_STORY = [
  ["registers a retailer at İYS and takes it off", retailers],
  ["sees where İYS pushes to", pushAddress],
  ["gives a purpose hours of its own and a day off", quietTimes],
  ["puts accounts in order and gives one a price", routeRules],
  ["writes an e-mail twice and looks back", mailTemplate],
  ["counts a text over real people", measureText],
];

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

async function retailers({ page }) {
  await page.goto("/registry/retailers");
  await heading(page, "İzinler ve İYS");
  await page.getByRole("button", { name: "Bayi ekle" }).click();
  const dialog = page.getByRole("dialog", { name: "Bayi ekle" });
  await dialog.getByRole("button", { name: "İYS'ye kaydet" }).click();
  await dialog.getByText("MERSİS numarası ya da vergi numarası yazın.").waitFor();
  await dialog.getByLabel("Unvan").fill("Kadıköy Bayi Ltd. Şti.");
  await dialog.getByLabel("MERSİS no").fill("0123456789012345");
  for (const label of ["İl", "İlçe"]) {
    await dialog.getByRole("combobox", { name: label, exact: true }).click();
    await page.getByRole("option").first().click();
  }
  await checkAccess(page, "registering a retailer");
  await picture(page, "retailer-new");
  await dialog.getByRole("button", { name: "İYS'ye kaydet" }).click();
  await dialog.waitFor({ state: "detached" });
  const row = page.getByRole("row", { name: /Kadıköy Bayi/ });
  await row.waitFor();
  await checkAccess(page, "the retailers");
  await picture(page, "retailers");
  await nameRetailer(page);
  await page.goto("/registry/retailers");
  await row.getByRole("button", { name: "Sil" }).click();
  const asked = page.getByRole("dialog", { name: /Kadıköy Bayi.*silinsin mi/ });
  await asked.getByRole("button", { name: "Sil" }).click();
  await row.waitFor({ state: "detached" });
}

/** Whoever writes a declaration down says which retailer took it. */
async function nameRetailer(page) {
  await page.goto("/contacts");
  await page.getByRole("table", { name: "Kişiler" }).locator("tbody tr a").last().click();
  await page.getByRole("button", { name: "Beyanını kaydet" }).click();
  const dialog = page.getByRole("dialog", { name: "Kişinin beyanını kaydet" });
  await dialog.getByRole("combobox", { name: "Bayi" }).click();
  await page.getByRole("option", { name: /^Kadıköy Bayi Ltd\. Şti\. \(\d+\)$/ }).click();
  await checkAccess(page, "naming the retailer of a declaration");
  await picture(page, "record-consent-retailer");
  // Not written down after all: İYS removes no retailer that has taken one.
  await dialog.getByRole("button", { name: "Vazgeç" }).click();
  await dialog.waitFor({ state: "detached" });
}

async function pushAddress({ page }) {
  await page.goto("/registry");
  const section = page.locator("#push-address");
  await section.getByText(/\/in\/iys\//).waitFor();
  await section.getByRole("button", { name: "Kopyala" }).waitFor();
  await section.getByText("Henüz gelmedi").waitFor();
  await section.scrollIntoViewIfNeeded();
  await checkAccess(page, "where İYS pushes to");
  await picture(page, "push-address");
}

async function quietTimes({ page }) {
  await page.goto("/settings");
  await page.getByRole("table", { name: "Markalar" }).getByRole("link").first().click();
  const rules = page.locator("#sending-rules");
  const dates = rules.locator("[data-quiet-dates]");
  await dates.getByLabel("Gün", { exact: true }).fill("2030-07-15");
  await dates.getByRole("button", { name: "Gün ekle" }).click();
  await dates.getByRole("button", { name: /15 Temmuz 2030/ }).waitFor();
  const windows = rules.locator("[data-purpose-windows]");
  await windows.getByRole("button", { name: "Kategori ekle" }).click();
  await rules.getByRole("button", { name: "Kaydet" }).click();
  await windows.getByText("Her satıra bir kategori yazın.").waitFor();
  await windows.getByLabel("Kategori", { exact: true }).fill("duyuru");
  await windows.getByLabel("Bitiş").fill("17:00");
  await rules.getByRole("button", { name: "Kaydet" }).click();
  await page.getByText("Kaydedildi.").first().waitFor();
  await checkAccess(page, "the rules for sending");
  await rules.scrollIntoViewIfNeeded();
  await picture(page, "sending-rules");
  await page.reload();
  await until(
    async () => (await windows.getByLabel("Kategori", { exact: true }).inputValue()) === "duyuru",
    "the hours kept",
  );
  assert.equal(await windows.getByLabel("Bitiş").inputValue(), "17:00");
  await windows.getByRole("button", { name: "Çıkar: duyuru" }).click();
  await dates.getByRole("button", { name: /15 Temmuz 2030/ }).click();
  await rules.getByRole("button", { name: "Kaydet" }).click();
  await page.getByText("Kaydedildi.").first().waitFor();
}

async function routeRules({ page }) {
  await page.goto("/settings");
  await page.getByRole("table", { name: "Markalar" }).getByRole("link").first().click();
  const rules = page.locator("#sending-rules");
  const order = rules.locator("[data-order=COMMERCIAL]");
  const price = rules.locator("[data-route-prices]").getByRole("textbox").first();
  const save = rules.getByRole("button", { name: "Kaydet" });
  const kept = () =>
    page.evaluate(async () => {
      const brand = new URL(location.href).searchParams.get("brand");
      return (await fetch(`/api/v1/brands/${brand}/sending-rules`)).json();
    });
  await order.getByRole("combobox").click();
  await page.getByRole("option").first().click();
  await order.getByRole("listitem").waitFor();
  // Letter by letter, as people write: a comma that ends the text is not the end of it.
  await price.pressSequentially("0,2575");
  await rules
    .getByRole("switch", { name: "API ile yapılan toplu gönderimi bir kişi onaylasın" })
    .check({ force: true });
  await checkAccess(page, "order and prices of accounts");
  await rules.locator("[data-route-orders]").scrollIntoViewIfNeeded();
  await picture(page, "brand-routes");
  await save.click();
  await until(async () => (await kept()).api_needs_approval, "the rules kept");
  const { route_orders, route_prices } = await kept();
  assert.equal(route_orders.length, 1);
  const [account] = route_orders[0].connectors;
  assert.equal(route_prices[account], 257_500);
  await page.reload();
  await until(async () => (await price.inputValue()) === "₺0,2575", "the price as it was written");
  // As it was before: other parts of the story reckon with it.
  await order.getByRole("button", { name: /Sıradan çıkar/ }).click();
  await price.fill("");
  await rules
    .getByRole("switch", { name: "API ile yapılan toplu gönderimi bir kişi onaylasın" })
    .uncheck({ force: true });
  await save.click();
  await until(async () => !(await kept()).api_needs_approval, "the rules as before");
  assert.deepEqual((await kept()).route_prices, {});
}

async function mailTemplate({ page }) {
  await page.goto("/templates/new");
  await page.getByRole("combobox", { name: "Kanal" }).click();
  await page.getByRole("option", { name: "E-posta" }).click();
  await page.getByLabel("Şablon adı").fill("Yaz bülteni");
  await page.getByRole("textbox", { name: "Metin" }).fill("Merhaba {{ad}}, yaz ürünlerimiz geldi.");
  await page.getByRole("button", { name: "Kaydet" }).click();
  await heading(page, "Yaz bülteni");
  const mail = page.locator("#mail");
  await mail.getByLabel("Konu").fill("Yaz geldi, ");
  await mail.getByRole("button", { name: "ad", exact: true }).click();
  assert.equal(await mail.getByLabel("Konu").inputValue(), "Yaz geldi, {{ad}}", "a field goes where the cursor is");
  await mail.getByRole("textbox", { name: "HTML içerik" }).fill("<h1>Yaz geldi</h1><p>Merhaba {{ad}}</p>");
  await mail.getByRole("button", { name: "Kaydet" }).click();
  await page.locator("#mail-versions").getByText("E-postanın önceki sürümü yok.").waitFor();
  await mail.getByLabel("Konu").fill("Yaz bitti, {{ad}}");
  await mail.getByRole("button", { name: "Kaydet" }).click();
  const earlier = page.locator("#mail-versions");
  await earlier.getByText("Yaz geldi, {{ad}}", { exact: true }).waitFor();
  await mail.getByText("Önizleme", { exact: true }).click();
  const sheet = mail.locator("iframe");
  assert.equal(await sheet.getAttribute("sandbox"), "", "nothing in the preview runs");
  assert.match(await sheet.getAttribute("srcdoc"), /<h1>Yaz geldi/);
  await checkAccess(page, "the e-mail of a template");
  await checkMail(page, sheet, "the e-mail itself");
  await mail.scrollIntoViewIfNeeded();
  await picture(page, "template-mail");
  await earlier.getByRole("button").last().click();
  await until(
    async () => (await mail.getByLabel("Konu").inputValue()) === "Yaz geldi, {{ad}}",
    "the earlier version back",
  );
}

async function measureText({ page }) {
  // The text of the demonstration's largest campaign, which its brand may send.
  const { items } = await (await page.request.get("/api/v1/campaigns")).json();
  const { brand_id, channel, body } = items.sort((one, other) => other.target - one.target)[0];
  const { csrf_token } = await (await page.request.get("/api/v1/session")).json();
  const made = await page.request.post("/api/v1/templates", {
    data: { brand_id, channel, name: "Sayılacak metin", body },
    headers: { "X-CSRF-Token": csrf_token },
  });
  assert.ok(made.ok(), await made.text());
  await page.goto(`/templates/${(await made.json()).id}`);
  await heading(page, "Sayılacak metin");
  const section = page.locator("#measure");
  await section.getByRole("button", { name: "Say", exact: true }).click();
  await section.locator("[data-measured]").waitFor();
  assert.ok(Number(await section.locator("[data-measured]").getAttribute("data-measured")) > 0, "people were counted");
  await checkAccess(page, "what a text comes to");
  await section.scrollIntoViewIfNeeded();
  await picture(page, "template-measure");
}
