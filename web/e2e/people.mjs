/** Colleagues in the stories: how they are added, and the browsers that they sit at. */

import { PATIENCE_S } from "./server.mjs";

/** The password of every colleague. */
export const PASSWORD = "uzun-ve-gizli-parola-45";

/** Fills in the login. */
export async function signIn(page, { email }, password) {
  await page.getByLabel("E-posta").fill(email);
  await page.getByLabel("Parola", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Oturum aç" }).click();
}

/** Adds a colleague by the form. */
export async function addPerson(page, { email, name, role }) {
  await page.goto("/users");
  await page.getByRole("button", { name: "Kullanıcı ekle" }).click();
  const form = page.getByRole("dialog", { name: "Kullanıcı ekle" });
  await form.getByLabel("Ad", { exact: false }).first().fill(name);
  await form.getByLabel("E-posta").fill(email);
  await form.getByRole("combobox", { name: "Rol" }).click();
  await page.getByRole("option", { name: role === "approver" ? "Onaylayan" : "Uyum" }).click();
  await form.locator("input[type=password]").fill(PASSWORD);
  await form.getByRole("button", { name: "Kaydet" }).click();
  await page.getByRole("row", { name: new RegExp(name) }).waitFor();
}

/** A second person's browser. */
export async function another(browser, place) {
  const context = await browser.newContext({
    baseURL: place.url,
    locale: "tr-TR",
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE_S * 1_000);
  return { page: await context.newPage(), close: () => context.close() };
}
