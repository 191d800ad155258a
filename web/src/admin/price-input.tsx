import { NumberInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { liraOf, MICROS, PRICE_MAX } from "./route-rules";

interface PriceInputProps {
  label: string;
  description?: string;
  placeholder?: string;
  /** What the form begins with, millionths of a lira. */
  micros: number | null | undefined;
  /** The price as it was written, millionths of a lira; nothing for an empty box. */
  onChange: (micros: number | undefined) => void;
  error?: string;
  isReadOnly: boolean;
}

/** The price of one part in lira. What is being written stands as it is written: `0,` is on its way to `0,25`. */
export function PriceInput({ label, description, placeholder, micros, onChange, error, isReadOnly }: PriceInputProps) {
  const { i18n } = useTranslation();
  const [typed, type] = useState<number | string>(micros == null ? "" : micros / MICROS);
  return (
    <NumberInput
      label={label}
      description={description}
      placeholder={placeholder}
      value={typed}
      onChange={(value) => {
        type(value);
        const lira = liraOf(value);
        onChange(lira === undefined ? undefined : Math.round(lira * MICROS));
      }}
      error={error}
      min={0}
      max={PRICE_MAX}
      decimalScale={4}
      decimalSeparator={i18n.language === "en" ? "." : ","}
      allowNegative={false}
      prefix="₺"
      readOnly={isReadOnly}
    />
  );
}
