import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";
import { useBalance } from "./queries";

/** What is left on an account, or the provider's reason for not saying. */
export function BalanceText({ id, enabled }: { id: string; enabled: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const balance = useBalance(id, enabled);
  if (!enabled) return t("common.none");
  if (balance.isPending) return <span className="quiet">…</span>;
  if (balance.isError) {
    return (
      <Text size="sm" className="quiet" maw={280}>
        {balance.error instanceof ApiError ? balance.error.title(currentLanguage()) : t("common.none")}
      </Text>
    );
  }
  const { amount, currency } = balance.data;
  if (amount == null) return <span className="quiet">{t("connectors.no_balance")}</span>;
  return (
    <span className="number">
      {formats.number(Number(amount))} {currency}
    </span>
  );
}
