import { useTranslation } from "react-i18next";

/** Writes millionths of a currency: `₺1.234,50`; a provider's own unit stands behind its number. */
export function useMoney(): (micros: number, currency: string) => string {
  const { i18n } = useTranslation();
  const locale = i18n.language === "en" ? "en-GB" : "tr-TR";
  return (micros, currency) => {
    const amount = micros / 1_000_000;
    if (/^[A-Z]{3}$/.test(currency) && currency !== "SMS") {
      return new Intl.NumberFormat(locale, { style: "currency", currency }).format(amount);
    }
    return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(amount)} ${currency}`;
  };
}
