import { useTranslation } from "react-i18next";

/** The name of a field as people say it; a field we have no word for keeps its own. */
export function useFieldLabel(): (field: string) => string {
  const { t, i18n } = useTranslation();
  return (field) => {
    const key = `uploads.field.${field}`;
    return i18n.exists(key) ? t(key as "uploads.field.phone") : field;
  };
}
