import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import enAttributes from "./en/attributes.json";
import enCampaigns from "./en/campaigns.json";
import enCommon from "./en/common.json";
import enContacts from "./en/contacts.json";
import enDashboard from "./en/dashboard.json";
import enLists from "./en/lists.json";
import enLogin from "./en/login.json";
import enRegistry from "./en/registry.json";
import enUploads from "./en/uploads.json";
import trAttributes from "./tr/attributes.json";
import trCampaigns from "./tr/campaigns.json";
import trCommon from "./tr/common.json";
import trContacts from "./tr/contacts.json";
import trDashboard from "./tr/dashboard.json";
import trLists from "./tr/lists.json";
import trLogin from "./tr/login.json";
import trRegistry from "./tr/registry.json";
import trUploads from "./tr/uploads.json";

/** The languages of the panel; Turkish is the first and the fallback. */
export type Language = "tr" | "en";

const STORED = "izinli.language";

export const turkish = {
  common: trCommon,
  login: trLogin,
  dashboard: trDashboard,
  uploads: trUploads,
  campaigns: trCampaigns,
  contacts: trContacts,
  registry: trRegistry,
  attributes: trAttributes,
  lists: trLists,
};

export const english = {
  common: enCommon,
  login: enLogin,
  dashboard: enDashboard,
  uploads: enUploads,
  campaigns: enCampaigns,
  contacts: enContacts,
  registry: enRegistry,
  attributes: enAttributes,
  lists: enLists,
};

/** Starts translation in the language chosen on this device, else in Turkish. */
export function startLocale(): void {
  void i18next.use(initReactI18next).init({
    resources: { tr: { translation: turkish }, en: { translation: english } },
    lng: storedLanguage() ?? "tr",
    fallbackLng: "tr",
    // React escapes; escaping twice would show &amp; in names.
    interpolation: { escapeValue: false },
  });
  follow(currentLanguage());
  i18next.on("languageChanged", () => follow(currentLanguage()));
}

/** The language on screen. */
export function currentLanguage(): Language {
  return i18next.language === "en" ? "en" : "tr";
}

/** Switches the screen and remembers the choice on this device. */
export function chooseLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  void i18next.changeLanguage(language);
}

/** Takes the account's language, unless this device has a choice of its own. */
export function preferLanguage(language: Language): void {
  if (storedLanguage() === undefined) void i18next.changeLanguage(language);
}

function storedLanguage(): Language | undefined {
  const stored = localStorage.getItem(STORED);
  return stored === "tr" || stored === "en" ? stored : undefined;
}

// Screen readers, hyphenation and the dotted İ all depend on it.
function follow(language: Language): void {
  document.documentElement.lang = language;
}
