import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import classes from "./dashboard.module.css";
import { Listing } from "./listing";

const PAGE = { params: { query: { limit: 200 } } };
const SHOWN = 5;

/** The keys that work, and what each may do. */
export function Keys() {
  const { t } = useTranslation();
  const keys = useQuery({
    queryKey: ["api-keys"],
    queryFn: async () => (await answer(api.GET("/api/v1/api-keys", PAGE))).items,
  });
  return (
    <Section
      title={t("dashboard.keys.title")}
      id="keys"
      aside={<TextLink to="/keys">{t("common.action.all")}</TextLink>}
    >
      <Listing query={keys} empty={<Empty title={t("dashboard.keys.none")} />}>
        {(items) =>
          items
            .filter(({ disabled_at }) => !disabled_at)
            .slice(0, SHOWN)
            .map(({ id, name, role, created_at }) => (
              <li key={id} className={classes.line}>
                <div className={classes.name}>
                  {name}
                  <Text size="sm" className="quiet">
                    <Time at={created_at} />
                  </Text>
                </div>
                <Text size="sm" className="quiet">
                  {t(`common.role.${role}`)}
                </Text>
              </li>
            ))
        }
      </Listing>
    </Section>
  );
}
