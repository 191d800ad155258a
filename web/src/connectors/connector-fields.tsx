import { PasswordInput, Textarea, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { ConnectorKind } from "../api/model";
import { useFormats } from "../locale/format";
import { type Field, type Filled, isOutOfRange } from "./config-form";

type Props = {
  kind: ConnectorKind;
  filled: Filled;
  /** What the server says is wrong, by `config.` and the field's name. */
  faults: Record<string, string>;
  /** Names of required fields that are empty. */
  missing: string[];
  onChange: (name: string, value: string) => void;
  /** What an empty secret means, where one is held already. */
  secretHint?: string;
};

/** The fields that a kind of connector asks for. */
export function ConnectorFields({ kind, filled, faults, missing, onChange, secretHint }: Props) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const isEnglish = i18n.language === "en";
  return kind.fields.map((field: Field) => {
    const { number } = field;
    const range = number && { min: formats.number(number.min), max: formats.number(number.max) };
    const help = isEnglish ? field.help_en : field.help_tr;
    const shared = {
      label: isEnglish ? field.label_en : field.label_tr,
      description: range ? `${help} ${t("admin.account.range", range)}` : help,
      withAsterisk: field.required && !(field.secret && secretHint),
      value: filled[field.name] ?? "",
      error:
        faults[`config.${field.name}`] ??
        ((missing.includes(field.name) && t("common.required")) ||
          (range && isOutOfRange(field, filled[field.name] ?? "") && t("admin.account.out_of_range", range))),
      onChange: (event: { currentTarget: { value: string } }) => onChange(field.name, event.currentTarget.value),
    };
    if (field.secret)
      return (
        <PasswordInput
          key={field.name}
          {...shared}
          placeholder={secretHint}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("common.action.show") }}
        />
      );
    const plain = { ...shared, spellCheck: false, autoCapitalize: "none" };
    if (number) return <TextInput key={field.name} {...plain} inputMode="numeric" />;
    return field.multiline ? (
      <Textarea key={field.name} {...plain} autosize minRows={3} maxRows={16} />
    ) : (
      <TextInput key={field.name} {...plain} />
    );
  });
}
