import { useTranslation } from "react-i18next";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { useReasonText } from "../app/reason-text";
import { useAlarms } from "../registry/alarms";

/** Most lines on top of the home page; the others stand with İYS. */
const LINES_MAX = 3;

/** What cannot wait, such as a gap in what İYS tells: sends are held until it is closed. */
export function Urgent() {
  const { t } = useTranslation();
  const text = useReasonText();
  const alarms = useAlarms();
  const urgent = alarms.items.filter(({ severity, cleared_at }) => severity === "critical" && !cleared_at);
  return urgent.slice(0, LINES_MAX).map((alarm) => (
    <Notice key={alarm.id} tone="bad" title={text(alarm)} isUrgent>
      <TextLink to="/registry" inherit>
        {t("dashboard.urgent")}
      </TextLink>
    </Notice>
  ));
}
