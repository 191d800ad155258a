/**
 * A day's work with the keyboard alone: Tab, Enter, Space, arrows, Escape and
 * letters. Whatever has the focus shows it, and a dialog gives it back.
 */
import assert from "node:assert/strict";
import { picture } from "./browser.mjs";
import { consentFile, EXPECTED } from "./file.mjs";
import { until } from "./server.mjs";

export const KEYBOARD_STORY = [
  ["logs in and skips the menu", logIn],
  ["opens a dialog, leaves it, and stands where they stood", leaveDialog],
  ["uploads a file and confirms it", upload],
  ["builds a campaign", build],
  ["starts it", launch],
];

/** Presses of Tab after which a place counts as not reachable. */
const TABS_MAX = 150;

async function logIn({ page, demo }) {
  // Listened to from the beginning: a listener of its own would come too late for the first dialog.
  page.on("filechooser", () => {});
  await page.goto("/");
  await page.getByRole("heading", { name: "Oturum aç" }).waitFor();
  await tabTo(page, page.getByLabel("E-posta"));
  await page.keyboard.type(demo.email);
  await tabTo(page, page.getByLabel("Parola", { exact: true }));
  await page.keyboard.type(demo.password);
  await page.keyboard.press("Enter");
  await heading(page, "Pano");
  // The first stop of every page jumps over the menu.
  await page.reload();
  await heading(page, "Pano");
  await page.evaluate(() => document.activeElement?.blur());
  await tabTo(page, page.getByRole("link", { name: "İçeriğe geç" }));
  await picture(page, "keyboard-skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const isInside = await page.evaluate(() => document.querySelector("#content").contains(document.activeElement));
  assert.ok(isInside, "the next stop is in the page, not in the menu");
}

async function leaveDialog({ page }) {
  await open(page, "kullanıcılar", "/users");
  const opener = page.getByRole("button", { name: "Kullanıcı ekle" });
  await tabTo(page, opener);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Kullanıcı ekle" });
  await dialog.waitFor();
  await insideOf(page, dialog);
  // Round and round, and never out of it.
  for (let press = 0; press < 15; press += 1) {
    await page.keyboard.press("Tab");
    await insideOf(page, dialog);
    await seen(page);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await holds(page, opener, "the button that opened the dialog");
}

async function upload(scene) {
  const { page } = scene;
  const { clock } = await page.evaluate(async () => (await fetch("/api/v1/session")).json());
  const { items } = await page.evaluate(async () => (await fetch("/api/v1/brands")).json());
  scene.brand = items.find(({ registry_mode }) => registry_mode === "integrator").name;
  await open(page, "dosya yükle", "/uploads");
  const dialog = page.getByRole("dialog", { name: "Dosya yükle" });
  await dialog.waitFor();
  const place = dialog.getByRole("button", { name: /Dosyayı buraya/ });
  await tabTo(page, place);
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
  await chooser.setFiles({
    name: "klavye.csv",
    mimeType: "text/csv",
    buffer: consentFile(new Date(new Date(clock.now).getTime() - 20 * 3_600_000)),
  });
  await dialog.getByText("klavye.csv").waitFor();
  await choose(page, dialog.getByRole("combobox", { name: "Marka" }), scene.brand);
  await choose(page, dialog.getByRole("combobox", { name: "Alıcı tipi" }), "Bireysel");
  await tabTo(page, dialog.getByLabel("Etiket"));
  await page.keyboard.type("klavye");
  await pick(page, dialog.getByRole("radio", { name: "İYS'ye gönder" }));
  await tabTo(page, dialog.getByRole("button", { name: "Yükle ve incele" }));
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/uploads\/\w+/);
  await page.getByRole("status").getByText("Onayınızı bekliyor").waitFor();
  const apply = page.getByRole("button", { name: "Uygula" });
  await tabTo(page, apply);
  await page.keyboard.press("Enter");
  const asked = page.getByRole("dialog", { name: "Aktarım uygulansın mı?" });
  await asked.waitFor();
  await page.keyboard.press("Escape");
  await asked.waitFor({ state: "detached" });
  await holds(page, apply, "the button that asks");
  await page.keyboard.press("Space");
  await asked.waitFor();
  await tabTo(page, asked.getByRole("button", { name: "Uygula" }));
  await page.keyboard.press("Enter");
  await page.getByRole("status").getByText("Uygulandı").waitFor();
  await page.locator("li[data-name=registry][data-state=done]").waitFor();
}

async function build({ page, brand }) {
  await open(page, "toplu mesaj gönder", "/campaigns/new");
  await tabTo(page, page.getByRole("textbox", { name: "Kampanya adı" }));
  await page.keyboard.type("Klavyeyle");
  await choose(page, page.getByRole("combobox", { name: "Marka" }), brand);
  await tabTo(page, page.getByLabel("Gönderici adı").and(page.locator("input")));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("ORNEK");
  await page.keyboard.press("Escape");
  await go(page, "İleri: Ne");
  await page.waitForURL(/\/campaigns\/\w+\/edit\?step=what/);
  const text = page.getByRole("textbox", { name: "Metin" }).first();
  await tabTo(page, text);
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("Klavyeden selam. ");
  await page.locator("[data-save=saved]").waitFor();
  await go(page, "İleri: Kime");
  await pick(page, page.getByRole("radio", { name: "Etiket" }));
  await tabTo(page, page.getByLabel("Etiket adı").and(page.locator("input")));
  await page.keyboard.type("klavye");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await until(
    async () => (await page.locator("[data-reached]").getAttribute("data-reached")) === String(EXPECTED.accepted),
    "the people of the file",
  );
  await go(page, "İleri: Ne zaman");
  await pick(page, page.getByRole("radio", { name: "Belirli bir gün ve saatte" }));
  const chosen = page.getByRole("table", { name: "Gönderim günü" }).locator("[data-chosen] button");
  await chosen.waitFor();
  await tabTo(page, chosen);
  const day = await chosen.getAttribute("data-date");
  await page.keyboard.press("ArrowRight");
  // Whoever presses Enter has seen where they are.
  const focused = page.locator("button[data-date]:focus");
  await until(async () => (await focused.getAttribute("data-date")) > day, "the focus on the next day");
  await page.keyboard.press("Enter");
  await until(async () => (await chosen.getAttribute("data-date")) > day, "the next day");
  await pick(page, page.getByRole("radio", { name: "Başlatıldığı anda" }));
  await page.locator("[data-save=saved]").waitFor();
  await go(page, "İleri: Gönder");
  await page.locator("[data-go]").waitFor();
}

async function launch({ page }) {
  const opener = page.getByRole("button", { name: "Gönderimi başlat" });
  await tabTo(page, opener);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Gönderim başlasın mı?" });
  await dialog.waitFor();
  await insideOf(page, dialog);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await holds(page, opener, "the button that asks before the launch");
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await tabTo(page, dialog.getByLabel(/kişi sayısını yazın/));
  await page.keyboard.type(String(EXPECTED.accepted));
  await picture(page, "keyboard-launch");
  await tabTo(page, dialog.getByRole("button", { name: `${EXPECTED.accepted} kişiye gönder` }));
  await page.keyboard.press("Enter");
  await page.locator("[data-total=sent]").first().waitFor();
}

async function heading(page, name) {
  await page.getByRole("heading", { level: 1, name }).waitFor();
}

/** Opens a screen by a word for it. */
async function open(page, words, path) {
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Ekran ya da işlem bul" });
  await palette.getByRole("combobox").waitFor();
  await page.keyboard.type(words);
  await palette.getByRole("option", { selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === path);
  await palette.waitFor({ state: "detached" });
}

/** Presses a button that leads on. */
async function go(page, name) {
  await tabTo(page, page.getByRole("button", { name }));
  await page.keyboard.press("Enter");
}

/** Tabs to a place; every stop on the way shows where it is. */
async function tabTo(page, target) {
  await target.waitFor({ state: "attached" });
  for (let press = 0; press < TABS_MAX; press += 1) {
    if (await hasFocus(target)) return;
    await page.keyboard.press("Tab");
    await seen(page);
  }
  assert.fail(`${target} is not reached with the keyboard`);
}

function hasFocus(target) {
  return target.evaluate((element) => element === document.activeElement);
}

async function holds(page, target, what) {
  await until(() => hasFocus(target), `the focus back at ${what}`).catch(async (cause) => {
    const held = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
    throw new Error(`${cause.message}; it is at ${held}`);
  });
  await seen(page);
}

async function insideOf(page, dialog) {
  const handle = await dialog.elementHandle();
  const isInside = await page.evaluate((element) => element.contains(document.activeElement), handle);
  assert.ok(isInside, "the focus stays in the dialog");
}

/** Fails when something has the focus and does not show it with an outline: itself, or what stands for it. */
async function seen(page) {
  let unseen;
  // What was just reached is drawn in the next moment.
  for (let look = 0; look < 10; look += 1) {
    unseen = await unseenFocus(page);
    if (unseen === "") return;
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
  }
  assert.equal(unseen, "", "what has the focus shows it");
}

function unseenFocus(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body || element.tagName === "IFRAME") return "";
    const beside = [element.nextElementSibling, element.previousElementSibling, element.parentElement];
    const isOutlined = [element, ...beside].some((one) => {
      if (!one) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
    });
    return isOutlined || element.matches(".skip-link") ? "" : element.outerHTML.slice(0, 300);
  });
}

/** Takes one of a list that drops down: every press follows from what the page shows by then. */
async function choose(page, box, name) {
  await tabTo(page, box);
  const option = page.getByRole("option", { name, exact: true });
  const press = async () => {
    const isOpen = await option.isVisible();
    if ((await box.inputValue()) === name) {
      if (!isOpen) return true;
      await page.keyboard.press("Escape");
    } else if (isOpen && (await option.getAttribute("data-combobox-selected")) !== "true") {
      await page.keyboard.press("ArrowDown");
    } else {
      await page.keyboard.press("Enter");
    }
    return false;
  };
  await until(press, `${name} chosen`);
}

/** Takes one of several: Tab reaches the group, arrows go through it. */
async function pick(page, radio) {
  await radio.waitFor({ state: "attached" });
  const name = await radio.getAttribute("name");
  for (let press = 0; press < TABS_MAX; press += 1) {
    const isInGroup = await page.evaluate((name) => document.activeElement?.getAttribute("name") === name, name);
    if (isInGroup) break;
    await page.keyboard.press("Tab");
    await seen(page);
  }
  for (let press = 0; press < 20; press += 1) {
    if ((await hasFocus(radio)) && (await radio.isChecked())) return;
    await page.keyboard.press((await hasFocus(radio)) ? "Space" : "ArrowDown");
    await seen(page);
  }
  assert.fail(`${radio} is not taken with the keyboard`);
}
