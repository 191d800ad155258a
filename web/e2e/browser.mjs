import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { PATIENCE_S } from "./server.mjs";

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
    viewport: DESK,
    locale: "tr-TR",
    // Not that of the panel's users: times must come out Turkish all the same.
    timezoneId: "America/New_York",
    colorScheme: "light",
    // What fades is not judged half way.
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE_S * 1_000);
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

const DESK = { width: 1280, height: 860 };
const PHONE = { width: 360, height: 740 };

const FORMS = [
  [DESK, "light"],
  [DESK, "dark"],
  [PHONE, "dark"],
];

/** The addresses whose screens were judged, in the shapes of the router. */
const judged = new Set();

/**
 * Judges what a page shows now as others meet it: on a desk in the light and in the dark, and on a
 * phone of 360 px. Fails on a serious or critical violation of WCAG 2.2 AA and of axe's good
 * practice, and where the page scrolls sideways. The page stays as it was.
 */
export async function checkAccess(page, screen, address = new URL(page.url()).pathname) {
  const before = page.viewportSize();
  const wasDark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
  judged.add(address);
  for (const [size, colorScheme] of FORMS) {
    await page.setViewportSize(size);
    await wear(page, colorScheme);
    const place = `${screen}, ${size === DESK ? "on a desk" : "on a phone"}, ${colorScheme}`;
    await checkFits(page, place);
    await checkRules(page, place);
  }
  await page.setViewportSize(before);
  await wear(page, wasDark ? "dark" : "light");
}

/** Shows a page in the light or in the dark, and waits until it has changed. */
async function wear(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  // The panel hears of the change as an event: until it has answered, nothing moves and the page
  // only looks settled. An e-mail's page does not answer at all.
  await page.waitForFunction((scheme) => {
    const worn = document.documentElement.dataset.mantineColorScheme;
    return worn === undefined || worn === scheme;
  }, colorScheme);
  await settled(page);
}

/** Fails on a violation of the rules by a settled page in the form it has. */
async function checkRules(page, place) {
  await page.evaluate(`window.axe ?? (() => { ${axe.source} })()`);
  const grave = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, {
      // What stands in a frame is somebody's e-mail, and nothing may run there to look at it:
      // it is judged on a page of its own.
      iframes: false,
      resultTypes: ["violations"],
      rules: { "target-size": { enabled: true } },
    });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, impact, nodes }) => `  ${impact} ${id}: ${nodes.map(({ target }) => target).join(", ")}`);
  });
  if (grave.length > 0) throw new Error(`${place}: not accessible\n${grave.join("\n")}`);
}

/** Judges an e-mail as a mail program shows it, within a page of the program's own. */
export async function checkMail(page, frame, mail) {
  const html = await frame.getAttribute("srcdoc");
  const own = await page.context().newPage();
  try {
    await own.setContent(`<!doctype html><html lang="tr"><title>${mail}</title><main>${html}</main></html>`);
    await checkAccess(own, mail);
  } finally {
    await own.close();
  }
}

/** The screens of the panel, by the addresses of its router, that no story has judged. */
export function unjudged() {
  const router = readFileSync(resolve(import.meta.dirname, "../src/app/router.tsx"), "utf8");
  const paths = [...router.matchAll(/\bpath: "([^"]+)"/g)].map(([, path]) => path);
  assert.ok(paths.length > 30, "the router names the screens");
  const isJudged = (path) => {
    const shape = new RegExp(`^${path.replace(/\$\w+/g, "[^/]+")}$`);
    return [...judged].some((address) => shape.test(address) && (!path.includes("$") || !paths.includes(address)));
  };
  return paths.filter((path) => !isJudged(path));
}

/** Fails when a settled page scrolls sideways, and names what reaches furthest. */
async function checkFits(page, screen) {
  const { over, widest } = await page.evaluate(() => {
    const over = document.documentElement.scrollWidth - window.innerWidth;
    if (over <= 0) return { over };
    const ends = (element) => element.getBoundingClientRect().right;
    const [widest] = [...document.body.querySelectorAll("*")].sort((one, other) => ends(other) - ends(one));
    return { over, widest: `${widest.tagName} ${widest.textContent.slice(0, 80)}` };
  });
  if (over > 0) throw new Error(`${screen} is ${over} px wider than the window: ${widest}`);
}

/** Waits until nothing loads and nothing moves any more. */
async function settled(page) {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
  await page.evaluate(async () => {
    await document.fonts.ready;
    // What was just clicked is drawn first: a colour that changes begins to change only then.
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    // A colour that is inherited changes at the parent first and begins to change at the child only
    // then: one frame for each level, until a frame brings nothing new.
    const ending = () => document.getAnimations().filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
    for (let moving = ending(); moving.length > 0; moving = ending()) {
      await Promise.allSettled(moving.map(({ finished }) => finished));
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    }
  });
}
