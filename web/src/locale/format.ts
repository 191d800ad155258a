import { useTranslation } from "react-i18next";
import type { Language } from "./index";

/** All days and hours in the panel are Turkish ones, wherever the browser is. */
export const TIME_ZONE = "Europe/Istanbul";

/** Writes numbers, shares, sizes and times the way the reader's language does. */
export interface Formats {
  /** `1.234` / `1,234`. */
  number: (value: number) => string;
  /** A share from 0 to 1 as a percentage with at most one decimal: `%12,5` / `12.5%`; the smallest are `<%0,1`. */
  percent: (share: number) => string;
  /** A share that is small by nature, with up to three decimals: `%0,045`. */
  share: (share: number) => string;
  /** A size in decimal units: `1,2 MB`. */
  bytes: (count: number) => string;
  /** Day and minute: `20 Haz 2025 14:05`. */
  dateTime: (time: string | Date) => string;
  /** The day in words: `20 Haziran 2025 Cuma`. */
  day: (time: string | Date) => string;
  /** A day of this year, short: `20 Haz Cum`. */
  shortDay: (time: string | Date) => string;
  /** A day without its hour: `20 Haz 2025`. */
  date: (time: string | Date) => string;
  /** Day, second and nothing left out, for a tooltip. */
  exact: (time: string | Date) => string;
}

const LOCALE: Record<Language, string> = { tr: "tr-TR", en: "en-GB" };
const made = new Map<Language, Formats>();

/** The formats of a language; made once. */
export function formatsOf(language: Language): Formats {
  const known = made.get(language);
  if (known) return known;
  const formats = make(LOCALE[language]);
  made.set(language, formats);
  return formats;
}

/** The formats of the language on screen. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  return formatsOf(i18n.language === "en" ? "en" : "tr");
}

/** Whether two instants fall on the same Turkish day. */
export function isSameDay(one: string | Date, other: string | Date): boolean {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone: TIME_ZONE, dateStyle: "short" });
  return day.format(new Date(one)) === day.format(new Date(other));
}

function make(locale: string): Formats {
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 3 });
  const size = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: TIME_ZONE });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: TIME_ZONE });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: TIME_ZONE });
  const shortDay = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    weekday: "short",
    timeZone: TIME_ZONE,
  });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium", timeZone: TIME_ZONE });
  return {
    number: (value) => number.format(value),
    // Few is not none.
    percent: (share) => (share > 0 && share < 0.001 ? `<${percent.format(0.001)}` : percent.format(share)),
    share: (value) => share.format(value),
    bytes: (count) => bytesIn(count, size),
    dateTime: (time) => dateTime.format(new Date(time)),
    day: (time) => day.format(new Date(time)),
    shortDay: (time) => shortDay.format(new Date(time)),
    date: (time) => date.format(new Date(time)),
    exact: (time) => exact.format(new Date(time)),
  };
}

function bytesIn(count: number, size: Intl.NumberFormat): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${size.format(value)} ${units[unit]}`;
}
