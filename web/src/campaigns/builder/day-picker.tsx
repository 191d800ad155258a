import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { MonthGrid, Pager, useDayName, useHolidayName, useHolidays, useMonthName } from "./month-grid";
import classes from "./month-grid.module.css";
import { daysLater, monthLater, weeksOf } from "./turkish-time";

const MOVES: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

interface DayPickerProps {
  label: string;
  day: string;
  today: string;
  /** Days on which the brand sends nothing commercial. */
  quiet: string[];
  onPick: (day: string) => void;
}

/** A month to choose a day from; holidays are marked and named. Arrows walk, Enter chooses. */
export function DayPicker({ label, day, today, quiet, onPick }: DayPickerProps) {
  const { t } = useTranslation();
  const [at, walk] = useState(day || today);
  const table = useRef<HTMLDivElement>(null);
  const month = `${at.slice(0, 7)}-01`;
  const weeks = weeksOf(month);
  const holidays = useHolidays(weeks[0]?.[0] ?? month, weeks.at(-1)?.at(-1) ?? month);
  const monthName = useMonthName();
  const dayName = useDayName(holidays);
  const holidayName = useHolidayName();
  const turn = (by: number) => walk(monthLater(month, by) < today ? today : monthLater(month, by));
  const onKeyDown = (event: KeyboardEvent) => {
    const by = MOVES[event.key] ?? 0;
    if (by === 0) return;
    event.preventDefault();
    const next = daysLater(at, by);
    if (next < today) return;
    walk(next);
    requestAnimationFrame(() => table.current?.querySelector<HTMLElement>(`[data-date="${next}"]`)?.focus());
  };
  const named = weeks
    .flat()
    .filter((date) => date.startsWith(month.slice(0, 7)) && (holidays.has(date) || quiet.includes(date)));
  return (
    <div ref={table}>
      <Pager
        title={monthName(month)}
        steps={[t("builder.calendar.month_before"), t("builder.calendar.month_after")]}
        onStep={turn}
      />
      <MonthGrid
        label={label}
        weeks={weeks}
        month={month}
        today={today}
        holidays={holidays}
        day={(date) => ({
          isChosen: date === day,
          isOff: quiet.includes(date),
          content: (
            <button
              type="button"
              className={classes.day}
              data-date={date}
              tabIndex={date === at ? 0 : -1}
              aria-pressed={date === day}
              aria-label={dayName(date)}
              aria-disabled={date < today}
              title={holidayName(holidays.get(date))}
              onKeyDown={onKeyDown}
              onClick={() => {
                if (date < today) return;
                walk(date);
                onPick(date);
              }}
            >
              {Number(date.slice(8))}
            </button>
          ),
        })}
      />
      {named.length > 0 && (
        <ul style={{ margin: "8px 0 0", paddingInlineStart: 18, fontSize: "var(--mantine-font-size-sm)" }}>
          {named.map((date) => (
            <li key={date}>
              <span className="number">{Number(date.slice(8))}</span>{" "}
              {[holidayName(holidays.get(date)), quiet.includes(date) && t("builder.when.quiet_date")]
                .filter(Boolean)
                .join(", ")}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
