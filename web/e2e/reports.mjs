/** The parts of the story that take things out and look back: exports, cost, opt-outs, versions, test recipients. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { checkAccess, picture } from "./browser.mjs";
import { until } from "./server.mjs";

export const REPORTS_STORY = [
  ["enters what a part costs and reads a campaign's cost", readCost],
  ["takes a campaign out as a file", exportCampaign],
  ["sees after what people say no", readOptOuts],
  ["compares and restores a version of a template", restoreVersion],
  ["asks somebody to get tests", inviteTester],
];

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

async function readCost({ page, report }) {
  await page.goto(report);
  const link = page.locator("#cost").getByRole("link", { name: /parça fiyatını/ });
  await link.click();
  const rules = page.locator("#sending-rules");
  await rules.getByLabel("Bir parça SMS'in fiyatı").fill("0,25");
  await rules.getByLabel("Kişiye günde en çok").fill("3");
  await checkAccess(page, "price and limits");
  await rules.getByRole("button", { name: "Kaydet" }).click();
  await page.getByText("Kaydedildi.").first().waitFor();
  await page.goto(report);
  const total = page.locator("[data-cost]");
  await total.waitFor();
  const parts = Number((await page.locator("#cost dd").nth(1).innerText()).replace(/\D/g, ""));
  assert.equal(Number(await total.getAttribute("data-cost")), parts * 250_000, "parts times price");
  await page.locator("#cost").scrollIntoViewIfNeeded();
  await checkAccess(page, "the cost of a campaign");
}

async function exportCampaign({ page }) {
  await page.locator("#report").getByRole("button", { name: "Dışa aktar" }).click();
  const dialog = page.getByRole("dialog", { name: "Dosya olarak indir" });
  await checkAccess(page, "the question what to take out");
  await picture(page, "campaign-export");
  for (const [what, form, ending] of [
    ["Kişiler", "Excel (.xlsx)", "xlsx"],
    ["Sayılar ve maliyet", "CSV", "csv"],
    ["Elenenler", "Parquet", "parquet"],
  ]) {
    if (!(await dialog.count())) await page.locator("#report").getByRole("button", { name: "Dışa aktar" }).click();
    await dialog.getByRole("radio", { name: what }).check();
    await dialog.getByRole("radio", { name: form }).check();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      dialog.getByRole("link", { name: "İndir" }).click(),
    ]);
    assert.equal(await file.failure(), null, `${what} as ${form}`);
    assert.ok(file.suggestedFilename().endsWith(`.${ending}`), file.suggestedFilename());
    assert.ok(statSync(await file.path()).size > 100, "there is something in it");
    await dialog.waitFor({ state: "detached" });
  }
}

async function readOptOuts({ page }) {
  await page.goto("/opt-outs");
  await heading(page, "Ret analizi");
  const rows = page.locator("#opt-outs tbody tr");
  await rows.first().waitFor();
  await checkAccess(page, "the opt-outs by campaign");
  await picture(page, "opt-outs");
  for (const by of ["Saat", "İzin kaynağı", "Metin", "Hedef"]) {
    await page.getByText(by, { exact: true }).first().click();
    await page.locator("#opt-outs h2").getByText(/ret$/).waitFor();
    await rows.first().waitFor();
  }
  await page.waitForURL(/by=list/);
  await checkAccess(page, "the opt-outs by audience");
  await page.locator("#opt-outs").getByRole("button", { name: "Dışa aktar" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("dialog").getByRole("link", { name: "İndir" }).click(),
  ]);
  assert.equal(await file.failure(), null, "the opt-outs download");
}

async function restoreVersion({ page }) {
  await page.goto("/templates");
  await page.getByRole("link", { name: "Doğum günü" }).click();
  await page.locator("#versions").getByText("henüz değiştirilmedi").waitFor();
  await page.getByRole("textbox", { name: "Metin" }).fill("Doğum gününüz kutlu olsun {{ad}}!");
  await page.getByRole("button", { name: "Kaydet" }).click();
  const old = page.locator("#versions [data-version='1']");
  await old.locator("del", { hasText: "İyi" }).waitFor();
  await checkAccess(page, "two versions of a template");
  await picture(page, "template-versions");
  await page.getByRole("button", { name: "Bu sürüme dön" }).click();
  const dialog = page.getByRole("dialog");
  await checkAccess(page, "the question before going back");
  await dialog.getByRole("button", { name: "Bu sürüme dön" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator("#preview blockquote", { hasText: "İyi ki doğdunuz" }).waitFor();
  await page.getByText("3. sürüm").first().waitFor();
}

async function inviteTester({ page, brand }) {
  await page.goto("/campaigns");
  await page.getByRole("link", { name: "Deneme alıcıları" }).click();
  await heading(page, "Deneme alıcıları");
  await page.getByText("Henüz deneme alıcısı yok").waitFor();
  await page.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: brand }).click();
  await page.getByRole("button", { name: "Deneme alıcısı ekle" }).click();
  const dialog = page.getByRole("dialog", { name: "Deneme alıcısı ekle" });
  await dialog.getByRole("button", { name: "Bağlantıyı gönder" }).click();
  await dialog.getByText("Bu alanı doldurun.").first().waitFor();
  await dialog.getByLabel("Ad", { exact: false }).first().fill("Ayşe Şahin");
  await dialog.getByLabel("Telefon ya da e-posta").fill("0532 987 65 43");
  await dialog.getByLabel("Gönderici adı").fill("ORNEK");
  await checkAccess(page, "the form of a test recipient");
  await dialog.getByRole("button", { name: "Bağlantıyı gönder" }).click();
  await dialog.waitFor({ state: "detached" });
  const row = page.getByRole("row", { name: /Ayşe Şahin/ });
  await row.getByText("Yanıt bekleniyor").waitFor();
  await checkAccess(page, "the test recipients");
  await picture(page, "test-recipients");
  await row.getByRole("button", { name: /listeden çıkarılsın/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Çıkar" }).click();
  await until(async () => (await row.getByText("Ayrıldı").count()) + (1 - (await row.count())) > 0, "who left");
}

/** The same screens in English, for whoever reads that. */
export async function readReportsInEnglish({ page }) {
  for (const [path, name] of [
    ["/opt-outs?by=hour", "Opt-out analysis"],
    ["/campaigns/testers", "Test recipients"],
    ["/settings", "Settings"],
  ]) {
    await page.goto(path);
    await heading(page, name);
    await checkAccess(page, `${path} in English`);
  }
  await page.goto("/opt-outs");
  await page.locator("#opt-outs tbody tr").first().waitFor();
  await picture(page, "opt-outs-en");
}
