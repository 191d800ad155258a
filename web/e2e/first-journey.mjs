/**
 * What the journey of a first campaign must show besides its straight way: tests
 * on a colleague's phone, a time that is closed, people who change between the
 * approval and the launch, and the citizen's own page.
 */
import assert from "node:assert/strict";
import { checkAccess, picture } from "./browser.mjs";
import { FIRST } from "./file.mjs";
import { until } from "./server.mjs";

/** Whose names no citizen may read. */
const STAFF = /Elif Yıldız|Selin|Murat/;

/** Calls the API in the page's session without its console. */
async function call(page, method, path, data) {
  const { csrf_token } = await (await page.request.get("/api/v1/session")).json();
  return page.request.fetch(path, { method, data, headers: { "X-CSRF-Token": csrf_token } });
}

/** The texts that the provider was handed for a number. */
async function receivedAt(place, number) {
  const { list } = await (await fetch(`${place.provider}/_sim/received?limit=10000`)).json();
  return list.filter(({ to }) => to.endsWith(number.slice(-10))).map(({ text }) => text);
}

async function linkIn(place, number, path) {
  let found;
  await until(async () => {
    const texts = await receivedAt(place, number);
    found = texts.map((text) => new RegExp(`/${path}/[\\w-]+`).exec(text)?.[0]).find(Boolean);
    return found !== undefined;
  }, `a message with a link for ${number}`);
  return new URL(found, place.url).href;
}

/** Somebody who has nothing to do with the panel follows a link. */
async function asCitizen(browser, url, look) {
  const context = await browser.newContext({ locale: "tr-TR", viewport: { width: 420, height: 860 } });
  try {
    const page = await context.newPage();
    await page.goto(url);
    await look(page);
  } finally {
    await context.close();
  }
}

/** A time outside the window is answered with the next open one. */
export async function proposeTime(page) {
  await page.getByRole("radio", { name: "Belirli bir gün ve saatte" }).check();
  await page.getByLabel("Saat", { exact: true }).fill("23:15");
  await page.getByText("Bu saatte gönderim kapalı").waitFor();
  await page.getByRole("button", { name: "Bu saati seç" }).click();
  await page.getByText("Bu saatte gönderim kapalı").waitFor({ state: "detached" });
  const open = await page.getByLabel("Saat", { exact: true }).inputValue();
  assert.notEqual(open, "23:15", "the next open time is taken");
  await page.getByRole("radio", { name: "Başlatıldığı anda" }).check();
  await page.locator("[data-save=saved]").waitFor();
}

/** Somebody accepts tests by the link in a message, and then gets the text. */
export async function tryOnPhone({ page, browser, place }) {
  const campaign = new URL(page.url()).pathname.split("/")[2];
  await page.goto("/campaigns/testers");
  await page.getByRole("button", { name: "Deneme alıcısı ekle" }).click();
  const form = page.getByRole("dialog", { name: "Deneme alıcısı ekle" });
  await form.getByLabel("Ad", { exact: false }).first().fill("Derya Test");
  await form.getByLabel("Telefon ya da e-posta").fill(FIRST.tester);
  await form.getByLabel("Gönderici adı").fill("ELIFKOZM");
  await checkAccess(page, "the invitation of a test recipient");
  await form.getByRole("button", { name: "Bağlantıyı gönder" }).click();
  const row = page.getByRole("row", { name: /Derya Test/ });
  await row.getByText("Yanıt bekleniyor").waitFor();
  await page.goto(`/campaigns/${campaign}/edit?step=go`);
  await page.getByText("henüz kabul eden yok").waitFor();
  await asCitizen(browser, await linkIn(place, FIRST.tester, "t"), async (own) => {
    await own.getByText("pazarlama izni vermiş olmazsınız").waitFor();
    await checkAccess(own, "the invitation as its recipient reads it");
    await picture(own, "tester-invitation");
    await own.getByRole("button", { name: "Kabul ediyorum" }).click();
    await own.getByText("deneme iletilerini alıyor").waitFor();
  });
  await page.goto("/campaigns/testers");
  await row.getByText("Kabul etti").waitFor();
  await checkAccess(page, "the test recipients");
  await picture(page, "testers");
  await page.goto(`/campaigns/${campaign}/edit?step=go`);
  await page.getByRole("button", { name: "1 kişiye dene" }).click();
  await page.getByText("Deneme 1 kişiye yola çıktı.").waitFor();
  await until(
    async () => (await receivedAt(place, FIRST.tester)).some((text) => text.includes("yüzde 20 indirim")),
    "the text at the tester",
  );
}

/** Nobody approves what they wrote, whatever they call. */
export async function cannotApproveOwn(page) {
  assert.equal(await page.getByRole("button", { name: "Onayla", exact: true }).count(), 0, "there is no such button");
  const id = new URL(page.url()).pathname.split("/")[2];
  const refused = await call(page, "POST", `/api/v1/campaigns/${id}/approve`);
  assert.ok([403, 409, 422].includes(refused.status()), `the author is refused: ${refused.status()}`);
}

/** Between the approval and the launch one person is stopped, and another one consents, whose name the text lacks (S401). */
export async function peopleChange({ page }) {
  const stopped = await call(page, "POST", "/api/v1/blacklist", {
    addresses: [FIRST.stopped],
    cause: "blacklist",
    note: "Mağazada sözlü olarak istemediğini söyledi.",
  });
  assert.ok(stopped.ok(), await stopped.text());
  const { items } = await (await page.request.get("/api/v1/brands")).json();
  const { clock } = await (await page.request.get("/api/v1/session")).json();
  const consented = await call(page, "POST", "/api/v1/consents", {
    brand_id: items[0].id,
    address: FIRST.added,
    channel: "MESAJ",
    kind: "BIREYSEL",
    status: "ONAY",
    consent_at: new Date(Date.parse(clock.now) - 3_600_000).toISOString(),
    source: "HS_WEB",
  });
  assert.ok(consented.ok(), await consented.text());
  const id = new URL(page.url()).pathname.split("/")[2];
  let run;
  await until(async () => {
    run = await (await call(page, "POST", `/api/v1/campaigns/${id}/dry-run`)).json();
    const codes = (run.excluded ?? []).map(({ code }) => code);
    // Whoever tries texts is known, too, without a consent (S101).
    return run.target === FIRST.target + 2 && run.sendable === FIRST.launched && codes.includes("S401");
  }, "one more asked about, one fewer allowed").catch((cause) => {
    throw new Error(`${cause.message}: ${JSON.stringify(run)}`);
  });
}

/** The numbers of what was approved, and of what left: each reconciles, and the difference has names. */
export async function reconcile(page, sums) {
  assert.equal(sums.target, FIRST.target + 2, "whoever came after the summary is in the target");
  assert.equal(sums.excluded, FIRST.refusals + 3, "so are the one stopped, the tester and the nameless, all left out");
  assert.equal(sums.sent, FIRST.sendable - 1, "what was approved, less the one who was stopped after it");
  assert.equal(sums.target, sums.excluded + sums.held + sums.sent, "target = excluded + held + sent");
  assert.equal(sums.sent, sums.delivered + sums.failed + sums.open, "sent = delivered + failed + open");
  await page.locator("tr[data-code=S201] a").first().click();
  const people = page.getByRole("table", { name: "Kişiler" });
  await until(async () => (await people.locator("tbody tr").count()) === 1, "the one who was stopped");
  const name = await people.locator("tbody tr a").first().innerText();
  assert.ok(name.trim().length > 3, `the person has a name: ${name}`);
}

/** The citizen's version by the link in the message: what it rests on, and nobody's name. */
export async function readAsCitizen({ browser, place }) {
  await asCitizen(browser, await linkIn(place, FIRST.reached, "u"), async (own) => {
    await own.getByRole("heading", { name: "Bu ileti bana neden geldi?" }).waitFor();
    const text = await own.locator("body").innerText();
    assert.match(text, /internet sitesinde, verilmiş|internet sitesinde verilmiş/, "where the consent was given");
    assert.match(text, /İYS'nin teyidi/, "that İYS confirmed it");
    assert.ok(!STAFF.test(text), `nobody who works there is named: ${text}`);
    await checkAccess(own, "the citizen's page");
    await picture(own, "citizen-why");
  });
}
