/** The parts of the story that go through every other screen: each is looked at and does its main work. */
import assert from "node:assert/strict";
import { checkAccess, picture, unjudged } from "./browser.mjs";

/** Forms of screens that no part of the story shows by itself. */
const FORMS = ["/inbox?tab=bounces", "/inbox?tab=complaints", "/contacts?consent=refused", "/audit?action=user.create"];

export const SCREENS_STORY = [
  ["finds a screen by a word for it", findScreen],
  ["looks what another mode would do", lookAtMode],
  ["goes through the compliance screens", compliance],
  ["tests a connector", testConnector],
  ["adds a user, makes a key and reads the trail", administer],
  ["opens a brand's settings", openSettings],
  ["writes a template", writeTemplate],
  ["reads the sending log of a person", readLog],
  ["puts people into a list", makeList],
  ["sees whom the rules of a segment find", openSegment],
  ["sees the screens that are left", seeTheRest],
];

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

async function findScreen({ page }) {
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Ekran ya da işlem bul" });
  const box = palette.getByRole("combobox");
  await box.fill("kullanici yukleme");
  await palette.getByRole("option", { selected: true }).waitFor();
  await checkAccess(page, "the command palette");
  await picture(page, "palette");
  await box.fill("ret");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/registry\/rejections/);
}

async function lookAtMode({ page }) {
  await page.goto("/registry");
  await heading(page, "İzinler ve İYS");
  await page.locator("#lights li").first().waitFor();
  await checkAccess(page, "the state of İYS");
  await picture(page, "registry");
  const [ledger] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Defteri indir" }).click(),
  ]);
  assert.equal(await ledger.failure(), null, "the ledger downloads");
  assert.match(ledger.suggestedFilename(), /defter\.tar$/);
  await page.getByRole("button", { name: "Değiştir", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Çalışma biçimini değiştir" });
  await dialog.getByRole("radio", { name: "Kapalı" }).check();
  await dialog.getByRole("button", { name: "Etkisini göster" }).click();
  await dialog.getByText("Gönderilemez olacak").waitFor();
  await checkAccess(page, "the effect of another mode");
  await picture(page, "registry-mode");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
}

async function compliance({ page }) {
  for (const tab of ["İYS retleri", "Süreler", "Mutabakat", "İkinci kişi", "Bulgular"]) {
    await page.getByRole("navigation", { name: "İYS ekranları" }).getByRole("link", { name: tab, exact: true }).click();
    await page
      .getByRole("navigation", { name: "İYS ekranları" })
      .locator("[data-status=active]", { hasText: tab })
      .waitFor();
    await checkAccess(page, tab);
    if (tab === "İYS retleri" || tab === "Süreler") await picture(page, tab === "Süreler" ? "deadlines" : "rejections");
  }
  await page.goto("/registry/rejections");
  const group = page.locator("article[data-code]").first();
  await Promise.race([group.waitFor(), page.getByText("Reddedilen kayıt yok").waitFor()]);
  if (await group.count()) {
    await group.getByRole("link", { name: "Kişileri göster" }).click();
    await page.getByRole("table").locator("tbody tr").first().waitFor();
    await checkAccess(page, "the people behind a refusal");
  }
  await page.goto("/registry/drift");
  await page.getByRole("button", { name: "Dünü şimdi karşılaştır" }).click();
  await page.waitForURL(/\/registry\/drift\/\d{4}-\d{2}-\d{2}/);
  await page.locator("#day").getByText("Hareket yok").or(page.locator("#day").getByText("Tutuyor")).first().waitFor();
  await checkAccess(page, "a day of the agreement");
  await page.goto("/registry/findings");
  await page.getByRole("button", { name: "Şimdi tara" }).click();
  await page.getByText(/yeni bulgu\./).waitFor();
}

async function testConnector({ page }) {
  await page.goto("/connectors");
  const table = page.getByRole("table", { name: "Bağlayıcılar" });
  await table.getByRole("link").first().click();
  await page.getByRole("button", { name: "Bağlantıyı sına" }).click();
  await page.locator("ul[data-passed=true] li").first().waitFor();
  await checkAccess(page, "a connector");
  await picture(page, "connector");
  await page.goto("/connectors/new");
  await page.getByRole("combobox", { name: "Sağlayıcı" }).click();
  await page.getByRole("option").first().click();
  await page.getByRole("button", { name: "Kaydet" }).click();
  await page.getByText("Bu alanı doldurun.").first().waitFor();
  await checkAccess(page, "the form of a provider");
}

async function administer({ page }) {
  await page.goto("/users");
  await page.getByRole("button", { name: "Kullanıcı ekle" }).click();
  const form = page.getByRole("dialog", { name: "Kullanıcı ekle" });
  await form.getByLabel("Ad", { exact: false }).first().fill("Murat Uyum");
  await form.getByLabel("E-posta").fill("murat@ornek.com.tr");
  await form.getByRole("combobox", { name: "Rol" }).click();
  await page.getByRole("option", { name: "Uyum" }).click();
  await form.locator("input[type=password]").fill("uzun-ve-gizli-parola-42");
  await checkAccess(page, "the form of a user");
  await form.getByRole("button", { name: "Kaydet" }).click();
  await page.getByRole("row", { name: /Murat Uyum/ }).waitFor();
  await checkAccess(page, "the users");

  await page.goto("/keys");
  await page.getByRole("button", { name: "Anahtar oluştur" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Anahtar oluştur" });
  await dialog.locator("input").first().fill("CRM bağlantısı");
  await dialog.getByRole("button", { name: "Oluştur" }).click();
  const key = await dialog.locator("code").innerText();
  assert.ok(key.length > 20, "a key is shown");
  await checkAccess(page, "a new key");
  await dialog.getByRole("button", { name: "Kaydettim, kapat" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("row", { name: /CRM bağlantısı/ }).waitFor();
  assert.ok(!(await page.content()).includes(key), "the key is shown once");

  await page.goto("/audit");
  await page.getByText("API anahtarı oluşturdu").first().waitFor();
  await checkAccess(page, "the audit trail");
}

async function openSettings({ page, brand }) {
  await page.goto("/settings");
  await page.getByRole("table", { name: "Markalar" }).getByRole("link", { name: brand, exact: true }).click();
  const form = page.locator("#brand form");
  await form.getByLabel("Dosya freni (%)").fill("25");
  await form.getByRole("button", { name: "Kaydet" }).click();
  await page.getByText("Kaydedildi.").first().waitFor();
  await checkAccess(page, "the settings");
}

async function writeTemplate({ page }) {
  await page.goto("/templates/new");
  await page.getByLabel("Şablon adı").fill("Doğum günü");
  await page.getByLabel("Metin", { exact: false }).last().fill("İyi ki doğdunuz {@ad}!");
  await page.getByText(/İzinli'nin biçimine çevrildi/).waitFor();
  await page.getByRole("button", { name: "Kaydet" }).click();
  await heading(page, "Doğum günü");
  await page.locator("[data-parts='1']").waitFor();
  await page.getByLabel("Örnek değer: ad").fill("Şükrü");
  await page.locator("#preview blockquote", { hasText: "İyi ki doğdunuz Şükrü!" }).waitFor();
  await checkAccess(page, "a template");
  await picture(page, "template");
}

async function readLog({ page }) {
  await page.goto("/messages?state=delivered");
  const rows = page.getByRole("table").locator("tbody tr");
  await rows.first().getByRole("link").click();
  await page.getByRole("link", { name: "Kanıtı aç" }).first().waitFor();
  await checkAccess(page, "the sending log");
  await picture(page, "messages");
}

async function makeList({ page }) {
  await page.goto("/contacts");
  const known = await page
    .locator("main tbody td", { hasText: /^\+90\d{10}/ })
    .first()
    .textContent();
  await page.goto("/lists");
  await page.getByRole("button", { name: "Liste oluştur" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Ekle", exact: true }).click();
  await dialog.getByText("En az bir adres yazın.").waitFor();
  await dialog.getByRole("textbox", { name: "Ad", exact: true }).fill("Bayram daveti");
  await dialog.getByLabel("Telefon ya da e-posta adresleri").fill(`${known.trim()}\n+905499999999`);
  await checkAccess(page, "a new list");
  await dialog.getByRole("button", { name: "Ekle", exact: true }).click();
  await dialog.getByText("Kalan 1 adres kayıtlı değil, eklenmedi.").waitFor();
  await dialog.getByRole("button", { name: "Kapat" }).last().click();
  await page.getByRole("link", { name: "Bayram daveti" }).click();
  await heading(page, "Bayram daveti");
  await page.getByRole("cell", { name: known.trim(), exact: true }).waitFor();
  await checkAccess(page, "a list");
  await picture(page, "list");
}

async function openSegment({ page }) {
  await page.goto("/segments");
  await heading(page, "Segmentler");
  const made = page.getByRole("link", { name: "Mağazanın izinlileri" });
  await made.waitFor();
  await checkAccess(page, "the segments");
  await page.getByRole("link", { name: "Segment oluştur" }).click();
  await heading(page, "Segment oluştur");
  await page.getByRole("button", { name: "Segmenti kaydet" }).waitFor();
  await checkAccess(page, "a new segment");
  await page.getByRole("link", { name: "Tüm segmentler" }).click();
  await made.click();
  await heading(page, "Mağazanın izinlileri");
  await page.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: "Örnek Klinik" }).click();
  const people = page.getByRole("table", { name: "Şu anda bulunan kişiler" }).locator("tbody tr");
  await people.first().waitFor();
  const found = page.locator("[data-found]");
  await found.waitFor();
  assert.equal(await people.count(), Number(await found.getAttribute("data-found")), "everybody who is counted");
  await checkAccess(page, "a segment");
  await picture(page, "segment");
}

async function seeTheRest({ page }) {
  const left = unjudged();
  for (const address of [...left.filter((path) => !path.includes("$")), ...FORMS]) {
    await page.goto(address);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await checkAccess(page, address, address);
  }
  // A tag is opened from the list of tags.
  await page.goto("/tags");
  await page.locator('main a[href^="/tags/"]').first().click();
  await page.waitForURL("**/tags/*");
  await page.getByRole("heading", { level: 1 }).waitFor();
  await checkAccess(page, "a tag");
}
