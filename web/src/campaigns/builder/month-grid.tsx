import { ActionIcon, Group, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Holiday } from "../../api/model";
import { useFormats } from "../../locale/format";
import classes from "./month-grid.module.css";
import { noonOf } from "./turkish-time";

/** The public holidays from one day to another, by day. */
export function useHolidays(from: string, to: string): Map<string, Holiday[]> {
  const { data } = useQuery({
    queryKey: ["holidays", from, to],
    queryFn: () => answer(api.GET("/api/v1/holidays", { params: { query: { from, to } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const days = new Map<string, Holiday[]>();
  for (const holiday of data ?? []) days.set(holiday.date, [...(days.get(holiday.date) ?? []), holiday]);
  return days;
}

interface MonthGridProps {
  /** Names the table. */
  label: string;
  weeks: string[][];
  /** Days outside it are shown faint. */
  month?: string;
  today: string;
  holidays: Map<string, Holiday[]>;
  /** What stands in a day, and how the day looks. */
  day: (day: string) => { content: ReactNode; isChosen?: boolean; isOff?: boolean };
  isLarge?: boolean;
}

/** Weeks as a table from Monday to Sunday, holidays marked and named. */
export function MonthGrid({ label, weeks, month, today, holidays, day, isLarge }: MonthGridProps) {
  const { i18n } = useTranslation();
  const locale = i18n.language === "en" ? "en-GB" : "tr-TR";
  const names = (weeks[0] ?? []).map((date) => ({
    date,
    short: new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(new Date(date)),
    long: new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" }).format(new Date(date)),
  }));
  return (
    <table className={classes.grid} aria-label={label} data-large={isLarge || undefined}>
      <thead>
        <tr>
          {names.map(({ date, short, long }) => (
            <th key={date} scope="col" abbr={long}>
              {short}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]}>
            {week.map((date) => {
              const { content, isChosen, isOff } = day(date);
              return (
                <td
                  key={date}
                  data-day={date}
                  data-outside={(month !== undefined && !date.startsWith(month.slice(0, 7))) || undefined}
                  data-today={date === today || undefined}
                  data-holiday={holidays.has(date) || undefined}
                  data-chosen={isChosen || undefined}
                  data-off={isOff || undefined}
                >
                  {content}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A holiday's name, with its hour where only the afternoon is free. */
export function useHolidayName(): (holidays: Holiday[] | undefined) => string | undefined {
  const { t, i18n } = useTranslation();
  return (holidays) =>
    holidays
      ?.map((one) => {
        const name = i18n.language === "en" ? one.name_en : one.name_tr;
        return one.is_half_day ? t("builder.calendar.half_day", { name }) : name;
      })
      .join(", ");
}

/** The month in words between two buttons that turn its pages. */
export function Pager({
  title,
  onStep,
  steps,
}: {
  title: string;
  onStep: (by: -1 | 1) => void;
  steps: [string, string];
}) {
  return (
    <Group gap="xs">
      <ActionIcon variant="default" size="lg" aria-label={steps[0]} onClick={() => onStep(-1)}>
        <IconChevronLeft size={18} aria-hidden />
      </ActionIcon>
      <Text fw={650} miw="9rem" ta="center" aria-live="polite">
        {title}
      </Text>
      <ActionIcon variant="default" size="lg" aria-label={steps[1]} onClick={() => onStep(1)}>
        <IconChevronRight size={18} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

/** A month in words: `Ekim 2026`. */
export function useMonthName(): (day: string) => string {
  const { i18n } = useTranslation();
  const format = new Intl.DateTimeFormat(i18n.language === "en" ? "en-GB" : "tr-TR", {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  return (day) => format.format(new Date(day));
}

/** A day in words, with its holidays, for who cannot see the grid. */
export function useDayName(holidays: Map<string, Holiday[]>): (day: string) => string {
  const formats = useFormats();
  const holidayName = useHolidayName();
  return (day) => [formats.day(noonOf(day)), holidayName(holidays.get(day))].filter(Boolean).join(", ");
}
