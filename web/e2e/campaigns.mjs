import assert from "node:assert/strict";
import { checkAccess, picture } from "./browser.mjs";
import { EXPECTED } from "./file.mjs";
import { until } from "./server.mjs";

/** Steps 8 to 12 of a marketer's first campaign. */
export const CAMPAIGN_STORY = [
  ["begins a campaign and is told what its text lacks", writeText],
  ["chooses people by rules and sees whom it would reach", choosePeople],
  ["plans it on a calendar with holidays", planTime],
  ["reads the summary, starts it and sees it arrive", launch],
];

export const APPROVAL_STORY = [
  ["has another person approve two texts", approve],
  ["sees the campaigns on a calendar", seeCalendar],
  ["builds a campaign in the dark and on a phone", buildElsewhere],
];

const APPROVER = { email: "selin@ornek.com.tr", password: "uzun-ve-gizli-parola-43" };

async function writeText({ page, brand }) {
  await page
    .getByRole("navigation", { name: "Ana menü" })
    .getByRole("link", { name: "Kampanyalar", exact: true })
    .click();
  await page.getByRole("link", { name: "Yeni kampanya" }).first().click();
  await page.getByRole("button", { name: "İleri: Ne" }).click();
  await page.getByText("Bu alanı doldurun.").first().waitFor();
  await page.getByRole("textbox", { name: "Kampanya adı" }).fill("Mağaza açılışı");
  await page.getByRole("combobox", { name: "Marka" }).click();
  await page.getByRole("option", { name: brand }).click();
  await page.getByLabel("Gönderici adı").and(page.locator("input")).fill("ORNEK");
  await page.keyboard.press("Escape");
  await checkAccess(page, "the setup of a campaign");
  await picture(page, "campaign-setup");
  await page.getByRole("button", { name: "İleri: Ne" }).click();

  await page.waitForURL(/\/campaigns\/\w+\/edit\?step=what/);
  const text = page.getByRole("textbox", { name: "Metin" }).first();
  const begun = await text.inputValue();
  assert.match(begun, /RET .+ 3338/, "a draft begins with what the law asks for");
  await text.fill("Yeni mağazamıza bekleriz 🎉");
  const findings = page.getByRole("list", { name: "Metinde bulunanlar" });
  await findings.locator("[data-finding=refusal_missing]").waitFor();
  await findings.locator("[data-finding=emoji]").waitFor();
  await findings.locator("[data-finding=emoji]").getByRole("button", { name: "Metinden çıkar" }).click();
  await findings.locator("[data-finding=emoji]").waitFor({ state: "detached" });
  await checkAccess(page, "a text that lacks something");
  await picture(page, "campaign-findings");
  await page.getByRole("button", { name: "Zorunlu bilgileri ekle" }).click();
  await findings.locator("[data-weight=blocks]").first().waitFor({ state: "detached" });
  await text.focus();
  await page.keyboard.press("Control+Home");
  await page.getByRole("button", { name: /Ad soyad alanını/ }).click();
  assert.match(await text.inputValue(), /^\{\{ad\}\}Yeni mağaza/, "a field goes where the cursor is");
  await page.keyboard.type(", ");
  await saved(page);
  await page.getByText("En uzun hali").waitFor();
  await checkAccess(page, "the text of a campaign");
  await picture(page, "campaign-text");
}

async function choosePeople({ page }) {
  await page.getByRole("button", { name: "İleri: Kime" }).click();
  await page.getByRole("radio", { name: "Segment" }).check();
  await page.getByRole("combobox", { name: /Koşul 1: neye bakılsın/ }).click();
  await page.getByRole("option", { name: "Etiket ya da liste" }).click();
  await page.getByRole("combobox", { name: "Koşul 1: etiket ya da liste" }).fill("magaza");
  await page.keyboard.press("Escape");
  const found = page.locator("[data-found]");
  await until(async () => (await found.getAttribute("data-found")) === String(EXPECTED.accepted), "the count");
  await page.getByRole("button", { name: "Grup ekle" }).click();
  await page.getByRole("combobox", { name: /Koşul 2.1: neye bakılsın/ }).click();
  await page.getByRole("option", { name: "İzin" }).click();
  await page.getByRole("button", { name: "Koşul ekle" }).first().click();
  await page.getByRole("combobox", { name: /Koşul 2.2: neye bakılsın/ }).click();
  await page.getByRole("option", { name: "Geçmiş iletiler" }).click();
  await until(async () => (await found.getAttribute("data-found")) === String(EXPECTED.accepted), "the count");
  await checkAccess(page, "the rules of a segment");
  await picture(page, "segment-builder");
  await page.getByRole("textbox", { name: "Segment adı" }).fill("Mağazanın izinlileri");
  await page.getByRole("button", { name: "Segmenti kaydet ve kullan" }).click();
  await saved(page);
  await reaches(page, EXPECTED.accepted);

  // By the firm's own numbers of people; one that nobody has is named.
  const codes = await page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/contacts?limit=200")).json();
    return items.filter(({ external_id, phone }) => external_id && phone).map(({ external_id }) => external_id);
  });
  await page.getByRole("radio", { name: "Cari kodları" }).check();
  await page.getByRole("textbox", { name: "Cari kodları" }).fill([...codes.slice(0, 3), "YOK-1"].join("\n"));
  const unknown = page.locator("[data-unknown-accounts='1']");
  await unknown.getByText("YOK-1").waitFor();
  await unknown.getByText("R406").waitFor();
  await checkAccess(page, "the account codes of a campaign");
  await picture(page, "campaign-accounts");

  // A tag says the same here, and is simpler.
  await page.getByRole("radio", { name: "Etiket" }).check();
  const tag = page.getByLabel("Etiket adı").and(page.locator("input"));
  await tag.fill("magaza");
  await tag.blur();
  await saved(page);
  await page.locator("[data-count=sendable]").waitFor();
  await until(async () => (await counts(page)).target === EXPECTED.accepted, "the tag's people");
  const shown = await counts(page);
  assert.equal(shown.target, shown.excluded + shown.held + shown.sendable, "the dry run adds up");
  assert.equal(shown.sendable, EXPECTED.accepted, "İYS has confirmed everyone in the file");
  await checkAccess(page, "the people of a campaign");
  await picture(page, "campaign-people");
}

async function planTime({ page }) {
  await page.getByRole("button", { name: "İleri: Ne zaman" }).click();
  await page.getByRole("radio", { name: "Belirli bir gün ve saatte" }).check();
  const grid = page.getByRole("table", { name: "Gönderim günü" });
  await grid.locator("[data-chosen]").waitFor();
  // 29 October is a public holiday, and the day before it half a one.
  await until(async () => {
    if (await grid.locator("[data-day$='-10-29']:not([data-outside])").count()) return true;
    await page.getByRole("button", { name: "Sonraki ay" }).click();
    return false;
  }, "October");
  await grid.locator("[data-day$='-10-29'][data-holiday]").waitFor();
  const chosen = grid.getByRole("button", { name: /29 Ekim/ });
  assert.match(await chosen.getAttribute("aria-label"), /Cumhuriyet Bayramı/);
  await chosen.click();
  await page.keyboard.press("ArrowRight");
  await page.locator("[data-date$='-10-30']:focus").waitFor();
  await page.keyboard.press("Enter");
  await grid.locator("[data-day$='-10-30'][data-chosen]").waitFor();
  await page.getByLabel("Saat", { exact: true }).fill("23:15");
  await page.getByText("Bu saatte gönderim kapalı").waitFor();
  await page.getByRole("switch", { name: "Önce küçük bir grupla dene" }).check({ force: true });
  await page.getByLabel("İlk grup (%)").waitFor();
  await page.getByLabel("Durduran ret ya da şikâyet (%)").fill("3");
  await page.getByLabel("Retler için en az bekleme (dakika)").fill("15");
  await saved(page);
  await checkAccess(page, "the time of a campaign");
  await picture(page, "campaign-time");
  await page.getByRole("button", { name: "Bu saati seç" }).click();
  await page.getByText("Bu saatte gönderim kapalı").waitFor({ state: "detached" });
  await page.getByRole("switch", { name: "Önce küçük bir grupla dene" }).uncheck({ force: true });
  await page.getByRole("radio", { name: "Başlatıldığı anda" }).check();
}

async function launch({ page }) {
  await page.getByRole("button", { name: "İleri: Gönder" }).click();
  const go = page.locator("[data-go]");
  await go.waitFor();
  assert.match(await go.getAttribute("data-go"), /^[0-9a-f]{64}$/, "the content has a hash");
  // It can be come back to by its address.
  await page.reload();
  await go.waitFor();
  assert.equal(Number(await page.locator("[data-go-count=sent]").innerText()), EXPECTED.accepted);
  await checkAccess(page, "the summary");
  await picture(page, "campaign-go");
  await page.getByRole("button", { name: "Gönderimi başlat" }).click();
  const dialog = page.getByRole("dialog", { name: "Gönderim başlasın mı?" });
  const start = dialog.getByRole("button", { name: `${EXPECTED.accepted} kişiye gönder` });
  await dialog.getByLabel(/kişi sayısını yazın/).fill("2");
  assert.ok(await start.isDisabled(), "another number starts nothing");
  await dialog.getByLabel(/kişi sayısını yazın/).fill(String(EXPECTED.accepted));
  await checkAccess(page, "the question before the launch");
  await start.click();
  await page.locator("[data-total=sent]").first().waitFor();
  // Live: nobody reloads the page.
  await until(async () => (await counts(page)).sent === EXPECTED.accepted, "everybody sent to");
  await until(async () => (await counts(page)).open === 0, "every receipt");
}

async function approve({ page, demo, browser }) {
  const id = await page.evaluate(async (approver) => {
    const read = async (path) => (await fetch(path)).json();
    const { csrf_token } = await read("/api/v1/session");
    const write = (path, body) =>
      fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf_token },
        body: JSON.stringify(body),
      }).then((answer) => answer.json());
    await write("/api/v1/users", { ...approver, name: "Selin Onay", role: "approver", language: "tr" });
    const { items } = await read("/api/v1/campaigns");
    const [largest] = items.sort((one, other) => other.target - one.target);
    const { brand_id, channel, kind, basis, purpose, body, sender, connector_id, audience } = largest;
    const split = { body: `Yalnız bu hafta! ${body}`, first_percent: 30, second_percent: 30 };
    const plan = { split };
    const name = "Hafta sonu, iki metin";
    const made = { brand_id, name, channel, kind, basis, purpose, body, sender, connector_id, audience, plan };
    return (await write("/api/v1/campaigns", made)).id;
  }, APPROVER);
  await page.goto(`/campaigns/${id}/edit?step=what`);
  await page.getByRole("textbox", { name: "B metni", exact: true }).waitFor();
  await checkAccess(page, "two texts");
  await page.getByRole("button", { name: "Gönder", exact: true }).click();
  await page.getByRole("button", { name: "Onaya gönder" }).click();
  await page.getByText("Kampanyayı siz yazdığınız için").waitFor();
  assert.equal(await page.getByRole("button", { name: "Onayla", exact: true }).count(), 0, "the author cannot approve");
  const frozen = await page.locator("[data-go]").getAttribute("data-go");
  await checkAccess(page, "what waits for approval");

  const context = await browser.newContext({ baseURL: demo.url, locale: "tr-TR", reducedMotion: "reduce" });
  const other = await context.newPage();
  await other.goto(`/campaigns/${id}`);
  await other.getByLabel("E-posta").fill(APPROVER.email);
  await other.getByLabel("Parola", { exact: true }).fill(APPROVER.password);
  await other.getByRole("button", { name: "Oturum aç" }).click();
  await other.locator("[data-go]").waitFor();
  assert.equal(await other.locator("[data-go]").getAttribute("data-go"), frozen, "both see the same content");
  await checkAccess(other, "what an approver reads");
  await other.getByText("Demo Kullanıcısı").first().waitFor();
  assert.ok(!(await other.locator("main").innerText()).includes("usr_"), "whoever wrote it is called by name");
  const start = other.getByRole("button", { name: "Gönderimi başlat" });
  await other.locator("[data-obstacle=approval]").waitFor();
  assert.equal(await start.count(), 0, "nothing is started before it is approved");
  await picture(other, "campaign-approval");
  await other.getByRole("button", { name: "Onayla", exact: true }).click();
  await other.getByText("Onaylandı", { exact: true }).waitFor();
  await start.waitFor();
  await context.close();
}

async function seeCalendar({ page }) {
  await page.goto("/campaigns");
  await page.getByRole("link", { name: "Takvim" }).click();
  const grid = page.locator("table[data-large]");
  await grid.getByRole("link", { name: /Mağaza açılışı/ }).waitFor();
  await checkAccess(page, "the calendar of campaigns");
  await picture(page, "campaign-calendar");
  await page.getByText("Hafta", { exact: true }).click();
  await page.waitForURL(/view=week/);
  await grid.getByRole("link", { name: /Mağaza açılışı/ }).waitFor();
  await checkAccess(page, "a week of campaigns");
}

async function buildElsewhere({ page }) {
  const id = await page.evaluate(async () => {
    const read = async (path) => (await fetch(path)).json();
    const { csrf_token } = await read("/api/v1/session");
    const [first] = (await read("/api/v1/campaigns")).items;
    const { brand_id, channel, kind, basis, purpose, body, sender, connector_id } = first;
    const plan = { send_at: "2030-10-29T10:30:00+03:00", control_percent: 5 };
    const made = { brand_id, name: "Taslak", channel, kind, basis, purpose, body, sender, connector_id, plan };
    const answer = await fetch("/api/v1/campaigns", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf_token },
      body: JSON.stringify({ ...made, audience: { type: "all" } }),
    });
    return (await answer.json()).id;
  });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const step of ["setup", "what", "who", "when", "go"]) {
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.goto(`/campaigns/${id}/edit?step=${step}`);
    await page.locator("html[data-mantine-color-scheme=dark]").waitFor({ state: "attached" });
    await page.locator("[data-reached]").waitFor();
    if (step === "go") await page.locator("[data-go]").waitFor();
    await checkAccess(page, `the step ${step} of a draft`);
    if (step === "when") await picture(page, "campaign-time-dark");
    await page.setViewportSize({ width: 360, height: 740 });
    if (step === "what") await picture(page, "campaign-text-phone");
  }
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.emulateMedia({ colorScheme: "light" });
}

/** Waits until the draft says that it is saved. */
async function saved(page) {
  await page.locator("[data-save=saved]").waitFor();
}

async function reaches(page, people) {
  await until(
    async () => (await page.locator("[data-reached]").getAttribute("data-reached")) === String(people),
    `${people} people`,
  );
}

/** The numbers of the waterfall as shown; zero for a step that is not there. */
function counts(page) {
  return page.evaluate(() => {
    const counts = { target: 0, excluded: 0, held: 0, sendable: 0, sent: 0, open: 0 };
    for (const cell of document.querySelectorAll("[data-count]")) {
      if (cell.dataset.count in counts) counts[cell.dataset.count] = Number(cell.textContent.replace(/\D/g, ""));
    }
    return counts;
  });
}
