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

const SHOWN = 4;
const POLL_MS = 15_000;

/** Replies that a person must decide on, and complaints that nobody has closed. */
export function WaitingReplies() {
  const { t } = useTranslation();
  const replies = useQuery({
    queryKey: ["inbox", "waiting"],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/inbound", { params: { query: { state: "doubtful", limit: SHOWN } } }))).items,
    refetchInterval: POLL_MS,
  });
  const complaints = useQuery({
    queryKey: ["inbox", "complaints", "open"],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/complaints", { params: { query: { only_open: true, limit: 200 } } }))).items,
  });
  const open = complaints.data?.length ?? 0;
  return (
    <Section
      title={t("dashboard.inbox.title")}
      id="waiting"
      aside={
        <TextLink to="/inbox" search={{}}>
          {t("dashboard.inbox.all")}
        </TextLink>
      }
    >
      <Listing query={replies} empty={<Empty title={t("dashboard.inbox.none")} />}>
        {(items) =>
          items.map(({ id, text, contact_name, address, received_at }) => (
            <li key={id} className={classes.line}>
              <div className={classes.name}>
                <TextLink to="/inbox" search={{ state: "doubtful" }} fw={550}>
                  {text ?? t("dashboard.inbox.hidden")}
                </TextLink>
                <Text size="sm" className="quiet">
                  {contact_name ?? address} · <Time at={received_at} />
                </Text>
              </div>
            </li>
          ))
        }
      </Listing>
      {open > 0 && (
        <Text px="md" py="sm">
          <TextLink to="/inbox" search={{ tab: "complaints", state: "open" }}>
            {t("dashboard.inbox.complaints", { count: open })}
          </TextLink>
        </Text>
      )}
    </Section>
  );
}
