import { Badge, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** The parts of a reason that a reader sees. */
export interface ReasonWords {
  code: string;
  text_tr: string;
  text_en: string;
  next_tr?: string;
  next_en?: string;
}

/** The reason's sentence in the language on screen. */
export function useReasonText(): (reason: Pick<ReasonWords, "text_tr" | "text_en">) => string {
  const { i18n } = useTranslation();
  return (reason) => (i18n.language === "en" ? reason.text_en : reason.text_tr);
}

/** A code as people quote it to each other. */
export function CodeBadge({ code }: { code: string }) {
  return (
    <Badge variant="default" radius="sm" ff="monospace" tt="none" fw={600} style={{ flexShrink: 0 }}>
      {code}
    </Badge>
  );
}

/** A reason's sentence, and below it what to do about it. */
export function ReasonText({ reason }: { reason: ReasonWords }) {
  const { t, i18n } = useTranslation();
  const text = useReasonText();
  const next = i18n.language === "en" ? reason.next_en : reason.next_tr;
  return (
    <div>
      <Text span>{text(reason)}</Text>
      {next && (
        <Text size="sm" className="quiet">
          {t("common.reason.next", { step: next })}
        </Text>
      )}
    </div>
  );
}
