import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Promotion } from "../../api/model";
import { TextLink } from "../../app/links";
import { Notice } from "../../app/notice";
import { useFormats } from "../../locale/format";
import { PROMOTION_CODE } from "../../templates/variables";

interface ChoiceProps {
  promotion: string | null | undefined;
  onChange: (id: string | null) => void;
  /** The campaign's texts, to tell whether they use a code. */
  texts: string[];
  error?: string;
}

/** From which list people get their code, and how many are left. */
export function PromotionChoice({ promotion, onChange, texts, error }: ChoiceProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const list = useQuery({
    queryKey: ["promotions", "choice"],
    queryFn: async () => (await answer(api.GET("/api/v1/promotions", { params: { query: { limit: 200 } } }))).items,
  });
  const usesCode = texts.some((text) => text.includes(`{{${PROMOTION_CODE}}}`));
  const all = list.data ?? [];
  const chosen = all.find(({ id }) => id === promotion);
  // Nothing to choose from, and nothing that would need it.
  if (all.length === 0 && !usesCode && !promotion) return null;
  const label = (one: Promotion) =>
    one.is_expired ? t("builder.what.promotion.expired", { name: one.name }) : one.name;
  return (
    <>
      <Select
        label={t("builder.what.promotion.label")}
        description={t("builder.what.promotion.hint", { variable: `{{${PROMOTION_CODE}}}` })}
        placeholder={t("builder.what.promotion.none")}
        data={all.map((one) => ({
          value: one.id,
          label: label(one),
          disabled: one.is_expired && one.id !== promotion,
        }))}
        value={promotion ?? null}
        onChange={onChange}
        error={error}
        clearable
        clearButtonProps={{ "aria-label": t("common.action.clear") }}
        maw={420}
        data-promotion-choice
      />
      {chosen && (
        <Group gap="md" fz="sm" role="status" data-codes-left={chosen.left}>
          <strong>{t("builder.what.promotion.left", { count: chosen.left })}</strong>
          <Text size="sm" className="quiet">
            {t("builder.what.promotion.until", { day: formats.date(chosen.expires_on) })}
          </Text>
        </Group>
      )}
      {usesCode && !promotion && list.isSuccess && (
        <Notice tone="held">
          {t("builder.what.promotion.missing", { variable: `{{${PROMOTION_CODE}}}` })}{" "}
          {all.length === 0 && <TextLink to="/promotions">{t("promotions.title")}</TextLink>}
        </Notice>
      )}
      {chosen && !usesCode && (
        <Text size="sm" className="quiet">
          {t("builder.what.promotion.unused", { variable: `{{${PROMOTION_CODE}}}` })}
        </Text>
      )}
    </>
  );
}
