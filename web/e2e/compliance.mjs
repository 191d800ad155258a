/**
 * A compliance officer's week: what İYS refused, and a citizen's complaint from
 * the form to the closed case, the signed evidence and the month's report. The
 * citizen has no account and a browser of their own.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkAccess, picture } from "./browser.mjs";
import { branchFile } from "./file.mjs";
import { alone, PATIENCE_S, until } from "./server.mjs";

/** A Tuesday morning within the hours of sending. */
export const COMPLIANCE_PLACE = {
  firm: "Elif Kozmetik",
  owner: { email: "elif@elifkozmetik.com.tr", name: "Elif Yıldız", password: "uzun-ve-gizli-parola-44" },
  clockStart: "2025-06-24T10:05:00+03:00",
};

const LATER = "2025-06-24T10:30:00+03:00";
const MURAT = { email: "murat@elifkozmetik.com.tr", name: "Murat Uyum", password: "uzun-ve-gizli-parola-46" };
const IYS = {
  iysCode: 700_001,
  brandCode: 700_001,
  username: "elif-api",
  password: COMPLIANCE_PLACE.owner.password,
};
const JETSMS = { user: "elifkozmetik", password: "jetsms-parolasi" };
const SENDER = "ELIFKOZM";
/** The form that İYS's simulator knows as approved. */
const VIA_FORM = "form-1";
const BRANCH = "Kadıköy";
const TEXT =
  "Yaz urunlerinde yuzde 20 indirim. ELIF KOZMETIK TICARET AS Mersis 0123456789012345 RET ELIFKOZMETIK yaz 3338";
/** Confirmed by İYS: gets the message, and complains. */
const CITIZEN = "+905493140001";
const CONFIRMED = [CITIZEN, "+905493140002", "+905493140003"];
/** Said yes to the branch, and refuse at İYS themselves while the branch's yes is on its way there. */
const REFUSED = ["+905493140011", "+905493140012"];
/** Brought to İYS too late. */
const LATE = ["+905493140021", "+905493140022", "+905493140023"];

export const COMPLIANCE_STORY = [
  ["takes over a firm at work", prepare],
  ["opens a home page that counts what is owed", readHome],
  ["reads what İYS refused, by reason", readRefusals],
  ["holds what İYS says beside what is here", compare],
  ["asks anew whom the branch brought too late", askAnew],
  ["lets İYS ask another, who reads out their code", askThroughIys],
  ["sees a citizen file a complaint", fileComplaint],
  ["finds the case with its clock and the stop", openCase],
  ["reads what was found without searching", readFinding],
  ["opens a case for the branch", watchBranch],
  ["answers, and is kept from promoting", answerCitizen],
  ["makes an evidence pack that holds elsewhere", makePack],
  ["closes only when everything is done", closeCase],
  ["takes the month out without names", readMonth],
  ["reads it in the dark and on a phone", readElsewhere],
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

/** Calls the API as whoever is logged in; a body of bytes goes as a file. */
function call(page, method, path, body, file) {
  return page.evaluate(
    async ([method, path, body, file]) => {
      const { csrf_token } = await (await fetch("/api/v1/session")).json();
      const headers = { "X-CSRF-Token": csrf_token };
      let sent;
      if (file) {
        sent = new FormData();
        sent.append("meta", JSON.stringify(body));
        sent.append("file", new Blob([new Uint8Array(file.bytes)]), file.name);
      } else if (body) {
        headers["Content-Type"] = "application/json";
        sent = JSON.stringify(body);
      }
      const answer = await fetch(`/api/v1${path}`, { method, headers, body: sent });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === "" ? undefined : JSON.parse(text);
    },
    [method, path, body, file],
  );
}

async function signIn(page, { email, password }) {
  await page.goto("/");
  await page.getByLabel("E-posta").fill(email);
  await page.getByLabel("Parola", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Oturum aç" }).click();
  await heading(page, "Pano");
}

/** Whose record it is, as İYS's simulator takes it. */
function recordOf(recipient) {
  return { iysCode: IYS.iysCode, brandCode: IYS.brandCode, recipient, recipientType: "BIREYSEL", type: "MESAJ" };
}

/** A brand, a provider, a branch's list, and a campaign that went out yesterday as it were. */
async function prepare(scene) {
  const { page, place } = scene;
  const rights = { ...{ ARAMA: "write", MESAJ: "write", EPOSTA: "write" }, agreementControl: true, viaControl: true };
  await tell(place.iys, "brands", { name: COMPLIANCE_PLACE.firm, permissions: rights, ...IYS });
  const { now } = await (await fetch(`${place.iys}/_sim/clock`)).json();
  const records = [
    // İYS tells of it an hour late: it is not known here when the branch's list comes in.
    ...CONFIRMED.map((one) => ({
      ...recordOf(one),
      ...{ status: "ONAY", source: "HS_WEB", creationDate: now, consentDate: "2025-06-23 09:00:00" },
    })),
    ...[...REFUSED, ...LATE].map((one) => ({ ...recordOf(one), status: "NONE" })),
  ];
  await tell(place.iys, "state", { records });
  const scripts = [
    ...LATE.map((recipient) => ({ recipient, add: { answer: "failure", code: "H467" } })),
    // Judged when its time has come, by what stands there then.
    ...REFUSED.map((recipient) => ({ recipient, add: { answer: "judge", after_ms: ANSWER_MS } })),
  ];
  await tell(place.iys, "script", { scripts });
  await tell(place.provider, "options", { login: JETSMS, senders: [SENDER], report_delay_ms: 200 });

  const { command } = place;
  const firm = JSON.parse(command("--json", "firm", "list"))[0].id;
  command(
    ...["brand", "create", "--firm", firm, "--name", "Elif Kozmetik", "--short-name", "ELIFKOZMETIK"],
    ...["--trade-name", "ELIF KOZMETIK TICARET AS", "--mersis", "0123456789012345", "--mode", "integrator"],
    ...["--iys-code", String(IYS.iysCode), "--brand-code", String(IYS.brandCode), "--iys-username", IYS.username],
    ...["--iys-password-env", "IZINLI_OWNER_PASSWORD"],
  );
  const settings = join(place.place, "jetsms.json");
  const account = { base_url: place.provider, username: JETSMS.user, password: JETSMS.password };
  writeFileSync(settings, JSON.stringify({ ...account, iys_code: IYS.iysCode }));
  const made = JSON.parse(
    command(
      ...["--json", "connector", "create", "--firm", firm, "--kind", "jetsms", "--name", "JetSMS"],
      ...["--settings", settings],
    ),
  );
  command("connector", "test", made.id);
  await signIn(page, place);
  const users = { role: "compliance", language: "tr", ...MURAT };
  await call(page, "POST", "/users", users);
  await importBranch(scene);
  await sendOut(scene, made.id);
  await page.context().clearCookies();
  await signIn(page, MURAT);
}

/** İYS takes this long over the records of those who refuse meanwhile. */
const ANSWER_MS = 4_000;

async function importBranch({ page, place }) {
  const { items } = await call(page, "GET", "/brands");
  const bytes = [...branchFile(new Date("2025-06-23T09:00:00+03:00"), BRANCH, [...CONFIRMED, ...REFUSED, ...LATE])];
  const meta = { brand_id: items[0].id, name: "Kadıköy şubesi", tag: "kadikoy", action: "push" };
  const { id } = await call(page, "POST", "/uploads", meta, { name: "kadikoy-subesi.csv", bytes });
  const seen = async () => call(page, "GET", `/uploads/${id}`);
  await until(async () => !["received", "judging"].includes((await seen()).state), "the verdict");
  await call(page, "POST", `/uploads/${id}/apply`, {});
  const handed = async () => (await (await fetch(`${place.iys}/_sim/stats`)).json()).rows_submitted;
  await until(async () => (await handed()) >= REFUSED.length + LATE.length, "the records at İYS");
  const { now } = await (await fetch(`${place.iys}/_sim/clock`)).json();
  const records = REFUSED.map((recipient) => ({
    ...recordOf(recipient),
    ...{ status: "RET", source: "IYS_WEB", creationDate: now, consentDate: "2025-06-23 21:14:00" },
  }));
  await tell(place.iys, "state", { records });
  await until(async () => {
    const { state, registry } = await seen();
    return state === "applied" && registry.pending + registry.in_flight + registry.waiting === 0;
  }, "İYS's answers");
}

async function sendOut({ page }, connector) {
  const { items } = await call(page, "GET", "/brands");
  const draft = {
    ...{ brand_id: items[0].id, name: "Yaz fırsatı", channel: "MESAJ", kind: "BIREYSEL", basis: "COMMERCIAL" },
    ...{ purpose: "kampanya", body: TEXT, sender: SENDER, connector_id: connector },
    audience: { type: "tag", tag: "kadikoy" },
  };
  const { id } = await call(page, "POST", "/campaigns", draft);
  await call(page, "POST", `/campaigns/${id}/launch`, {});
  await until(async () => (await call(page, "GET", `/campaigns/${id}`)).state === "finished", "the campaign");
  const report = await call(page, "GET", `/campaigns/${id}/report`);
  assert.equal(report.sent, CONFIRMED.length, "the confirmed got it");
}

async function readHome({ page }) {
  const duties = page.locator("#duties");
  await duties.getByText("İşlem bekleyen İYS reddi").waitFor();
  for (const label of ["Bugün dolan", "Geciken", "Açık şikâyet", "Farklı çıkan gün", "Üstlenilmemiş uyarı"]) {
    await duties.getByText(label).waitFor();
  }
  await checkAccess(page, "the home of compliance");
  await picture(page, "compliance-home");
  await duties.getByRole("link").first().click();
  await page.waitForURL(/\/registry\/rejections/);
}

async function readRefusals({ page }) {
  for (const [code, people] of [
    ["I606", LATE],
    ["I178", REFUSED],
  ]) {
    const group = page.locator(`article[data-code=${code}]`);
    await group.getByText(`${people.length} kayıt`).waitFor();
    // İYS's own words beside ours, and who must act.
    for (const text of ["İYS'nin yanıtı", "Anlamı", "Kim yapmalı:"]) await group.getByText(text).waitFor();
  }
  await checkAccess(page, "what İYS refused");
  await picture(page, "compliance-rejections");
}

async function compare({ page }) {
  await page.locator("article[data-code=I178]").getByRole("link", { name: "Kişileri göster" }).click();
  const people = page.getByRole("table", { name: /I178/ });
  await people.getByRole("link", { name: REFUSED[0] }).click();
  await page.getByRole("table", { name: "Kişiler" }).locator("tbody tr a").first().click();
  // What is here and what İYS holds, side by side.
  await page.locator("#why [data-sendable=false]").waitFor();
  await page.locator("#why").getByText("Bizdeki izin kaydı").waitFor();
  await page.locator("#why").getByText("İYS'deki durum").waitFor();
  await page
    .locator("#why")
    .getByText(/Vatandaş 23 Haz 2025 21:14 tarihinde IYS_WEB üzerinden kendisi reddetti/)
    .waitFor();
  await page.locator("#why").getByText("I178").waitFor();
  await page.locator("#timeline").getByText("IYS_WEB").first().waitFor();
  assert.equal(await page.getByRole("button", { name: /yine de gönder/i }).count(), 0);
  await checkAccess(page, "a record that İYS refused");
  await picture(page, "compliance-two-sides");
}

async function askAnew({ page }) {
  await page.goto("/registry/rejections?code=I606");
  const people = page.getByRole("table", { name: /I606/ });
  await people.locator("tbody tr").first().getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio").first().waitFor();
  await checkAccess(page, "asking a person anew");
  await dialog.getByRole("button", { name: "Sorulacağını kaydet" }).click();
  await dialog.waitFor({ state: "detached" });
}

async function askThroughIys({ page, place, faults }) {
  const person = LATE[2];
  await page.goto(`/contacts?query=${encodeURIComponent(person)}`);
  await page.getByRole("table", { name: "Kişiler" }).locator("tbody tr a").first().click();
  const section = page.locator("#via");
  await section.getByRole("combobox", { name: "Onay yolu" }).click();
  await page.getByRole("option", { name: "SMS ile kod" }).click();
  await section.getByLabel("Form no").fill(VIA_FORM);
  await section.getByRole("button", { name: "İzin iste" }).click();
  await section.locator("[data-via=waiting]").waitFor();
  const { list } = await (await fetch(`${place.iys}/_sim/via`)).json();
  const { code } = list.find(({ recipient }) => recipient === person);
  const box = section.getByLabel("Kişinin söylediği kod");
  await box.fill(code === "000000" ? "000001" : "000000");
  await section.getByRole("button", { name: "Kodu ilet" }).click();
  await section.getByText("Onay kodu yanlış.").waitFor();
  forgive(faults, "422");
  await checkAccess(page, "a code that is not the person's");
  await box.fill(code);
  await section.getByRole("button", { name: "Kodu ilet" }).click();
  await section.locator("[data-via=consented]").waitFor();
  await checkAccess(page, "a consent that İYS took itself");
  await section.scrollIntoViewIfNeeded();
  await picture(page, "via-consented");
}

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

async function fileComplaint(scene) {
  const { page, browser, place } = scene;
  await page.goto("/inbox?tab=complaints");
  const link = page.locator("#cases").getByRole("link", { name: "Elif Kozmetik şikâyet formu" });
  const address = await link.getAttribute("href");
  const context = await browser.newContext({ baseURL: place.url, locale: "tr-TR", reducedMotion: "reduce" });
  context.setDefaultTimeout(PATIENCE_S * 1_000);
  const citizen = await context.newPage();
  await citizen.goto(address);
  await heading(citizen, "Elif Kozmetik iletisi için şikâyet");
  await citizen.getByLabel("İletinin geldiği telefon numarası").fill("0549 314 00 01");
  await citizen.getByLabel("Görünen gönderici").fill(SENDER);
  await citizen.getByLabel("Geldiği gün ve saat").fill("2025-06-24T10:05");
  const text = citizen.getByLabel("İletinin metni ve şikâyetiniz");
  await text.fill("Kimlik numaram 10000000146. Bu firmaya hiç izin vermedim.");
  await citizen.getByLabel(/Ekran görüntüsü/).setInputFiles({ name: "ekran.png", mimeType: "image/png", buffer: PNG });
  await checkAccess(citizen, "the complaint form");
  await citizen.getByRole("button", { name: "Şikâyeti gönder" }).click();
  await citizen.getByText("Metinde T.C. kimlik numarası var").waitFor();
  assert.match(await text.inputValue(), /hiç izin vermedim/, "what was written is kept");
  assert.equal((await call(page, "GET", "/complaint-cases")).items.length, 0, "nothing was stored");
  await checkAccess(citizen, "the complaint form that was refused");
  await picture(citizen, "complaint-form");
  await citizen.setViewportSize({ width: 360, height: 740 });
  await citizen.emulateMedia({ colorScheme: "dark" });
  await picture(citizen, "complaint-form-phone");
  await text.fill("Bu firmaya hiç izin vermedim, mesajı istemiyorum.");
  await citizen.getByLabel(/Ekran görüntüsü/).setInputFiles({ name: "ekran.png", mimeType: "image/png", buffer: PNG });
  await citizen.getByRole("button", { name: "Şikâyeti gönder" }).click();
  await heading(citizen, "Şikâyetiniz");
  await citizen.getByText("Şikâyetiniz alındı").waitFor();
  await checkAccess(citizen, "the citizen's own page");
  await picture(citizen, "complaint-filed");
  scene.citizen = citizen;
  scene.own = citizen.url().replace(/\?.*/, "");
}

async function openCase(scene) {
  const { page } = scene;
  // Before anybody opens it, nothing leaves for the number.
  const { items } = await call(page, "GET", "/blacklist");
  assert.ok(
    items.some(({ address, cause }) => address === CITIZEN && cause === "complaint"),
    "it is stopped",
  );
  await page.reload();
  const row = page.getByRole("table", { name: "Şikâyet dosyaları" }).locator("tbody tr").first();
  await row.getByText("1. iş günü").waitFor();
  await row.getByText("Yüksek").waitFor();
  await row.getByText("Uyum").waitFor();
  await checkAccess(page, "the complaint cases");
  await picture(page, "complaint-cases");
  await row.getByRole("link").first().click();
  await heading(page, CITIZEN);
  await page.getByText("Bu numaraya ticari gönderim durduruldu").first().waitFor();
  await page.getByRole("button", { name: "Üstlen" }).click();
  await page.getByText("İşlemde", { exact: true }).first().waitFor();
  scene.case = page.url();
}

async function readFinding({ page }) {
  const finding = page.locator("#finding");
  await finding.getByText("Elif Kozmetik iletisi").waitFor();
  for (const text of ["Yaz fırsatı", "HS_FIZIKSEL_ORTAM", "kadikoy-subesi.csv", /2\.\ssatır/]) {
    await finding.getByText(text).first().waitFor();
  }
  await finding.getByText(TEXT).first().waitFor();
  await checkAccess(page, "a complaint case");
  await picture(page, "complaint-case");
}

async function watchBranch({ page }) {
  const branch = page.locator("#branch");
  await branch.getByText(/Kadıköy: bu şubeden 1 şikâyet \/ 30 gün/).waitFor();
  await branch.getByRole("button", { name: "Şube için inceleme aç" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("textarea").fill("İzin formu bulunamadı.");
  await checkAccess(page, "the question about a branch");
  await dialog.getByRole("button", { name: "Şube için inceleme aç" }).click();
  await branch.getByText("Şube incelemede").waitFor();
}

async function answerCitizen({ page, citizen, own, faults }) {
  const answer = page.locator("#answer");
  const text = answer.getByLabel("Yanıt");
  const draft = await text.inputValue();
  assert.match(draft, /şikâyetinizi inceledik/, "the draft tells the facts");
  await text.fill("Özür dileriz, size %10 indirim tanımladık.");
  await answer.getByRole("button", { name: "Yanıtı gönder" }).click();
  await answer.getByText("tanıtım gönderilemez").waitFor();
  assert.match(await text.inputValue(), /%10 indirim/, "what was written is kept");
  forgive(faults, "422");
  await checkAccess(page, "an answer that promotes");
  await picture(page, "complaint-answer-refused");
  await text.fill(draft);
  await answer.getByRole("button", { name: "Yanıtı gönder" }).click();
  await page.getByText("Yanıtlandı", { exact: true }).first().waitFor();
  await citizen.setViewportSize({ width: 1280, height: 860 });
  await citizen.emulateMedia({ colorScheme: "light" });
  await citizen.goto(own);
  await citizen.getByText("şikâyetinizi inceledik").waitFor();
  await checkAccess(citizen, "the answer on the citizen's page");
  await picture(citizen, "complaint-answered");
}

async function makePack(scene) {
  const { page, place } = scene;
  const evidence = page.locator("#evidence");
  const make = evidence.getByRole("button", { name: "Paketi hazırla ve indir" });
  assert.ok(await make.isDisabled(), "nobody guesses until when an authority waits");
  await evidence.getByLabel("Yanıt için son tarih").fill("2025-07-08T17:00");
  await evidence.getByRole("button", { name: "Tarihi kaydet" }).click();
  await until(async () => make.isEnabled(), "the date is kept");
  await evidence.getByLabel("Saklama kararı").click({ force: true });
  await page.locator("#history").getByText("Saklama kararı koydu").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), make.click()]);
  assert.equal(await download.failure(), null, "the pack downloads");
  const folder = join(place.place, "baska-bilgisayar");
  mkdirSync(folder);
  const file = join(folder, "kanit.zip");
  await download.saveAs(file);
  await page.locator("#history").getByText("Kanıt paketi hazırladı").waitFor();
  const key = await evidence.locator("code").innerText();
  const { said, code } = alone(folder, "evidence", "verify", "kanit.zip", "--key", key);
  assert.equal(code, 0, said);
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)] ^= 1;
  writeFileSync(file, bytes);
  assert.equal(alone(folder, "evidence", "verify", "kanit.zip").code, 3, "one changed byte is told");
  await checkAccess(page, "the evidence of a case");
  await evidence.scrollIntoViewIfNeeded();
  await picture(page, "complaint-evidence");
}

async function closeCase(scene) {
  const { page, faults } = scene;
  const list = page.locator("#checklist");
  const close = list.getByRole("button", { name: "Dosyayı kapat" });
  await close.click();
  await list.getByRole("alert").getByText("şubesine bilgi verilmedi").waitFor();
  forgive(faults, "409");
  await list.scrollIntoViewIfNeeded();
  await checkAccess(page, "what is missing before closing");
  await picture(page, "complaint-checklist");
  await list.getByRole("button", { name: "Ret kaydet" }).click();
  await list.getByRole("button", { name: "Bilgi verildi" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("textarea").fill("Müdür arandı, form istendi.");
  await dialog.getByRole("button", { name: "Bilgi verildi" }).click();
  await dialog.waitFor({ state: "detached" });
  // İYS takes no date that its own clock might not have reached: everybody's goes on.
  await goOn(scene, LATER);
  await page.goto(scene.case);
  await until(async () => {
    await page.reload();
    await list.locator("li[data-item=stop]").waitFor();
    return (await list.locator("li[data-done=false]").count()) === 0;
  }, "the refusal at İYS");
  await close.click();
  await page.getByText("Kapatıldı", { exact: true }).first().waitFor();
  await page.locator("#history").getByText("Dosyayı kapattı").waitFor();
}

async function readMonth({ page }) {
  await page.goto("/inbox?tab=complaints");
  const month = page.locator("#month");
  await month.getByText("Durdurma süresi (en uzun)").waitFor();
  await month
    .getByText(/^[01] sn$/)
    .first()
    .waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    month.getByRole("link", { name: "CSV indir" }).click(),
  ]);
  const file = readFileSync(await download.path(), "utf8");
  assert.ok(!file.includes("549314") && file.includes("Süresi geçen;0"), file);
  await checkAccess(page, "the month of complaints");
  await picture(page, "complaint-month");
}

async function readElsewhere(scene) {
  const { page, citizen } = scene;
  await citizen.context().close();
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(scene.case);
  await page.locator("#finding article").waitFor();
  await checkAccess(page, "a closed case");
  await picture(page, "complaint-case-dark");
  await page.setViewportSize({ width: 360, height: 740 });
  for (const address of [scene.case, "/inbox?tab=complaints"]) {
    await page.goto(address);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await checkAccess(page, address);
  }
  await picture(page, "complaint-cases-phone");
}

/** The browser prints a refusal that was asked for as an error. */
function forgive(faults, status) {
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes(status)));
}

/** Everybody's clock goes on: the server's, which starts anew, and those of the simulators. */
async function goOn({ page, place }, now) {
  await page.goto("about:blank");
  for (const url of [place.iys, place.other, place.provider]) await tell(url, "clock", { now });
  await place.serve({ IZINLI_CLOCK_START: now });
}
