/**
 * Turkish wall-clock time as the forms write it. Turkey has had one offset
 * since 2016, and nothing is planned before.
 */
const OFFSET = "+03:00";
const DAY_MS = 86_400_000;

/** A day and a time of day, as `2026-10-29` and `10:30`. */
export interface WallClock {
  day: string;
  time: string;
}

/** What Turkish clocks show at an instant. */
export function wallClockOf(instant: string | Date): WallClock {
  const text = new Date(new Date(instant).getTime() + 3 * 3_600_000).toISOString();
  return { day: text.slice(0, 10), time: text.slice(11, 16) };
}

/** The instant at which Turkish clocks show it; nothing while it is not wholly written. */
export function instantOf({ day, time }: WallClock): string | null {
  const text = `${day}T${time}:00${OFFSET}`;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\+/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

/** Noon of a day: an instant that lies on it in Turkey, for writing it out. */
export function noonOf(day: string): Date {
  return new Date(`${day}T12:00:00${OFFSET}`);
}

/** So many days later; earlier when negative. */
export function daysLater(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The first day of the month so many months later. */
export function monthLater(day: string, months: number): string {
  const [year, month] = day.split("-").map(Number) as [number, number];
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10);
}

/** The place of a day in its week: 0 is Monday. */
export function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The weeks that hold a month, each from Monday to Sunday. */
export function weeksOf(month: string): string[][] {
  const first = `${month.slice(0, 7)}-01`;
  const end = monthLater(first, 1);
  const weeks: string[][] = [];
  for (let monday = daysLater(first, -weekdayOf(first)); monday < end; monday = daysLater(monday, 7)) {
    weeks.push(weekFrom(monday));
  }
  return weeks;
}

/** The week in which a day lies, from Monday to Sunday. */
export function weekOf(day: string): string[] {
  return weekFrom(daysLater(day, -weekdayOf(day)));
}

function weekFrom(monday: string): string[] {
  return Array.from({ length: 7 }, (_, place) => daysLater(monday, place));
}
