import { Button, Group, Text, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { AsOf, Channel, Contact, RecipientKind } from "../api/model";
import { Section } from "../app/page";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import classes from "./contact.module.css";

interface TimeMachineProps {
  contact: Contact;
  question: { brand_id: string; channel: Channel; kind: RecipientKind };
}

/** What held for a person at an instant: by what had been written down by then, and by what is known now. */
export function TimeMachine({ contact, question }: TimeMachineProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState<string>();
  const { brand_id, channel, kind } = question;
  const address = (channel === "EPOSTA" ? contact.email : contact.phone) ?? "";
  const held = useQuery({
    queryKey: ["contact", contact.id, "as-of", brand_id, channel, kind, at],
    queryFn: () =>
      answer(
        api.GET("/api/v1/consents/as-of", { params: { query: { brand_id, channel, kind, address, at: at ?? "" } } }),
      ),
    enabled: at !== undefined && address !== "",
  });
  if (address === "") return null;
  return (
    <Section title={t("contacts.as_of.title")} id="as-of">
      <form
        style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
        onSubmit={(event) => {
          event.preventDefault();
          // Turkish time, wherever the browser is.
          if (typed !== "") setAt(`${typed}:00+03:00`);
        }}
      >
        <Group align="flex-end" gap="sm">
          <TextInput
            type="datetime-local"
            label={t("contacts.as_of.when")}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={typed === ""}>
            {t("common.action.show")}
          </Button>
        </Group>
      </form>
      <div aria-live="polite">
        {held.isLoading && <Loading lines={2} />}
        {held.isError && <Failure error={held.error} onRetry={() => held.refetch()} />}
        {held.data && (
          <>
            <Text px="md" pb="sm" fw={600}>
              {t("contacts.as_of.at", { when: formats.dateTime(held.data.at) })}
            </Text>
            <div className={classes.records}>
              <Held title={t("contacts.as_of.then")} held={held.data.known_then} />
              <Held title={t("contacts.as_of.now")} held={held.data.known_now} />
            </div>
          </>
        )}
      </div>
    </Section>
  );
}

function Held({ title, held }: { title: string; held: AsOf["known_then"] }) {
  const { t } = useTranslation();
  return (
    <div className={classes.record}>
      <Title order={3} size="h5">
        {title}
      </Title>
      {!held && <Text mt="xs">{t("contacts.as_of.nothing")}</Text>}
      {held && (
        <dl>
          <dt>{t("contacts.local.status")}</dt>
          <dd>
            <StateBadge tone={held.status === "ONAY" ? "good" : "bad"} label={t(`contacts.local.${held.status}`)} />
            {held.citizen && (
              <Text size="sm" className="quiet">
                {t("contacts.registry.citizen")}
              </Text>
            )}
          </dd>
          <dt>{t("contacts.local.date")}</dt>
          <dd>
            <Time at={held.consent_at} />
          </dd>
          <dt>{t("contacts.as_of.recorded")}</dt>
          <dd>
            <Time at={held.recorded_at} />
          </dd>
          <dt>{t("contacts.local.event")}</dt>
          <dd>{held.event_id}</dd>
        </dl>
      )}
    </div>
  );
}
