import { CloseButton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconHourglass,
  IconInfoCircle,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./notice.module.css";
import type { Tone } from "./state-badge";

const ICON: Record<Tone, TablerIcon> = {
  neutral: IconInfoCircle,
  out: IconAlertTriangle,
  held: IconHourglass,
  sent: IconInfoCircle,
  good: IconCircleCheck,
  bad: IconCircleX,
};

interface NoticeProps {
  tone: Tone;
  title?: ReactNode;
  /** Read out at once by screen readers; for what just went wrong. */
  isUrgent?: boolean;
  onClose?: () => void;
  children?: ReactNode;
}

/** Something the reader should know before going on. */
export function Notice({ tone, title, isUrgent, onClose, children }: NoticeProps) {
  const { t } = useTranslation();
  const Icon = ICON[tone];
  return (
    <div className={classes.notice} data-tone={tone} role={isUrgent ? "alert" : "note"}>
      <Icon size={22} stroke={1.8} aria-hidden />
      <div className={classes.body}>
        {title && <div className={classes.title}>{title}</div>}
        {children}
      </div>
      {onClose && <CloseButton onClick={onClose} aria-label={t("common.action.close")} />}
    </div>
  );
}
