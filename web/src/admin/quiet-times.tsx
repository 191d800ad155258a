import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../locale/format";

/** Hours of a day, by its minutes. */
export interface DayHours {
  from_minute: number;
  to_minute: number;
}

/** Hours in which one purpose may be sent. */
export interface PurposeWindow extends DayHours {
  purpose: string;
}

const DAY_MINUTES = 1_440;

/** `09:30` for 570; the end of the day is `24:00`, which clocks write as `00:00`. */
export function clockOf(minute: number): string {
  const within = minute % DAY_MINUTES;
  return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}`;
}

/** The minute that a clock shows; midnight as an end is the end of the day. */
export function minuteOf(clock: string, isEnd: boolean): number | null {
  const parts = /^(\d\d):(\d\d)/.exec(clock);
  if (!parts) return null;
  const minute = Number(parts[1]) * 60 + Number(parts[2]);
  return isEnd && minute === 0 ? DAY_MINUTES : minute;
}

interface HoursProps {
  hours: DayHours;
  onChange: (hours: DayHours) => void;
  isReadOnly: boolean;
}

/** From when until when, as two clocks; half a time typed changes nothing. */
export function Hours({ hours, onChange, isReadOnly }: HoursProps) {
  const { t } = useTranslation();
  const { from_minute, to_minute } = hours;
  return (
    <>
      <TextInput
        type="time"
        label={t("reports.rules.from")}
        value={clockOf(from_minute)}
        onChange={(event) =>
          onChange({ ...hours, from_minute: minuteOf(event.currentTarget.value, false) ?? from_minute })
        }
        readOnly={isReadOnly}
      />
      <TextInput
        type="time"
        label={t("reports.rules.to")}
        value={clockOf(to_minute)}
        onChange={(event) => onChange({ ...hours, to_minute: minuteOf(event.currentTarget.value, true) ?? to_minute })}
        readOnly={isReadOnly}
      />
    </>
  );
}

interface QuietDatesProps {
  dates: string[];
  onChange: (dates: string[]) => void;
  error?: string;
  isReadOnly: boolean;
}

/** Days on which nothing commercial leaves, each with the way to take it out. */
export function QuietDates({ dates, onChange, error, isReadOnly }: QuietDatesProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [day, setDay] = useState("");
  const sorted = [...dates].sort();
  return (
    <Stack gap="xs" component="fieldset" style={{ border: 0, margin: 0, padding: 0 }} data-quiet-dates>
      <Text component="legend" fw={550} size="sm">
        {t("reports.rules.quiet_dates")}
      </Text>
      <Text size="sm" className="quiet">
        {t("reports.rules.quiet_dates_hint")}
      </Text>
      <Group gap="xs">
        {sorted.length === 0 && <Text size="sm">{t("reports.rules.no_quiet_dates")}</Text>}
        {sorted.map((date) =>
          isReadOnly ? (
            <Text key={date} size="sm">
              {formats.day(date)}
            </Text>
          ) : (
            <Button
              key={date}
              variant="default"
              size="compact-sm"
              rightSection={<IconX size={14} aria-hidden />}
              aria-label={t("reports.rules.drop", { what: formats.day(date) })}
              onClick={() => onChange(dates.filter((one) => one !== date))}
            >
              {formats.day(date)}
            </Button>
          ),
        )}
      </Group>
      {!isReadOnly && (
        <Group align="flex-end" gap="xs">
          <TextInput
            type="date"
            label={t("reports.rules.new_date")}
            value={day}
            onChange={(event) => setDay(event.currentTarget.value)}
            error={error}
          />
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            disabled={day === "" || dates.includes(day)}
            onClick={() => {
              onChange([...dates, day].sort());
              setDay("");
            }}
          >
            {t("reports.rules.add_date")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

interface PurposeWindowsProps {
  windows: PurposeWindow[];
  onChange: (windows: PurposeWindow[]) => void;
  error?: string;
  isReadOnly: boolean;
}

/** Hours of their own for some purposes, instead of the brand's. */
export function PurposeWindows({ windows, onChange, error, isReadOnly }: PurposeWindowsProps) {
  const { t } = useTranslation();
  const set = (place: number, change: Partial<PurposeWindow>) =>
    onChange(windows.map((one, at) => (at === place ? { ...one, ...change } : one)));
  return (
    <Stack gap="xs" component="fieldset" style={{ border: 0, margin: 0, padding: 0 }} data-purpose-windows>
      <Text component="legend" fw={550} size="sm">
        {t("reports.rules.windows")}
      </Text>
      <Text size="sm" className="quiet">
        {t("reports.rules.windows_hint")}
      </Text>
      {windows.length === 0 && <Text size="sm">{t("reports.rules.no_windows")}</Text>}
      {windows.map(({ purpose, from_minute, to_minute }, place) => (
        <Group key={place} align="flex-end" gap="xs">
          <TextInput
            label={t("reports.rules.purpose")}
            value={purpose}
            onChange={(event) => set(place, { purpose: event.currentTarget.value })}
            maxLength={100}
            readOnly={isReadOnly}
            style={{ flex: "1 1 10rem" }}
          />
          <Hours hours={{ from_minute, to_minute }} onChange={(hours) => set(place, hours)} isReadOnly={isReadOnly} />
          {!isReadOnly && (
            <Button
              variant="default"
              aria-label={t("reports.rules.drop", { what: purpose || t("reports.rules.purpose") })}
              onClick={() => onChange(windows.filter((_, at) => at !== place))}
            >
              {t("reports.rules.take_out")}
            </Button>
          )}
        </Group>
      ))}
      {error && (
        <Text size="sm" c="var(--tone-bad)" role="alert">
          {error}
        </Text>
      )}
      {!isReadOnly && (
        <Group>
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => onChange([...windows, { purpose: "", from_minute: 600, to_minute: 1_080 }])}
          >
            {t("reports.rules.add_window")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
