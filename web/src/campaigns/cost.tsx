import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { CampaignReport } from "../api/model";
import { Facts } from "../app/facts";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useFormats } from "../locale/format";
import { useMoney } from "./builder/money";

/** What a campaign has cost so far, and from what that was reckoned. */
export function Cost({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const money = useMoney();
  const { cost } = report;
  if (cost.parts == null) return null;
  const each = report.delivered > 0 && cost.cost_micros != null ? cost.cost_micros / report.delivered : undefined;
  return (
    <Section title={t("reports.cost.title")} id="cost">
      <Facts
        facts={[
          [
            t("reports.cost.total"),
            <strong key="total" className="number" data-cost={cost.cost_micros ?? ""}>
              {cost.cost_micros == null ? t("reports.cost.no_price") : money(cost.cost_micros, "TRY")}
            </strong>,
          ],
          [
            t("reports.cost.parts"),
            <span className="number" key="parts">
              {formats.number(cost.parts)}
            </span>,
          ],
          [
            t("reports.cost.price"),
            cost.part_price_micros == null ? t("common.none") : money(cost.part_price_micros, "TRY"),
          ],
          each !== undefined && [t("reports.cost.each"), money(each, "TRY")],
        ]}
      />
      <Text size="sm" className="quiet" px="md" pb="md">
        {cost.uncertain_parts > 0 && `${t("reports.cost.uncertain", { count: cost.uncertain_parts })} `}
        {cost.part_price_micros == null ? (
          <TextLink to="/settings" search={{ brand: report.campaign.brand_id }} hash="sending-rules" underline="always">
            {t("reports.cost.enter_price")}
          </TextLink>
        ) : (
          t("reports.cost.how")
        )}
      </Text>
    </Section>
  );
}
