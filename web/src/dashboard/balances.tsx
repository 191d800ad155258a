import { useTranslation } from "react-i18next";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { StateBadge } from "../app/state-badge";
import { BalanceText } from "../connectors/balance";
import { CONNECTOR_TONE, useConnectors } from "../connectors/queries";
import classes from "./dashboard.module.css";

const SHOWN = 5;

/** What is left at each provider. */
export function Balances() {
  const { t } = useTranslation();
  const connectors = useConnectors();
  if (!connectors.data || connectors.data.length === 0) return null;
  return (
    <Section
      title={t("dashboard.balances.title")}
      id="balances"
      aside={<TextLink to="/connectors">{t("common.menu.connectors")}</TextLink>}
    >
      <ul className={classes.lines}>
        {connectors.data.slice(0, SHOWN).map(({ id, name, state }) => (
          <li key={id} className={classes.line}>
            <div className={classes.name}>
              <TextLink to="/connectors/$id" params={{ id }} fw={550}>
                {name}
              </TextLink>
              <div>
                <BalanceText id={id} enabled={state === "active"} />
              </div>
            </div>
            <StateBadge tone={CONNECTOR_TONE[state]} label={t(`connectors.states.${state}`)} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
