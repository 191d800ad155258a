import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { turkish } from "./turkish";

/** The languages of the panel; Turkish is the first and the fallback. */
export type Language = "tr" | "en";

const STORED = "izinli.language";

/** Starts translation in the language chosen on this device, else in Turkish. */
export async function startLocale(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { tr: { translation: turkish } },
    lng: "tr",
    fallbackLng: "tr",
    // React escapes; escaping twice would show &amp; in names.
    interpolation: { escapeValue: false },
  });
  follow(currentLanguage());
  i18next.on("languageChanged", () => follow(currentLanguage()));
  const stored = storedLanguage();
  if (stored !== undefined) await show(stored);
}

let rest: Promise<void> | undefined;

/** Fetches the texts that the first screens do without, once; a fetch that failed is tried again. */
export function restOfTexts(): Promise<void> {
  rest ??= import("./late").then(
    ({ late }) => void i18next.addResourceBundle("tr", "translation", late, true),
    (error: unknown) => {
      rest = undefined;
      throw error;
    },
  );
  return rest;
}

/** The language on screen. */
export function currentLanguage(): Language {
  return i18next.language === "en" ? "en" : "tr";
}

/** Switches the screen and remembers the choice on this device. */
export function chooseLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  void show(language);
}

/** Takes the account's language, unless this device has a choice of its own. */
export function preferLanguage(language: Language): void {
  if (storedLanguage() === undefined) void show(language);
}

// Turkish readers, who are most, do not wait for English texts.
async function show(language: Language): Promise<void> {
  if (language === "en" && !i18next.hasResourceBundle("en", "translation")) {
    const { english } = await import("./english");
    i18next.addResourceBundle("en", "translation", english);
  }
  await i18next.changeLanguage(language);
}

function storedLanguage(): Language | undefined {
  const stored = localStorage.getItem(STORED);
  return stored === "tr" || stored === "en" ? stored : undefined;
}

// Screen readers, hyphenation and the dotted İ all depend on it.
function follow(language: Language): void {
  document.documentElement.lang = language;
}
