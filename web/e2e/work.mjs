/** The parts of the story that are everyday work: replies, finding people, who did what, practice, the home of a role. */
import assert from "node:assert/strict";
import { checkAccess, picture } from "./browser.mjs";
import { until } from "./server.mjs";

export const WORK_STORY = [
  ["reads the home page and how far consents reach", readHome],
  ["settles a doubtful reply", settleReply],
  ["lists complaints and closes one", closeComplaint],
  ["narrows people down", narrowDown],
  ["reads everything that holds for a person", readPerson],
  ["asks the trail who did what", askTrail],
  ["learns why nobody goes live on simulators", practise],
  ["sees another role's home", seeOtherHome],
];

const PHONE = "+905493102002";

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
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

async function readHome({ page }) {
  await page.goto("/");
  await heading(page, "Pano");
  await page.locator("[data-practice]").getByText("Deneme ortamı açık: gerçek mesaj gitmez").waitFor();
  const coverage = page.locator("#coverage");
  await coverage.getByText("Teyitli onay").first().waitFor();
  await checkAccess(page, "the home page");
  await picture(page, "dashboard");
  // The number opens the people behind it.
  const link = coverage.getByRole("link").first();
  const count = Number((await link.innerText()).replace(/\D/g, ""));
  assert.ok(count > 0, "somebody's consent is confirmed");
  await link.click();
  await page.waitForURL(/\/contacts\?.*consent=confirmed/);
  await page.getByRole("table", { name: "Kişiler" }).locator("tbody tr").first().waitFor();
}

async function settleReply({ page, brand }) {
  // Somebody writes back; their provider pushes it to us.
  const { items } = await call(page, "GET", "/api/v1/connectors");
  const url = new URL(items[0].receipts_url.replace(/\/receipts$/, "/inbound"));
  const said = [
    ["r1", PHONE, "Artık mesaj istemiyorum, listeden çıkarın"],
    ["r2", "+905493102003", "Mağaza pazar günü açık mı?"],
    ["r3", "+905321112233", "RET"],
  ].map(([messageId, from, text]) => ({ messageId, from: from.slice(1), to: "3338", text }));
  const pushed = await fetch(new URL(url.pathname, page.url()), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ results: said }),
  });
  assert.equal(pushed.status, 200, "the push is taken");

  await page.goto("/inbox");
  await heading(page, "Gelen kutusu");
  const row = page.getByRole("table", { name: "Yanıtlar" }).locator("tbody tr", { hasText: "istemiyorum" });
  await row.waitFor();
  await row.locator("mark", { hasText: "istemiyorum" }).waitFor();
  await row.getByText("Karar bekliyor").waitFor();
  await row.getByRole("link", { name: "İbrahim Öztürk" }).waitFor();
  // Whichever reached him last: who got a code was drawn by lot.
  await row.getByRole("link", { name: /Mağaza açılışı|Kuponunuz hazır/ }).waitFor();
  await checkAccess(page, "the inbox");
  await picture(page, "inbox");

  await row.getByRole("button", { name: "Karar ver" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("ne demek istedi?").waitFor();
  if ((await dialog.getByRole("combobox").inputValue()) === "") {
    await dialog.getByRole("combobox").click();
    await page.getByRole("option", { name: brand }).click();
  }
  await dialog.getByLabel("Not").fill("Açıkça istemediğini yazmış.");
  await checkAccess(page, "the question about a reply");
  await picture(page, "inbox-decision");
  await dialog.getByRole("button", { name: "Ret olarak kaydet" }).click();
  await row.getByText("Ret kaydedildi").waitFor();

  // The refusal stands on the person's page at once, and says where it came from.
  await row.getByRole("link", { name: "İbrahim Öztürk" }).click();
  await heading(page, "İbrahim Öztürk");
  await page.locator("#timeline tbody tr").first().getByText("Gelen ileti").waitFor();
  await page.locator("#why [data-sendable=false]").waitFor();
}

async function closeComplaint({ page }) {
  await call(page, "POST", "/api/v1/blacklist", {
    addresses: ["+905493103001"],
    cause: "complaint",
    note: "Telefonla şikâyet etti.",
  });
  await page.goto("/inbox?tab=complaints&state=open");
  const row = page.getByRole("table", { name: "Şikâyetler" }).locator("tbody tr", { hasText: "Telefonla" });
  await row.getByText("Açık", { exact: true }).waitFor();
  await checkAccess(page, "the complaints");
  await picture(page, "complaints");
  await row.getByRole("button", { name: "Kapat" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("textarea").fill("Yanıtlandı, kaydı silindi.");
  await dialog.getByRole("button", { name: "Yanıtlandı" }).click();
  await row.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Geri dönenler" }).click();
  await page.getByText("Geri dönen e-posta yok").waitFor();
  await checkAccess(page, "the bounces");
}

async function narrowDown({ page }) {
  await page.goto("/contacts");
  await heading(page, "Kişiler");
  const table = page.getByRole("table", { name: "Kişiler" });
  await table.locator("tbody tr").first().waitFor();
  await page.getByRole("combobox", { name: "Liste ya da etiket" }).click();
  await page.getByRole("option", { name: "magaza" }).click();
  await until(async () => (await table.locator("tbody tr").count()) === 3, "the people of the tag");
  await page.getByRole("combobox", { name: "İzin durumu" }).click();
  await page.getByRole("option", { name: "Ret", exact: true }).click();
  await until(async () => (await table.locator("tbody tr").count()) === 1, "the one who refused");
  await table.getByRole("link", { name: "İbrahim Öztürk" }).waitFor();
  await checkAccess(page, "people narrowed down");
  await picture(page, "people");
  await page.getByRole("button", { name: "Süzgeçleri kaldır" }).click();
  // By surname, without Turkish letters, in capitals.
  await page.getByRole("searchbox", { name: "Kişi ara" }).fill("OZTURK");
  await page.getByRole("button", { name: "Ara", exact: true }).click();
  // Others bear the name, too.
  await table
    .getByRole("row", { name: new RegExp(PHONE.slice(1)) })
    .getByRole("link")
    .waitFor();
}

async function readPerson({ page }) {
  await page
    .getByRole("row", { name: new RegExp(PHONE.slice(1)) })
    .getByRole("link")
    .click();
  const standing = page.locator("#standing");
  await standing.locator("tbody tr").first().getByText("Ret", { exact: true }).waitFor();
  await standing.getByRole("link", { name: "magaza" }).waitFor();
  const line = page.locator("#timeline tbody tr", { hasText: "satır" }).first();
  await checkAccess(page, "everything on a person");
  await picture(page, "person");
  // Two clicks to the file and its line.
  await line.getByRole("link", { name: "Dosya aktarımı" }).click();
  await heading(page, "Mağaza izinleri");
}

async function askTrail({ page }) {
  await page.goto("/audit");
  await heading(page, "Denetim kaydı");
  const rows = page.getByRole("table", { name: "Denetim kaydı" }).locator("tbody tr");
  await rows.first().waitFor();
  const all = await rows.count();
  await page.getByRole("combobox", { name: "Ne yaptı?" }).click();
  await page.getByRole("option", { name: "Gelen yanıta karar verdi" }).click();
  await until(async () => (await rows.count()) === 1, "the one decision");
  assert.ok(all > 1, "others did other things");
  await checkAccess(page, "the trail narrowed down");
  await picture(page, "audit");
  await rows.first().getByRole("link").click();
  await page.waitForURL(/subject=inb_/);
  await page.getByRole("button", { name: "Süzgeçleri kaldır" }).click();
  await until(async () => (await rows.count()) > 1, "everything again");
}

async function practise({ page }) {
  await page.goto("/settings");
  // It says exactly what whoever installed it must change, and offers no button that would not work.
  const obstacle = page.locator("#live [data-obstacle=simulator]");
  await obstacle.getByText(/registry\.base_url bir İYS benzetimine bakıyor/).waitFor();
  await obstacle.getByText(/registry\.practice_url/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Canlıya geç" }).count(), 0);
  await checkAccess(page, "going live on simulators");
  await picture(page, "go-live");
}

async function seeOtherHome({ page }) {
  const context = await page
    .context()
    .browser()
    .newContext({ locale: "tr-TR", viewport: { width: 1280, height: 860 } });
  const other = await context.newPage();
  try {
    await other.goto(new URL("/login", page.url()).href);
    await other.getByLabel("E-posta").fill("murat@ornek.com.tr");
    await other.getByLabel("Parola", { exact: true }).fill("uzun-ve-gizli-parola-42");
    await other.getByRole("button", { name: "Oturum aç" }).click();
    await heading(other, "Pano");
    // Each part of the home comes when its answer does.
    await other.getByRole("heading", { level: 2, name: /Uyum/ }).first().waitFor();
    const first = other.getByRole("heading", { level: 2 }).first();
    assert.match(await first.innerText(), /Uyum/, "compliance begins with its duties");
    await checkAccess(other, "the home of compliance");
    await picture(other, "home-compliance");
  } finally {
    await context.close();
  }
}
