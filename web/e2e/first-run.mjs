/**
 * The first day, from an empty database: an owner signs in, works the checklist
 * off until every item is green, and goes live; a compliance officer settles a
 * citizen's refusal and a complaint. Each on simulators, each in the browser.
 */
import assert from "node:assert/strict";
import { checkAccess, picture } from "./browser.mjs";
import { brokenFile, FIRST, firstFile } from "./file.mjs";
import { cannotApproveOwn, peopleChange, proposeTime, readAsCitizen, reconcile, tryOnPhone } from "./first-journey.mjs";
import { addPerson, another, PASSWORD, signIn } from "./people.mjs";
import { until } from "./server.mjs";

/** Who begins, and when: a Tuesday morning within the hours of sending. */
export const FIRST_PLACE = {
  firm: "Elif Kozmetik",
  owner: { email: "elif@elifkozmetik.com.tr", name: "Elif Yıldız", password: "uzun-ve-gizli-parola-44" },
  clockStart: "2025-06-24T10:05:00+03:00",
};

const MURAT = { email: "murat@elifkozmetik.com.tr", name: "Murat Uyum", role: "compliance" };
const SELIN = { email: "selin@elifkozmetik.com.tr", name: "Selin Onay", role: "approver" };
const IYS = { iysCode: 700_001, brandCode: 700_001, username: "elif-api", password: "iys-parolasi" };
const JETSMS = { user: "elifkozmetik", password: "jetsms-parolasi" };
const SENDER = "ELIFKOZM";
const LATER = "2025-06-24T11:40:00+03:00";
const NEXT_DAY = "2025-06-25T10:30:00+03:00";

export const FIRST_STORY = [
  ["signs in for the first time and sees what is to be done", begin],
  ["enters her brand and its İYS account", enterBrand],
  ["chooses how it works with İYS, and every light is green", chooseMode],
  ["adds a provider, mends a wrong password", addProvider],
  ["uploads her list and reads what is wrong with it", uploadList],
  ["applies it and sees İYS answer", applyList],
  ["looks at what was refused", readRefused],
  ["mends a refused row where she reads it", mendRefused],
  ["is shown how numbers survive a spreadsheet", breakNumbers],
  ["builds the first campaign", buildFirst],
  ["has a colleague accept tests, and tries the text", tryOnPhone],
  ["opens the people behind a bar before anything is sent", openBars],
  ["has it approved by a colleague, who reads her name", approveFirst],
  ["sees people change between the approval and the launch", peopleChange],
  ["starts it", launchFirst],
  ["hands the compliance work to a colleague", inviteCompliance],
  ["settles a refusal that İYS tells of", settleRefusal],
  ["takes a consent said after that aside, and another person decides", holdConsent],
  ["stops everything for a complaint at once", stopForComplaint],
  ["sees the numbers add up and the checklist done", finish],
  ["asks why somebody got it", askWhy],
  ["reads as a citizen why it came", readAsCitizen],
  ["has the day confirmed with İYS and the proof taken out", confirmDay],
  ["goes live", goLive],
];

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

async function tell(url, path, body) {
  const answer = await fetch(`${url}/_sim/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
}

function codesOf(page) {
  return page.getByRole("table", { name: "Kayıtlar neden reddedildi, neler düzeltildi?" });
}

/** Which items of the checklist are green. */
async function passed(page) {
  const items = page.locator("#checklist li");
  await items.first().waitFor();
  return items.evaluateAll((list) => list.map(({ dataset }) => dataset.passed === "true"));
}

async function checklist(page, expected) {
  await page.goto("/");
  await until(async () => String(await passed(page)) === String(expected), `the checklist at ${expected}`);
}

async function begin({ page, place }) {
  await tell(place.iys, "brands", { name: FIRST_PLACE.firm, ...IYS });
  await tell(place.provider, "options", { login: JETSMS, senders: [SENDER], report_delay_ms: 200 });
  await page.goto("/");
  await heading(page, "Oturum aç");
  await signIn(page, place, place.password);
  await heading(page, "Pano");
  await page.locator("[data-practice]").getByText("Deneme ortamı açık: gerçek mesaj gitmez").waitFor();
  assert.deepEqual(await passed(page), [false, false, false, false, false], "nothing is green that was not seen");
  const names = await page.locator("#checklist li a").allInnerTexts();
  assert.deepEqual(names, ["Marka ve İYS", "Sağlayıcı", "Gönderici adı", "Liste", "İlk deneme"]);
  await checkAccess(page, "the first page of a new firm");
  await picture(page, "first-run-checklist");
}

async function enterBrand({ page }) {
  await page.locator("#checklist").getByRole("link", { name: "Marka ve İYS" }).click();
  await page.getByRole("link", { name: "Marka ekle" }).click();
  const form = page.locator("#brand form");
  await form.getByLabel("Marka adı").fill("Elif Kozmetik");
  await form.getByLabel("İYS kısa adı").fill("ELIFKOZMETIK");
  await form.getByLabel("Ticaret unvanı").fill("ELIF KOZMETIK TICARET AS");
  await form.getByLabel("MERSİS no").fill("0123456789012345");
  await form.getByLabel("İYS kodu").fill(String(IYS.iysCode));
  await form.getByLabel("Marka kodu").fill(String(IYS.brandCode));
  await form.getByLabel("API kullanıcısı").fill(IYS.username);
  await form.getByLabel("API parolası").fill(IYS.password);
  await checkAccess(page, "the form of the first brand");
  await form.getByRole("button", { name: "Kaydet" }).click();
  await page.getByRole("table", { name: "Markalar" }).getByText("ELIF KOZMETIK TICARET AS").waitFor();
  // What was typed is not what was seen to work.
  await checklist(page, [false, false, false, false, false]);
}

async function chooseMode({ page, place }) {
  await page.locator("#checklist").getByRole("link", { name: "Marka ve İYS" }).click();
  await heading(page, "İzinler ve İYS");
  await page.getByRole("button", { name: "Değiştir", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Çalışma biçimini değiştir" });
  for (const mode of ["Kapalı", "Sağlayıcı", "Senkronizasyon", "Entegratör"]) {
    await dialog.getByRole("radio", { name: new RegExp(mode) }).waitFor();
  }
  await dialog.getByRole("radio", { name: /Entegratör/ }).check();
  await checkAccess(page, "the four ways to work with İYS");
  await picture(page, "first-run-mode");
  await dialog.getByRole("button", { name: "Etkisini göster" }).click();
  // A wrong password changes nothing and logs nobody out.
  const change = dialog.getByRole("button", { name: /Entegratör/ });
  await dialog.getByLabel("Parolanız").fill("wrong on purpose");
  await change.click();
  await dialog.getByText("parola yanlış").waitFor();
  await checkAccess(page, "a change confirmed with the password");
  await dialog.getByLabel("Parolanız").fill(place.password);
  await change.click();
  await dialog.waitFor({ state: "detached" });
  const lights = page.locator("#lights li");
  await until(
    async () => (await lights.count()) >= 4 && (await page.locator("#lights li[data-ok=false]").count()) === 0,
    "every light",
  );
  await checkAccess(page, "the lights of İYS");
  await picture(page, "first-run-lights");
  await checklist(page, [true, false, false, false, false]);
}

async function addProvider({ page, place, faults }) {
  await page.locator("#checklist").getByRole("link", { name: "Sağlayıcı" }).click();
  await page.getByRole("link", { name: "Bağlayıcı ekle" }).first().click();
  await page.getByRole("combobox", { name: "Sağlayıcı" }).click();
  await page.getByRole("option", { name: "JetSMS (SMS)" }).click();
  await page.getByLabel("Kullanıcı adı").fill(JETSMS.user);
  await page.getByLabel("Parola", { exact: false }).first().fill("yanlis-parola");
  // JetSMS takes no commercial message without it.
  await page.getByLabel("İYS kodu").fill(String(IYS.iysCode));
  // A real account is refused while the firm practises.
  await page.getByRole("button", { name: "Kaydet" }).click();
  await page
    .getByText(new RegExp(`benzetimini yazın.*${place.provider}`))
    .first()
    .waitFor();
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes("422")));
  await page.getByRole("textbox", { name: "API adresi" }).fill(place.provider);
  await page.getByRole("button", { name: "Kaydet" }).click();
  await heading(page, "JetSMS (SMS)");
  await page.getByRole("button", { name: "Bağlantıyı sına" }).click();
  await page.locator("ul[data-passed=false]").waitFor();
  await checkAccess(page, "a provider that refuses the password");
  await picture(page, "first-run-provider-refused");
  await checklist(page, [true, false, false, false, false]);
  await page.locator("#checklist").getByRole("link", { name: "Sağlayıcı" }).click();
  await page.getByRole("table", { name: "Bağlayıcılar" }).getByRole("link").first().click();
  await page.getByRole("button", { name: "Bilgileri değiştir" }).click();
  const dialog = page.getByRole("dialog", { name: "Girilen bilgileri değiştir" });
  assert.equal(await dialog.getByLabel("Kullanıcı adı").inputValue(), JETSMS.user, "what was right is kept");
  assert.equal(await dialog.getByLabel("İYS kodu").inputValue(), String(IYS.iysCode), "so is everything else");
  await dialog.locator("input[type=password]").fill(JETSMS.password);
  await dialog.getByRole("button", { name: "Kaydet ve sına" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Çalışıyor", { exact: true }).first().waitFor();
  await page.getByText("Onaylı gönderici adları").waitFor();
  assert.match(await page.locator("#account").innerText(), new RegExp(SENDER), "what the provider lists");
  await picture(page, "first-run-provider");
  await checkAccess(page, "a provider account that works");
  await checklist(page, [true, true, true, false, false]);
}

async function uploadList({ page }) {
  await page.locator("#checklist").getByRole("link", { name: "Liste" }).click();
  const { clock } = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  await page.getByRole("button", { name: "Dosya yükle" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Dosya yükle" });
  await dialog.locator("input[type=file]").setInputFiles({
    name: "musteriler.csv",
    mimeType: "text/csv",
    buffer: firstFile(new Date(clock.now)),
  });
  await dialog.getByText("musteriler.csv").waitFor();
  const push = dialog.getByRole("radio", { name: "İYS'ye gönder" });
  await push.check();
  await dialog.getByRole("combobox", { name: "Alıcı tipi" }).click();
  await page.getByRole("option", { name: "Bireysel" }).click();
  await dialog.getByRole("button", { name: "Yükle ve incele" }).click();
  await page.waitForURL(/\/uploads\/\w+/);
  await page.getByRole("status").getByText("Önizleme hazır").waitFor();
  assert.match(await page.locator("#recognised").innerText(), /1254/);
  const counters = page.locator("dl", { hasText: "Reddedilen kayıt" });
  const count = async (label) =>
    Number((await counters.locator("div", { hasText: label }).locator("dd").innerText()).replace(/\D/g, ""));
  assert.equal(await count("Kabul edilen kayıt"), FIRST.accepted);
  assert.equal(await count("Reddedilen kayıt"), FIRST.refused);
  for (const [code, rows] of Object.entries(FIRST.codes)) {
    const cell = codesOf(page).locator(`tr[data-code=${code}] td`).last();
    assert.equal(Number((await cell.innerText()).replace(/\D/g, "")), rows, `${rows} of ${code}`);
  }
  await checkAccess(page, "the first preview");
  await picture(page, "first-run-preview");
}

async function applyList({ page }) {
  await page.getByRole("button", { name: "Uygula" }).click();
  await page.getByRole("dialog", { name: "Aktarım uygulansın mı?" }).getByRole("button", { name: "Uygula" }).click();
  await page.getByRole("status").getByText("Uygulandı").waitFor();
  await page.locator("li[data-name=registry][data-state=done]").waitFor();
  const outcome = page.locator("li[data-name=registry]").getByText(/onaylı/);
  await until(
    async () => /40 onaylı, 0 ret, 0 bekliyor/.test(await outcome.innerText()),
    "what İYS made of them; a first refusal is not told to it",
  );
  await checklist(page, [true, true, true, true, false]);
}

async function readRefused({ page }) {
  await page.goto("/uploads");
  await page
    .getByRole("table", { name: "Dosya Aktarımı" })
    .locator("tbody tr")
    .first()
    .getByRole("link")
    .first()
    .click();
  await codesOf(page).locator("tr[data-code=R606] a").click();
  await page.waitForURL(/code=R606/);
  const rows = page.getByRole("table", { name: "Reddedilen satırlar" }).locator("tbody tr");
  await until(async () => (await rows.count()) === FIRST.codes.R606, "the rows of R606");
  await checkAccess(page, "what was refused");
}

async function mendRefused({ page }) {
  const first = new URL(page.url()).pathname;
  const section = page.locator("section", { has: page.getByRole("table", { name: "Reddedilen satırlar" }) });
  assert.equal(await section.getByRole("button", { name: "Burada düzelt" }).count(), 0, "an old date is what it is");
  await codesOf(page).locator("tr[data-code=R203] a").click();
  await page.waitForURL(/code=R203/);
  await section.getByRole("button", { name: "Burada düzelt" }).click();
  const cell = section.getByRole("textbox", { name: /telefon: doğru değer/i });
  await cell.waitFor();
  assert.equal(await cell.inputValue(), "0549 312 0", "it begins with what the file says");
  const judge = section.getByRole("button", { name: "Düzeltilenleri incele" });
  assert.ok(await judge.isDisabled(), "nothing is mended yet");
  await cell.fill("0549 312 00 50");
  await section.getByText("1 değer düzeltildi").waitFor();
  await section.scrollIntoViewIfNeeded();
  await picture(page, "rejections-mended");
  await checkAccess(page, "a row being mended");
  await judge.click();
  await page.waitForURL((url) => url.pathname.startsWith("/uploads/") && url.pathname !== first);
  await heading(page, "musteriler (düzeltme)");
  await page.getByRole("status").getByText("Önizleme hazır").waitFor();
  const counters = page.locator("dl", { hasText: "Reddedilen kayıt" });
  assert.match(await counters.innerText(), /Kabul edilen kayıt\s*1\s*Reddedilen kayıt\s*0/);
  await page.getByRole("button", { name: "Aktarımdan vazgeç" }).click();
  await page.getByRole("status").getByText("Vazgeçildi").waitFor();
}

async function breakNumbers({ page }) {
  const { clock } = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  await page.goto("/uploads?new=true");
  const dialog = page.getByRole("dialog", { name: "Dosya yükle" });
  await dialog.locator("input[type=file]").setInputFiles({
    name: "bozuk.csv",
    mimeType: "text/csv",
    buffer: brokenFile(new Date(clock.now)),
  });
  await dialog.getByRole("button", { name: "Yükle ve incele" }).click();
  await page.getByRole("status").getByText("Dosya kabul edilmedi").waitFor();
  const how = page.locator("[data-how-to=text-column]");
  await how.getByRole("img", { name: /Excel'in sayıya çevirip yuvarladığı/ }).waitFor();
  assert.equal(await how.locator("li").count(), 4, "what to do, step by step");
  await checkAccess(page, "a column that a spreadsheet broke");
  await picture(page, "upload-broken-numbers");
}

async function buildFirst({ page }) {
  await page.goto("/");
  await page.locator("#checklist").getByRole("link", { name: "İlk deneme" }).click();
  await page.getByRole("link", { name: "Yeni kampanya" }).first().click();
  await page.getByRole("textbox", { name: "Kampanya adı" }).fill("Yaz fırsatı");
  await page.getByLabel("Gönderici adı").and(page.locator("input")).fill(SENDER);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "İleri: Ne" }).click();
  await page.waitForURL(/\/campaigns\/\w+\/edit\?step=what/);
  const text = page.getByRole("textbox", { name: "Metin" }).first();
  const begun = await text.inputValue();
  assert.match(begun, /RET .+ 3338/, "a draft begins with what the law asks for");
  await text.fill(`Sayın {{ad}}, yaz ürünlerinde yüzde 20 indirim. {{ret_linki}} ${begun}`);
  await page.locator("[data-save=saved]").waitFor();
  await page.getByRole("button", { name: "İleri: Kime" }).click();
  await page.locator("[data-count=sendable]").waitFor();
  await until(async () => (await numbers(page)).sendable === FIRST.sendable, "who may get it");
  await page.getByRole("button", { name: "İleri: Ne zaman" }).click();
  await proposeTime(page);
  await page.getByRole("button", { name: "İleri: Gönder" }).click();
  await page.locator("[data-go]").waitFor();
  const frozen = async (tone) => Number(await page.locator(`[data-go-count=${tone}]`).innerText());
  assert.equal(await frozen("sent"), FIRST.sendable);
  assert.equal(await frozen("neutral"), FIRST.target, "everybody of the list");
  assert.equal(await frozen("out"), FIRST.refusals, "target = excluded + sendable");
  await checkAccess(page, "the first summary");
}

async function openBars({ page }) {
  const id = new URL(page.url()).pathname.split("/")[2];
  await page.goto(`/campaigns/${id}`);
  const dryRun = page.locator("#dry-run");
  await dryRun.locator("tr[data-step=reason]").first().waitFor();
  const refused = dryRun.locator("tr[data-code=S103]");
  await refused.getByRole("link").click();
  const people = page.getByRole("table", { name: "Kişiler" });
  await until(async () => (await people.locator("tbody tr").count()) === FIRST.refusals, "who refused");
  await people.locator("tbody tr").first().getByText("S103").waitFor();
  await checkAccess(page, "the people behind a bar of a draft");
  await picture(page, "dry-run-people");
  await page.locator("#rows").getByRole("combobox", { name: "Durum" }).click();
  await page.getByRole("option", { name: "Gönderilebilir" }).click();
  await until(async () => (await people.locator("tbody tr").count()) === FIRST.sendable, "who would get it");
}

async function approveFirst({ page, browser, place }) {
  await addPerson(page, SELIN);
  await page.goto("/campaigns");
  await page.getByRole("link", { name: "Yaz fırsatı" }).click();
  await page.getByRole("button", { name: "Onaya gönder" }).click();
  await page.getByText("Kampanyayı siz yazdığınız için").waitFor();
  await cannotApproveOwn(page);
  const other = await another(browser, place);
  await other.page.goto(page.url());
  await signIn(other.page, SELIN, PASSWORD);
  await other.page.locator("[data-go]").waitFor();
  await other.page.getByText(FIRST_PLACE.owner.name).first().waitFor();
  assert.ok(!(await other.page.locator("main").innerText()).includes("usr_"), "a colleague is called by name");
  assert.equal(await other.page.getByRole("button", { name: "Gönderimi başlat" }).count(), 0);
  await checkAccess(other.page, "what the first approver reads");
  await other.page.getByRole("button", { name: "Onayla", exact: true }).click();
  await other.page.getByText("Onaylandı", { exact: true }).waitFor();
  await other.close();
}

async function launchFirst({ page }) {
  await page.reload();
  await page.getByRole("button", { name: "Gönderimi başlat" }).click();
  const dialog = page.getByRole("dialog", { name: "Gönderim başlasın mı?" });
  await dialog.getByLabel(/kişi sayısını yazın/).fill(String(FIRST.launched));
  await dialog.getByRole("button", { name: `${FIRST.launched} kişiye gönder` }).click();
  await page.locator("[data-total=sent]").first().waitFor();
  await until(async () => (await totals(page)).sent === FIRST.launched, "everybody handed over");
  // A provider that accepted a message knows the sender's name; it may have told of its delivery, too.
  await page.goto("/");
  await until(async () => (await page.locator("#checklist").count()) === 0 || (await passed(page))[3], "the sender");
}

async function inviteCompliance(scene) {
  await addPerson(scene.page, MURAT);
  scene.murat = await another(scene.browser, scene.place);
  const { page } = scene.murat;
  await page.goto("/");
  await signIn(page, MURAT, PASSWORD);
  await heading(page, "Pano");
  await page.getByRole("heading", { level: 2, name: /Uyum/ }).first().waitFor();
  await checkAccess(page, "the first home of compliance");
}

async function settleRefusal(scene) {
  const { place } = scene;
  const { page } = scene.murat;
  // A citizen refuses at İYS; nobody here did anything.
  const { now } = await (await fetch(`${place.iys}/_sim/clock`)).json();
  const refusal = {
    ...{ iysCode: IYS.iysCode, brandCode: IYS.brandCode, recipient: FIRST.citizen, recipientType: "BIREYSEL" },
    ...{ type: "MESAJ", status: "RET", source: "IYS_WEB", creationDate: now },
    consentDate: new Date(Date.parse(now) - 5 * 60_000).toISOString(),
  };
  await tell(place.iys, "state", { records: [refusal] });
  // İYS tells of it an hour later.
  await goOn(scene, LATER);
  await page.goto("/registry");
  await page.getByRole("button", { name: "Değişiklikleri şimdi çek" }).click();
  await until(async () => {
    const answer = await page.evaluate(async (address) => {
      const { items } = await (await fetch("/api/v1/brands")).json();
      const query = new URLSearchParams({ brand_id: items[0].id, address, channel: "MESAJ" });
      return (await fetch(`/api/v1/consents?${query}`)).json();
    }, FIRST.citizen);
    return JSON.stringify(answer).includes("RET");
  }, "the refusal from İYS");
  await page.goto("/contacts");
  await page.getByRole("searchbox", { name: "Kişi ara" }).fill(FIRST.citizen);
  await page.getByRole("button", { name: "Ara", exact: true }).click();
  await page.getByRole("table", { name: "Kişiler" }).locator("tbody tr a").first().click();
  await page.locator("#why [data-sendable=false]").waitFor();
  await page.locator("#timeline").getByText("IYS_WEB").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /yine de gönder/i }).count(), 0);
  // What İYS itself knows of this number, and a lawful way to ask again.
  await page.getByRole("button", { name: "İYS'ye sor" }).first().waitFor();
  await checkAccess(page, "a person who refused at İYS");
  await picture(page, "person-refused");
}

async function holdConsent({ page, murat }) {
  const { page: desk } = murat;
  await desk.getByRole("button", { name: "Beyanını kaydet" }).click();
  const dialog = desk.getByRole("dialog", { name: "Kişinin beyanını kaydet" });
  await dialog.getByRole("radio", { name: "Onay" }).check();
  await dialog.getByRole("textbox", { name: "Kanıt" }).fill("Görüşme kaydı 4711");
  await checkAccess(desk, "writing a declaration down");
  await picture(desk, "record-consent");
  await dialog.getByRole("button", { name: "Kaydet" }).click();
  await dialog.getByText("ikinci kişiye gönderildi").waitFor();
  await dialog.getByRole("link", { name: "İkinci kişi kararlarını aç" }).click();
  const held = desk
    .getByRole("table", { name: /İkinci kişi|Bekletilen/ })
    .locator("tbody tr")
    .first();
  await held.getByText(MURAT.name).waitFor();
  assert.equal(await held.getByRole("button", { name: /Karar/ }).count(), 0, "nobody decides on what they asked for");
  // An alarm says that somebody is waited for.
  await desk.goto("/registry");
  const alarm = desk.locator("#alarms li").first();
  await alarm.getByRole("button", { name: "Üstlen" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Üstlen" }).click();
  await alarm.getByText(`Üstlenen: ${MURAT.name}`).waitFor();
  await checkAccess(desk, "an alarm about a hold");
  await picture(desk, "registry-alarm");

  await page.goto("/registry/holds");
  const row = page
    .getByRole("table", { name: /İkinci kişi|Bekletilen/ })
    .locator("tbody tr")
    .first();
  await row.getByText(MURAT.name).waitFor();
  await row.getByRole("button", { name: "Karar ver" }).click();
  const decision = page.getByRole("dialog");
  await decision.getByText("Görüşme kaydı 4711").waitFor();
  await decision.locator("textarea").fill("Kayıt dinlendi, onay açık değil.");
  await checkAccess(page, "the decision about a hold");
  await picture(page, "hold-decision");
  await decision.getByRole("button", { name: "Reddet" }).click();
  await decision.waitFor({ state: "detached" });
  await page.getByRole("combobox", { name: "Durum" }).click();
  await page.getByRole("option", { name: "Reddedildi" }).click();
  await row.getByText(FIRST_PLACE.owner.name).waitFor();
}

async function stopForComplaint({ murat: { page } }) {
  await page.goto("/blacklist");
  await heading(page, "Kara liste");
  const { csrf } = await page.evaluate(async () => ({
    csrf: (await (await fetch("/api/v1/session")).json()).csrf_token,
  }));
  await page.evaluate(
    async ([csrf, address]) => {
      const answer = await fetch("/api/v1/blacklist", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
        body: JSON.stringify({ addresses: [address], cause: "complaint", note: "Ticaret Bakanlığına şikâyet etti." }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    [csrf, FIRST.complainer],
  );
  await page.goto("/inbox?tab=complaints&state=open");
  const row = page.getByRole("table", { name: "Şikâyetler" }).locator("tbody tr", { hasText: "Bakanlığına" });
  await row.waitFor();
  await row.getByRole("link").first().click();
  await page.locator("#why [data-sendable=false]").waitFor();
  await page.locator("#why").getByText("S202").waitFor();
}

async function confirmDay(scene) {
  const { browser, place } = scene;
  // A day is compared when it is over: everybody's clock goes on to the next.
  await goOn(scene, NEXT_DAY);
  const { page: desk, close } = await another(browser, place);
  await desk.goto("/registry/drift");
  await signIn(desk, MURAT, PASSWORD);
  await desk.getByRole("button", { name: "Dünü şimdi karşılaştır" }).click();
  await desk.waitForURL(/\/registry\/drift\/\d{4}-\d{2}-\d{2}/);
  await desk.locator("#day").getByText("Tutuyor").first().waitFor();
  await checkAccess(desk, "a day that agrees with İYS");
  await desk.getByRole("button", { name: "Mutabakatı onayla" }).click();
  const dialog = desk.getByRole("dialog");
  await checkAccess(desk, "the question before a day is confirmed");
  await dialog.getByRole("button", { name: "Mutabakatı onayla" }).click();
  await dialog.waitFor({ state: "detached" });
  await desk.locator("#day").getByText(MURAT.name).waitFor();
  await checkAccess(desk, "a confirmed day");
  await picture(desk, "agreement-day");
  await desk.goto("/registry");
  const [ledger] = await Promise.all([
    desk.waitForEvent("download"),
    desk.getByRole("link", { name: "Defteri indir" }).click(),
  ]);
  assert.equal(await ledger.failure(), null, "the ledger downloads");
  await close();
}

async function finish({ page, murat }) {
  await murat.close();
  await page.goto("/campaigns");
  await page.getByRole("link", { name: "Yaz fırsatı" }).click();
  await page.getByText("Sayılar tutuyor", { exact: true }).waitFor();
  // JetSMS is asked once a minute.
  await until(async () => (await totals(page)).delivered > 0, "a receipt");
  const sums = await totals(page);
  assert.equal(sums.sent, FIRST.launched, "as the launch had promised");
  await reconcile(page, sums);
  await page.goto("/");
  await page.getByRole("heading", { name: "Son aktarımlar" }).waitFor();
  await page.locator("#checklist").waitFor({ state: "detached" });
  await picture(page, "first-run-done");
}

async function askWhy({ page }) {
  await page.goto("/contacts");
  await page.getByRole("searchbox", { name: "Kişi ara" }).fill(FIRST.reached);
  await page.getByRole("button", { name: "Ara", exact: true }).click();
  await page.getByRole("table", { name: "Kişiler" }).locator("tbody tr a").first().click();
  await page.locator("#why [data-sendable=true]").waitFor();
  await page.locator("#timeline").getByText("HS_WEB").first().waitFor();
  await page.getByText("Yaz fırsatı").first().waitFor();
  await checkAccess(page, "a person who was reached");
}

async function goLive({ page, place }) {
  // The same server from the first day on: nobody restarts it for this.
  await page.goto("/settings");
  // A night has passed.
  await signIn(page, place, place.password);
  await page.locator("[data-practice]").waitFor();
  const live = page.locator("#live");
  await live.getByText(place.other).waitFor();
  await live.getByText("program yeniden başlatılmaz").waitFor();
  await checkAccess(page, "what going live would do");
  await live.getByRole("button", { name: "Canlıya geç" }).click();
  const dialog = page.getByRole("dialog", { name: "Canlıya geçilsin mi?" });
  await dialog.getByText("tek kullanımlık kod istenmez").waitFor();
  await checkAccess(page, "going live");
  await picture(page, "first-run-live");
  await dialog.getByLabel("Parolanız").fill(place.password);
  await dialog.getByRole("button", { name: "Canlıya geç" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator("[data-practice]").waitFor({ state: "detached" });
  await page.goto("/connectors");
  const row = page.getByRole("table", { name: "Bağlayıcılar" }).locator("tbody tr").first();
  await row.getByText("Çalışmıyor", { exact: true }).waitFor();
  await checkAccess(page, "a firm that went live");
  // What the simulator had confirmed counts for nothing; the owner chooses anew how the brand works with İYS.
  await page.goto("/registry");
  await page.getByText("Çalışma biçimi: Kapalı").waitFor();
  const before = await callsAt(place.iys);
  await tell(place.other, "brands", { name: FIRST_PLACE.firm, ...IYS });
  await page.getByRole("button", { name: "Değiştir", exact: true }).click();
  const change = page.getByRole("dialog", { name: "Çalışma biçimini değiştir" });
  await change.getByRole("radio", { name: /Senkronizasyon/ }).check();
  await change.getByRole("button", { name: "Etkisini göster" }).click();
  await change.getByLabel("Parolanız").fill(place.password);
  await change.getByRole("button", { name: /Senkronizasyon/ }).click();
  await change.waitFor({ state: "detached" });
  await until(async () => (await callsAt(place.other)) > 0, "the real İYS asked");
  await until(async () => (await page.locator("#lights li").count()) > 0, "the lights of the real İYS");
  assert.equal(await callsAt(place.iys), before, "the simulator is asked nothing any more");
  const { items } = await (await page.request.get("/api/v1/contacts?consent=confirmed")).json();
  assert.equal(items.length, 0, "nobody is confirmed by what a simulator said");
  await picture(page, "first-run-after-live");
}

/** Calls that a simulator of İYS was asked. */
async function callsAt(url) {
  const answer = await (await fetch(`${url}/_sim/calls`)).json();
  return (answer.calls ?? answer.list ?? answer).length;
}

/** Everybody's clock goes on: the server's, which starts anew, and those of the simulators. */
async function goOn({ page, murat, place }, now) {
  for (const one of [page, murat.page]) if (!one.isClosed()) await one.goto("about:blank");
  for (const url of [place.iys, place.other, place.provider]) await tell(url, "clock", { now });
  await place.serve({ IZINLI_CLOCK_START: now });
}

/** The numbers of a waterfall as shown. */
function numbers(page) {
  return page.evaluate(() => {
    const cells = [...document.querySelectorAll("[data-count]")];
    return Object.fromEntries(cells.map((cell) => [cell.dataset.count, Number(cell.textContent.replace(/\D/g, ""))]));
  });
}

/** The two sums of a report as shown. */
function totals(page) {
  return page.evaluate(() => {
    const cells = [...document.querySelectorAll("[data-total]")];
    return Object.fromEntries(cells.map((cell) => [cell.dataset.total, Number(cell.textContent.replace(/\D/g, ""))]));
  });
}
