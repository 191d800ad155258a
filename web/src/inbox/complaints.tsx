import { Button, Group, Switch, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Complaint } from "../api/model";
import { usePages } from "../api/pages";
import { useActorName } from "../app/actor";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { CloseComplaint } from "../registry/close-complaint";
import { Cases } from "./cases";
import { Month } from "./month";
import { Sender } from "./sender";

const route = getRouteApi("/shell/inbox");
const KEY = ["inbox", "complaints"];

/** The cases of citizens, the month in numbers, and every stop that a complaint set. */
export function Complaints() {
  return (
    <>
      <Cases />
      <Month />
      <Stops />
    </>
  );
}

/** Who complained, and whether somebody has answered. */
function Stops() {
  const { t } = useTranslation();
  const may = useMay();
  const actorName = useActorName();
  const navigate = route.useNavigate();
  const onlyOpen = route.useSearch().state === "open";
  const [closed, close] = useState<Complaint>();
  const list = usePages([...KEY, onlyOpen], (after) =>
    answer(api.GET("/api/v1/complaints", { params: { query: { only_open: onlyOpen, after } } })),
  );
  return (
    <Section
      title={t("inbox.complaints.title")}
      id="complaints"
      aside={
        <Group gap="md">
          <TextLink to="/registry/deadlines" search={{ duty: "COMPLAINT" }} fz="sm">
            {t("inbox.complaints.deadlines")}
          </TextLink>
          <Switch
            label={t("inbox.complaints.only_open")}
            checked={onlyOpen}
            onChange={(event) =>
              navigate({
                search: { tab: "complaints", state: event.currentTarget.checked ? "open" : undefined },
                resetScroll: false,
              })
            }
          />
        </Group>
      }
    >
      <Listed
        list={list}
        label={t("inbox.complaints.title")}
        keyOf={({ address, channel, at }) => `${address}${channel}${at}`}
        empty={<Empty title={t("inbox.complaints.none.title")} text={t("inbox.complaints.none.text")} />}
        columns={[
          {
            head: t("inbox.who"),
            cell: ({ contact_id, address }) => <Sender contactId={contact_id} address={address} />,
          },
          {
            head: t("inbox.complaints.channel"),
            cell: ({ channel }) => (channel ? t(`common.channel.${channel}`) : t("inbox.complaints.every")),
          },
          { head: t("inbox.complaints.when"), cell: ({ at }) => <Time at={at} /> },
          {
            head: t("inbox.complaints.note"),
            width: "12rem",
            cell: ({ note, actor }) => (
              <>
                {note?.startsWith("sik_") ? t("cases.from_case") : note}
                <Text size="sm" className="quiet">
                  {actorName(actor)}
                </Text>
              </>
            ),
          },
          {
            head: t("inbox.complaints.state"),
            cell: (complaint) => (
              <>
                <StateBadge
                  tone={complaint.handled_at ? "good" : "held"}
                  label={t(complaint.handled_at ? "inbox.complaints.closed" : "inbox.complaints.open")}
                />
                {complaint.handled_by && (
                  <Text size="sm" className="quiet">
                    {actorName(complaint.handled_by)}, <Time at={complaint.handled_at} />
                  </Text>
                )}
                {complaint.case_id && (
                  <Text size="sm">
                    <TextLink to="/inbox/cases/$id" params={{ id: complaint.case_id }}>
                      {t("cases.open_case")}
                    </TextLink>
                  </Text>
                )}
                {!complaint.case_id && !complaint.handled_at && may("manage_blacklist") && may("read_personal") && (
                  <div>
                    <Button size="compact-sm" variant="default" mt={6} onClick={() => close(complaint)}>
                      {t("inbox.complaints.close")}
                    </Button>
                  </div>
                )}
              </>
            ),
          },
        ]}
      />
      {closed && <CloseComplaint complaint={closed} refresh={KEY} onClose={() => close(undefined)} />}
    </Section>
  );
}
