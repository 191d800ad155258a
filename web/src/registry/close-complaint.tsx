import { Text } from "@mantine/core";
import type { QueryKey } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Channel } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";

interface CloseComplaintProps {
  complaint: { address: string; channel?: Channel | null };
  /** The list that shows it. */
  refresh: QueryKey;
  onClose: () => void;
}

/** Asks what was answered before a complaint is closed; its stop stays. */
export function CloseComplaint({ complaint: { address, channel }, refresh, onClose }: CloseComplaintProps) {
  const { t } = useTranslation();
  const close = useAct(
    (note: string) =>
      answer(
        api.POST("/api/v1/blacklist/complaints/handled", { body: { address, channel: channel ?? undefined, note } }),
      ),
    { done: t("registry.deadlines.handled"), refresh: [refresh], showsError: true, onDone: onClose },
  );
  return (
    <Ask
      opened
      title={t("registry.deadlines.handle_title", { address })}
      confirm={t("registry.deadlines.handle")}
      note={{
        label: t("registry.deadlines.handle_note"),
        description: t("registry.deadlines.handle_hint"),
        isRequired: true,
      }}
      isPending={close.isPending}
      error={close.error}
      onConfirm={(note) => close.mutate(note)}
      onClose={onClose}
    >
      <Text>{t("registry.deadlines.handle_text")}</Text>
    </Ask>
  );
}
