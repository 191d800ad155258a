import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Campaign } from "../api/model";
import { useActorName } from "../app/actor";
import { ButtonLink, TextLink } from "../app/links";
import { Section } from "../app/page";
import { Empty } from "../app/states";
import classes from "./dashboard.module.css";
import { Listing } from "./listing";

interface ApprovalsProps {
  campaigns: { isPending: boolean; error: Error | null; data: Campaign[] | undefined; refetch: () => unknown };
}

/** Campaigns that somebody else must approve. */
export function Approvals({ campaigns }: ApprovalsProps) {
  const { t } = useTranslation();
  const actorName = useActorName();
  return (
    <Section title={t("dashboard.approvals.title")} id="approvals">
      <Listing
        query={{ ...campaigns, data: campaigns.data?.filter(({ state }) => state === "submitted") }}
        empty={<Empty title={t("dashboard.approvals.none")} />}
      >
        {(items) =>
          items.map(({ id, name, author }) => (
            <li key={id} className={classes.line}>
              <div className={classes.name}>
                <TextLink to="/campaigns/$id" params={{ id }} search={{}} fw={550}>
                  {name}
                </TextLink>
                <Text size="sm" className="quiet">
                  {t("dashboard.approvals.by", { name: actorName(author) })}
                </Text>
              </div>
              <ButtonLink to="/campaigns/$id" params={{ id }} search={{}} variant="default" size="xs">
                {t("dashboard.approvals.look")}
              </ButtonLink>
            </li>
          ))
        }
      </Listing>
    </Section>
  );
}
