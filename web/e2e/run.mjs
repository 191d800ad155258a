/**
 * The panel end to end: the real server, a real browser, one story. A person
 * logs in, uploads a file, reads what is wrong with it, applies it, reads a
 * campaign's report and asks why somebody got nothing. Exit code 0 or 1.
 */
import assert from "node:assert/strict";
import { checkAccess, openBrowser, picture, unjudged } from "./browser.mjs";
import { APPROVAL_STORY, CAMPAIGN_STORY } from "./campaigns.mjs";
import { COMPLIANCE_PLACE, COMPLIANCE_STORY } from "./compliance.mjs";
import { consentFile, EXPECTED, refusalFile } from "./file.mjs";
import { FIRST_PLACE, FIRST_STORY } from "./first-run.mjs";
import { KEYBOARD_STORY } from "./keyboard.mjs";
import { PROMOTION_STORY } from "./promotions.mjs";
import { REPORTS_STORY, readReportsInEnglish } from "./reports.mjs";
import { SCREENS_STORY } from "./screens.mjs";
import { startDemo, startEmpty, until } from "./server.mjs";
import { SETUP_STORY } from "./setup.mjs";
import { WORK_STORY } from "./work.mjs";

const STORY = [
  ["logs in", logIn],
  ["looks at the uploads", lookAtUploads],
  ["uploads a file", uploadFile],
  ["reads what was refused and why", readPreview],
  ["applies it", applyUpload],
  ["answers what a file does not say, and applies it", answerQuestion],
  ["finds a person of the file", findPerson],
  ...CAMPAIGN_STORY,
  ["reads the campaign's report", readReport],
  ["asks why somebody was left out", askWhy],
  ...APPROVAL_STORY,
  ...PROMOTION_STORY,
  ...SCREENS_STORY,
  ...SETUP_STORY,
  ...WORK_STORY,
  ...REPORTS_STORY,
  ["reads it in English, in the dark and on a phone", readElsewhere],
  ["takes out and looks back in English", readReportsInEnglish],
  ["logs out", logOut],
];

/** Each story on a server of its own; a name on the command line plays only that one. */
const STORIES = [
  { name: "first-run", story: FIRST_STORY, begin: () => startEmpty(FIRST_PLACE) },
  { name: "compliance", story: COMPLIANCE_STORY, begin: () => startEmpty(COMPLIANCE_PLACE) },
  { name: "demo", story: STORY, begin: () => startDemo({ contacts: 2_000, deadlineSeconds: 300 }) },
  { name: "keyboard", story: KEYBOARD_STORY, begin: () => startDemo({ contacts: 200, deadlineSeconds: 300 }) },
];

async function main() {
  const [wanted] = process.argv.slice(2);
  const stories = STORIES.filter(({ name }) => wanted === undefined || name === wanted);
  assert.ok(stories.length > 0, `there is no story ${wanted}`);
  for (const one of stories) if (!(await play(one))) return 1;
  // Which screens are new is known to the router alone; only all stories together see all of them.
  if (wanted === undefined) assert.deepEqual(unjudged(), [], "no story judged these screens");
  return 0;
}

/** Whether a story went through to its end without a fault. */
async function play({ name, story, begin }) {
  const place = await begin();
  let opened;
  let isDone = false;
  try {
    opened = await openBrowser(place.url);
    const scene = {
      page: opened.page,
      browser: opened.browser,
      place,
      demo: place,
      faults: opened.faults,
    };
    for (const [title, act] of story) {
      const begun = Date.now();
      await act(scene);
      assert.deepEqual(opened.faults, [], `faults while the person ${title}`);
      console.log(`ok    ${name}: ${title} (${Date.now() - begun} ms)`);
    }
    isDone = true;
  } catch (cause) {
    console.error(`FAILED: ${cause.stack ?? cause}`);
    if (opened) {
      console.error(`at ${opened.page.url()}`);
      for (const fault of opened.faults) console.error(`  ${fault}`);
      await picture(opened.page, "failure").catch(() => {});
    }
  } finally {
    await opened?.browser.close().catch(() => {});
    await place.stop();
  }
  return isDone;
}

async function logIn({ page, demo }) {
  await page.goto("/campaigns");
  await page.getByRole("heading", { name: "Oturum aç" }).waitFor();
  await checkAccess(page, "the login");
  await picture(page, "login");

  await page.getByLabel("E-posta").fill(demo.email);
  await page.getByLabel("Parola", { exact: true }).fill("wrong on purpose");
  await page.getByRole("button", { name: "Oturum aç" }).click();
  await page.getByText("E-posta ya da parola hatalı.").waitFor();

  await page.getByLabel("Parola", { exact: true }).fill(demo.password);
  await page.getByRole("button", { name: "Oturum aç" }).click();
  await page.getByRole("heading", { level: 1, name: "Kampanyalar" }).waitFor();

  await menu(page, "Pano");
  await page.getByRole("heading", { level: 1, name: "Pano" }).waitFor();
  await page.getByRole("heading", { name: "Son aktarımlar" }).waitFor();
  await checkAccess(page, "the dashboard");
}

async function lookAtUploads({ page }) {
  await menu(page, "Dosya Aktarımı");
  const rows = page.getByRole("table", { name: "Dosya Aktarımı" }).locator("tbody tr");
  await rows.first().waitFor();
  await checkAccess(page, "the uploads");
  await picture(page, "uploads");
}

async function uploadFile(scene) {
  const { page } = scene;
  // The file must lie within three business days of the server's clock.
  const { clock } = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  const consentAt = new Date(new Date(clock.now).getTime() - 20 * 3_600_000);

  await page.getByRole("button", { name: "Dosya yükle" }).click();
  const dialog = page.getByRole("dialog", { name: "Dosya yükle" });
  await dialog.locator("input[type=file]").setInputFiles({
    name: "magaza-izinleri.csv",
    mimeType: "text/csv",
    buffer: consentFile(consentAt),
  });
  await dialog.getByText("magaza-izinleri.csv").waitFor();
  // A brand that may create records at İYS, so that the new people can become sendable.
  const { items } = await page.evaluate(async () => (await fetch("/api/v1/brands")).json());
  scene.brand = items.find(({ registry_mode }) => registry_mode === "integrator")?.name;
  assert.ok(scene.brand, "the demonstration has an integrator brand");
  await dialog.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: scene.brand }).click();
  await dialog.getByRole("combobox", { name: "Alıcı tipi" }).click();
  await page.getByRole("option", { name: "Bireysel" }).click();
  await dialog.getByLabel("Aktarım adı").fill("Mağaza izinleri");
  await dialog.getByLabel("Etiket").fill("magaza");
  await dialog.getByRole("radio", { name: "İYS'ye gönder" }).check();
  await checkAccess(page, "the upload dialog");
  await picture(page, "upload-dialog");
  await dialog.getByRole("button", { name: "Yükle ve incele" }).click();
  await page.waitForURL(/\/uploads\/\w+/);
  await page.getByRole("heading", { level: 1, name: "Mağaza izinleri" }).waitFor();
}

async function readPreview({ page }) {
  // More than half of the rows are dirty: over the brand's brake, so the panel warns before applying.
  await page.getByRole("status").getByText("Onayınızı bekliyor").waitFor();
  await page.locator("[data-hold=brake]").waitFor();

  const codes = page.getByRole("table", { name: "Kayıtlar neden reddedildi, neler düzeltildi?" });
  for (const { code } of EXPECTED.refused) {
    const row = codes.locator(`tr[data-code=${code}]`);
    assert.equal(await countIn(row.locator("td").last()), 1, `${code} is counted once`);
    assert.ok((await row.locator("td").nth(1).innerText()).trim().length > 10, `${code} is explained`);
  }
  const counters = page.locator("dl", { hasText: "Reddedilen kayıt" });
  const counter = (label) => counters.locator("div", { hasText: label }).locator("dd");
  assert.equal(await countIn(counter("Kabul edilen kayıt")), EXPECTED.accepted);
  assert.equal(await countIn(counter("Reddedilen kayıt")), EXPECTED.refused.length);

  const rejections = page.getByRole("table", { name: "Reddedilen satırlar" });
  for (const { line, code } of EXPECTED.refused) {
    const row = rejections.locator(`tr[data-code=${code}]`);
    const [shownLine, , , next] = await row.locator("td").allInnerTexts();
    assert.equal(Number(shownLine), line, `${code} stands on line ${line}`);
    assert.ok(next.trim().length > 10, `${code} says what to do`);
  }
  const unmapped = page.getByRole("row", { name: new RegExp(EXPECTED.unmapped) });
  assert.equal(await unmapped.getByRole("combobox").inputValue(), "Alınmayacak");
  assert.match(await page.locator("#recognised").innerText(), /1254/);
  await checkAccess(page, "the preview");
  await picture(page, "upload-preview");

  const [first] = EXPECTED.refused;
  await codes.locator(`tr[data-code=${first.code}] a`).click();
  await page.waitForURL(new RegExp(`code=${first.code}`));
  await until(async () => (await rejections.locator("tbody tr").count()) === 1, "the filtered list");

  const [report] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Raporu indir (CSV)" }).click(),
  ]);
  assert.equal(await report.failure(), null, "the report downloads");
}

async function applyUpload({ page }) {
  await page.getByRole("button", { name: "Uygula" }).click();
  const dialog = page.getByRole("dialog", { name: "Aktarım uygulansın mı?" });
  await dialog.getByText(`${EXPECTED.accepted} izin ya da kişi kaydı uygulanacak.`).waitFor();
  await checkAccess(page, "the question before applying");
  await dialog.getByRole("button", { name: "Uygula" }).click();
  await page.getByRole("status").getByText("Uygulandı").waitFor();
  await page.locator("li[data-name=registry][data-state=done]", { hasText: "İYS sorgusu tamam" }).waitFor();
  await picture(page, "upload-applied");
}

async function answerQuestion(scene) {
  const { page } = scene;
  const { clock } = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  await menu(page, "Dosya Aktarımı");
  await page.getByRole("button", { name: "Dosya yükle" }).click();
  const dialog = page.getByRole("dialog", { name: "Dosya yükle" });
  await dialog.locator("input[type=file]").setInputFiles({
    name: "istemeyenler.csv",
    mimeType: "text/csv",
    buffer: refusalFile(new Date(new Date(clock.now).getTime() - 20 * 3_600_000)),
  });
  await dialog.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: scene.brand }).click();
  await dialog.getByRole("combobox", { name: "Alıcı tipi" }).click();
  await page.getByRole("option", { name: "Bireysel" }).click();
  await dialog.getByRole("radio", { name: "Yalnız kişi bilgisi" }).check();
  await dialog.getByRole("button", { name: "Yükle ve incele" }).click();
  await page.getByRole("heading", { level: 1, name: "istemeyenler" }).waitFor();

  // The file stops until somebody says what 1 means in it.
  const question = page.locator("li[data-question=polarity]");
  await question.getByRole("radio", { name: /kişi ileti almak istemiyor/ }).check();
  await checkAccess(page, "the questions of a file");
  await picture(page, "upload-question");
  await page.getByRole("button", { name: "Yanıtları kaydet ve yeniden incele" }).click();

  await page.getByRole("status").getByText("Önizleme hazır").waitFor();
  await question.waitFor({ state: "detached" });
  // What was said stays in sight, and can be taken back.
  const answered = page.locator("[data-answer=polarity]");
  await answered.getByText(/kişi ileti almak istemiyor/).waitFor();
  await answered.getByRole("button", { name: /Yanıtı geri al/ }).waitFor();
  await checkAccess(page, "the answers given");
  await page.getByRole("button", { name: "Uygula" }).click();
  const asked = page.getByRole("dialog", { name: "Aktarım uygulansın mı?" });
  await asked.getByText("3 izin ya da kişi kaydı uygulanacak.").waitFor();
  await asked.getByRole("button", { name: "Uygula" }).click();
  await page.getByRole("status").getByText("Uygulandı").waitFor();
}

async function findPerson({ page }) {
  await menu(page, "Kişiler");
  await page.getByRole("searchbox", { name: "Kişi ara" }).fill("Şule Ilgaz");
  await page.getByRole("button", { name: "Ara", exact: true }).click();
  await page.getByRole("link", { name: "Şule Ilgaz" }).click();
  await page.getByRole("heading", { level: 1, name: "Şule Ilgaz" }).waitFor();
  const local = page.locator("#why").getByText("HS_FIZIKSEL_ORTAM");
  await local.waitFor();
  await checkAccess(page, "the person's page");
}

async function readReport({ page }) {
  await menu(page, "Kampanyalar");
  const campaigns = page.getByRole("table", { name: "Kampanyalar" });
  await campaigns.locator("tbody tr").first().waitFor();
  await checkAccess(page, "the campaigns");
  await picture(page, "campaigns");
  // The demonstration's largest one.
  const targets = await campaigns
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map((row) => Number(row.cells[2].textContent.replace(/\D/g, ""))));
  await campaigns
    .locator("tbody tr")
    .nth(targets.indexOf(Math.max(...targets)))
    .getByRole("link")
    .click();
  await page.locator("[data-total=target]").waitFor();

  const sums = await page.evaluate(() => {
    const number = (element) => Number(element.textContent.replace(/\D/g, ""));
    const sumOf = (name) => {
      const cells = document.querySelectorAll(`[data-sum=${name}] [data-total]`);
      return Object.fromEntries([...cells].map((cell) => [cell.dataset.total, number(cell)]));
    };
    return { target: sumOf("target"), sent: sumOf("sent") };
  });
  const shown = await countsOf(page);
  const { target, sent } = sums;
  assert.equal(target.target, target.excluded + target.held + target.sent, "target = excluded + held + sent");
  assert.equal(sent.sent, sent.delivered + sent.failed + sent.open, "sent = delivered + failed + open");
  assert.equal(target.sent, sent.sent, "both sums show the same sent");
  assert.equal(sum(shown.excluded), sum(shown.reason), "the reasons add up");
  assert.ok(target.excluded > 0 && target.sent > 0, "the campaign reached some and left out others");
  await page.getByText("Sayılar tutuyor", { exact: true }).waitFor();
  await checkAccess(page, "the report");
  await picture(page, "campaign-report");
}

async function askWhy(scene) {
  const { page } = scene;
  const refused = page.locator("tr[data-step=reason]").first();
  const code = await refused.getAttribute("data-code");
  await refused.getByRole("link").click();
  const rows = page.getByRole("table", { name: "Kişiler" });
  await rows.locator("tbody tr").first().waitFor();
  const others = await rows
    .locator("tbody tr")
    .evaluateAll((list, code) => list.filter((row) => !row.textContent.includes(code)).length, code);
  assert.equal(others, 0, `everyone behind the number was left out for ${code}`);

  const report = page.url();
  await rows.getByRole("link").first().click();
  const why = page.locator("#why");
  await why.locator("[data-sendable=false]").waitFor();
  const reasons = await why.locator("[data-code]").evaluateAll((list) => list.map((item) => item.dataset.code));
  assert.ok(reasons.includes(code), `the person's page names ${code} too, among ${reasons}`);
  await checkAccess(page, "the answer to why");
  scene.report = report.replace(/[?#].*/, "");
}

async function readElsewhere({ page, report }) {
  await page.goto(report);
  await page.locator("[data-total=target]").waitFor();
  await page.getByRole("button", { name: "Dil" }).click();
  await page.getByRole("menuitem", { name: "English" }).click();
  await page.getByText("The numbers reconcile", { exact: true }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await picture(page, "campaign-report-en");

  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator("html[data-mantine-color-scheme=dark]").waitFor({ state: "attached" });
  await picture(page, "campaign-report-dark");

  await page.setViewportSize({ width: 360, height: 740 });
  await checkAccess(page, "the report in English");
  await picture(page, "campaign-report-phone");
  await page.getByRole("button", { name: "Open or close the menu" }).click();
  await menu(page, "File uploads");
  await page.getByRole("heading", { level: 1, name: "File uploads" }).waitFor();
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.emulateMedia({ colorScheme: "light" });
}

async function logOut({ page }) {
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  const status = await page.evaluate(async () => (await fetch("/api/v1/uploads")).status);
  assert.equal(status, 401, "nothing is readable after logging out");
}

function menu(page, name) {
  return page
    .getByRole("navigation", { name: /Ana menü|Main menu/ })
    .getByRole("link", { name, exact: true })
    .click();
}

/** The numbers of the waterfall as shown, by the name of their step. */
function countsOf(page) {
  return page.evaluate(() => {
    const counts = { target: [], excluded: [], reason: [], held: [], sendable: [], sent: [], open: [] };
    for (const cell of document.querySelectorAll("[data-count]")) {
      counts[cell.dataset.count]?.push(Number(cell.textContent.replace(/\D/g, "")));
    }
    return counts;
  });
}

function sum(counts) {
  return counts.reduce((total, count) => total + count, 0);
}

/** A number as shown, whatever separates its thousands. */
async function countIn(locator) {
  return Number((await locator.innerText()).replace(/\D/g, ""));
}

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
process.exit(await main());
