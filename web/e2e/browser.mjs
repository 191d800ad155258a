import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const screens = resolve(import.meta.dirname, "../..", process.env.IZINLI_SCREENS_DIR ?? "docs/screens");

/**
 * The system's Chromium with one page on the panel. `faults` collects what no
 * user may meet: script errors, blocked contents, failed requests, requests to
 * anywhere else.
 */
export async function openBrowser(url) {
  const browser = await chromium.launch({
    executablePath: process.env.IZINLI_CHROMIUM || "/usr/bin/chromium",
    args: FLAGS,
  });
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1280, height: 860 },
    locale: "tr-TR",
    // Not that of the panel's users: times must come out Turkish all the same.
    timezoneId: "America/New_York",
    colorScheme: "light",
    // What fades is not judged half way.
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    // A 401 tells the panel that nobody is logged in yet; the browser prints it as an error.
    const isLoggedOut = message.text().includes("401");
    if (message.type() === "error" && !isLoggedOut) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(url).origin) faults.push(`request to ${origin}`);
  });
  return { browser, page, faults };
}

/** Takes a picture for the documentation. */
export async function picture(page, name) {
  await settled(page);
  mkdirSync(screens, { recursive: true });
  await page.screenshot({ path: join(screens, `${name}.png`), animations: "disabled" });
}

/** Fails on a serious or critical violation of the accessibility rules. */
export async function checkAccess(page, screen) {
  await settled(page);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  if (grave.length === 0) return;
  const lines = grave.map(({ id, impact, nodes }) => `  ${impact} ${id}: ${nodes.map((n) => n.target).join(", ")}`);
  throw new Error(`${screen} is not accessible:\n${lines.join("\n")}`);
}

/** Fails when the page scrolls sideways. */
export async function checkFits(page, screen) {
  await settled(page);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) throw new Error(`${screen} is ${over} px wider than the window`);
}

/** Waits until nothing loads and nothing moves any more. */
async function settled(page) {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  await page.evaluate(async () => {
    await document.fonts.ready;
    // What was just clicked is drawn first: a colour that changes begins to change only then.
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const ending = document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map(({ finished }) => finished));
  });
}
