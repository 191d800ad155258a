import { Select, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Reply } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { useBrands } from "../app/brands";
import classes from "./inbox.module.css";

interface Decision {
  is_refusal: boolean;
  note: string;
}

/** A person says what a reply is that a rule could not tell. */
export function DecideReply({ reply, onClose }: { reply: Reply; onClose: () => void }) {
  const { t } = useTranslation();
  const brands = useBrands();
  const only = brands.data?.length === 1 ? brands.data[0]?.id : undefined;
  const [chosen, choose] = useState(reply.brand_id ?? undefined);
  const [isMissing, setMissing] = useState(false);
  const brand = chosen ?? only;
  const decide = useAct(
    ({ is_refusal, note }: Decision) =>
      answer<Reply>(
        api.POST("/api/v1/inbound/{id}/decision", {
          params: { path: { id: reply.id } },
          body: { is_refusal, brand_id: is_refusal ? brand : undefined, note: note || undefined },
        }),
      ),
    {
      done: ({ state }) => t(`inbox.replies.done.${state}`),
      refresh: [["inbox"], ["contact"]],
      showsError: true,
      onDone: onClose,
    },
  );
  return (
    <Ask
      opened
      title={t("inbox.replies.decide_title", { address: reply.address })}
      confirm={t("inbox.replies.refuse")}
      isDangerous
      other={{
        label: t("inbox.replies.no_refusal"),
        onClick: (note) => decide.mutate({ is_refusal: false, note }),
        isPending: decide.isPending && !decide.variables?.is_refusal,
      }}
      note={{ label: t("inbox.replies.note"), description: t("inbox.replies.note_hint") }}
      isPending={decide.isPending && decide.variables?.is_refusal === true}
      error={decide.error}
      onConfirm={(note) => {
        setMissing(!brand);
        if (brand) decide.mutate({ is_refusal: true, note });
      }}
      onClose={onClose}
    >
      {reply.text && <blockquote className={classes.said}>{reply.text}</blockquote>}
      <Text>{t("inbox.replies.decide_text")}</Text>
      <Select
        label={t("inbox.replies.brand")}
        data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        value={brand ?? null}
        onChange={(value) => choose(value ?? undefined)}
        error={isMissing && !brand && t("inbox.replies.brand_missing")}
        allowDeselect={false}
        withAsterisk
      />
    </Ask>
  );
}
