import { useTranslation } from "react-i18next";
import { useFormats } from "../locale/format";

/** An instant, to the minute; the second and the offset stand in the tooltip. */
export function Time({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation();
  const formats = useFormats();
  if (!at) return <span className="quiet">{t("common.none")}</span>;
  return (
    <time dateTime={at} title={t("common.time.title", { time: formats.exact(at) })} className="number">
      {formats.dateTime(at)}
    </time>
  );
}
