import { useTranslation } from "react-i18next";
import { ENCODINGS } from "./reading";

/** A choice in words; a code that has none stands for itself. */
export function useChoiceText(): (value: string) => string {
  const { t, i18n } = useTranslation();
  return (value) => {
    const key = `uploads.choice.${value}`;
    // A sheet of a workbook may be called anything, `a.b` too.
    return /^\w+$/.test(value) && i18n.exists(key) ? t(key as "uploads.choice.day_first") : (ENCODINGS[value] ?? value);
  };
}
