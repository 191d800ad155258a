import { Radio, Stack } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { components } from "../api/schema";
import { Notice } from "../app/notice";
import { useFormats } from "../locale/format";
import type { CreditShort } from "./builder/go";

export type WhenShort = components["schemas"]["WhenShort"];

const CHOICES: WhenShort[] = ["wait", "cut"];

interface CreditQuestionProps {
  short: CreditShort | undefined;
  choice: WhenShort | undefined;
  onChoose: (choice: WhenShort) => void;
}

/** The credit does not reach everybody: what becomes of the others is asked before anything leaves. */
export function CreditQuestion({ short, choice, onChoose }: CreditQuestionProps) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" data-credit-question>
      <CreditNotice short={short} />
      <Radio.Group
        label={t("builder.credit.which")}
        value={choice ?? null}
        onChange={(value) => {
          const chosen = CHOICES.find((one) => one === value);
          if (chosen) onChoose(chosen);
        }}
      >
        <Stack gap="sm" mt="xs">
          {CHOICES.map((one) => (
            <Radio
              key={one}
              value={one}
              label={t(`builder.credit.${one}`)}
              description={t(`builder.credit.${one}_hint`)}
              disabled={one === "cut" && short?.reached === 0}
            />
          ))}
        </Stack>
      </Radio.Group>
    </Stack>
  );
}

/** For how many people the credit does not suffice. */
export function CreditNotice({ short }: { short: CreditShort | undefined }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <Notice tone="bad" title={t("builder.go.credit_short")}>
      {short
        ? t("builder.credit.figures", {
            people: formats.number(short.people),
            parts: formats.number(short.parts),
            reached: formats.number(short.reached),
          })
        : t("builder.credit.changed")}
    </Notice>
  );
}
