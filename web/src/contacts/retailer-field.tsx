import { Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Brand } from "../api/model";
import { useRetailers } from "../registry/retailers";

interface Props {
  brand: Brand;
  /** The retailer's number at İYS; empty for none. */
  value: string;
  onChange: (code: string) => void;
  error?: string;
}

/**
 * Which retailer took a declaration: chosen from İYS's list, written as its number where the list is
 * longer than one page or cannot be had, and not asked where the brand has none.
 */
export function RetailerField({ brand, value, onChange, error }: Props) {
  const { t } = useTranslation();
  const list = useRetailers(brand);
  if (!list.data && !list.isError) return null;
  const items = list.data?.pages.flatMap(({ items }) => items) ?? [];
  if (list.data && items.length === 0) return null;
  if (list.isError || list.hasNextPage) {
    return (
      <TextInput
        label={t("reports.record.retailer_code")}
        description={t("reports.record.retailer_code_hint")}
        inputMode="numeric"
        maxLength={8}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value.replace(/\D/g, ""))}
        error={error}
      />
    );
  }
  return (
    <Select
      label={t("reports.record.retailer")}
      description={t("reports.record.retailer_hint")}
      placeholder={t("reports.record.retailer_none")}
      data={items.map(({ code, title }) => ({ value: String(code), label: `${title ?? ""} (${code})`.trim() }))}
      value={value || null}
      onChange={(code) => onChange(code ?? "")}
      error={error}
      searchable
      clearable
    />
  );
}
