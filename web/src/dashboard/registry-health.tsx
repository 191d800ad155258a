import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Brand } from "../api/model";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { StateBadge } from "../app/state-badge";
import { queueLength, useRegistry } from "../registry/status";
import classes from "./dashboard.module.css";

const SHOWN = 5;

/** How each brand stands with İYS: its lights, and what waits there. */
export function RegistryHealth({ brands }: { brands: Brand[] }) {
  const { t } = useTranslation();
  return (
    <Section
      title={t("dashboard.registry.title")}
      id="registry"
      aside={<TextLink to="/registry">{t("dashboard.registry.all")}</TextLink>}
    >
      <ul className={classes.lines}>
        {brands.slice(0, SHOWN).map((brand) => (
          <BrandLine key={brand.id} brand={brand} />
        ))}
      </ul>
    </Section>
  );
}

function BrandLine({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const { data: status } = useRegistry(brand.id);
  const warnings = status ? status.lights.filter(({ ok }) => !ok).length : 0;
  return (
    <li className={classes.line}>
      <div className={classes.name}>
        <TextLink to="/registry" search={{ brand: brand.id }} fw={550}>
          {brand.name}
        </TextLink>
        <Text size="sm" className="quiet">
          {t(`registry.modes.${brand.registry_mode}`)}
          {status && ` · ${t("dashboard.registry.queue", { count: queueLength(status) })}`}
        </Text>
      </div>
      {brand.registry_mode === "off" && <StateBadge tone="out" label={t("dashboard.registry.off")} />}
      {brand.registry_mode !== "off" && status && (
        <StateBadge
          tone={warnings > 0 ? "bad" : "good"}
          label={warnings > 0 ? t("dashboard.registry.problem", { count: warnings }) : t("dashboard.registry.ok")}
        />
      )}
    </li>
  );
}
