import { Select, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Campaign } from "../../api/model";
import { useDryRun } from "../dry-run";
import type { Lettering, Plan } from "./draft";

const LETTERINGS: Lettering[] = ["as_written", "clean", "transliterate", "ascii"];
/** Most replacements that are spelled out. */
const SHOWN_MAX = 12;

interface LettersProps {
  campaign: Campaign;
  plan: Plan;
  onChange: (lettering: Lettering | null) => void;
  error?: string;
}

/** Which characters of a text message leave as a cheaper look-alike, and which of this text would. */
export function Letters({ campaign, plan, onChange, error }: LettersProps) {
  const { t } = useTranslation();
  const run = useDryRun(campaign.id);
  const changes = (run.data?.changes ?? []).slice(0, SHOWN_MAX);
  const list = changes
    .map(({ from, to, count }) => t("builder.what.letters.change", { from, to: to || "∅", count }))
    .join(", ");
  return (
    <Stack gap={4} data-letters={plan.lettering ?? ""}>
      <Select
        label={t("builder.what.letters.label")}
        description={t("builder.what.letters.hint")}
        data={[
          { value: "", label: t("builder.what.letters.of_account") },
          ...LETTERINGS.map((value) => ({ value, label: t(`builder.what.letters.as.${value}`) })),
        ]}
        value={plan.lettering ?? ""}
        onChange={(value) => onChange(LETTERINGS.find((one) => one === value) ?? null)}
        allowDeselect={false}
        error={error}
        maw={420}
      />
      {list !== "" && (
        <Text size="sm" role="status">
          {t("builder.what.letters.changes", { list })}
        </Text>
      )}
    </Stack>
  );
}
