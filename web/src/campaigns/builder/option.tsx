import { NumberInput, Switch } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./builder.module.css";

interface OptionProps {
  label: string;
  hint: string;
  isOn: boolean;
  isDisabled?: boolean;
  onTurn: (on: boolean) => void;
  children?: ReactNode;
}

/** Something that a plan may have or not; what it needs to know stands below it while it is on. */
export function Option({ label, hint, isOn, isDisabled, onTurn, children }: OptionProps) {
  return (
    <div className={classes.option}>
      <Switch
        label={label}
        description={hint}
        checked={isOn}
        disabled={isDisabled}
        onChange={(event) => onTurn(event.currentTarget.checked)}
      />
      {children && isOn && <div className={classes.more}>{children}</div>}
    </div>
  );
}

interface CountProps {
  label: string;
  description?: string;
  value: number;
  min: number;
  max: number;
  onChange: (value: number) => void;
  error?: string;
}

/** A whole number of a plan. */
export function Count({ label, description, value, min, max, onChange, error }: CountProps) {
  const { i18n } = useTranslation();
  return (
    <NumberInput
      label={label}
      description={description}
      value={value}
      min={min}
      max={max}
      clampBehavior="blur"
      allowDecimal={false}
      allowNegative={false}
      thousandSeparator={i18n.language === "en" ? "," : "."}
      decimalSeparator={i18n.language === "en" ? "." : ","}
      // An empty box is somebody in the middle of writing.
      onChange={(next) => typeof next === "number" && next >= min && onChange(next)}
      error={error}
      w="100%"
      maw={description ? 320 : 210}
    />
  );
}
