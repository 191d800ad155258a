import { Button, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Bounce } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { Sender } from "./sender";

const KEY = ["inbox", "bounces"];

/** E-mails that came back, and addresses that get nothing any more for it. */
export function Bounces() {
  const { t } = useTranslation();
  const may = useMay();
  const [tried, setTried] = useState<Bounce>();
  const list = usePages(KEY, (after) => answer(api.GET("/api/v1/bounces", { params: { query: { after } } })));
  return (
    <>
      <Notice tone="neutral">{t("inbox.bounces.explain")}</Notice>
      <Section title={t("inbox.bounces.title")} id="bounces">
        <Listed
          list={list}
          label={t("inbox.bounces.title")}
          keyOf={({ address, campaign_id }) => `${address}${campaign_id}`}
          empty={<Empty title={t("inbox.bounces.none.title")} text={t("inbox.bounces.none.text")} />}
          columns={[
            {
              head: t("inbox.who"),
              cell: ({ contact_id, address }) => <Sender contactId={contact_id} address={address} />,
            },
            {
              head: t("inbox.bounces.kind"),
              cell: (bounce) => (
                <>
                  <StateBadge
                    tone={bounce.is_hard ? "bad" : "held"}
                    label={t(bounce.is_hard ? "inbox.bounces.hard" : "inbox.bounces.soft")}
                  />
                  {bounce.is_stopped && (
                    <Text size="sm">
                      <CodeBadge code="S204" /> {t("inbox.bounces.stopped")}
                    </Text>
                  )}
                  {bounce.is_stopped && may("manage_blacklist") && may("read_personal") && (
                    <div>
                      <Button size="compact-sm" variant="default" mt={6} onClick={() => setTried(bounce)}>
                        {t("inbox.bounces.retry")}
                      </Button>
                    </div>
                  )}
                </>
              ),
            },
            {
              head: t("inbox.bounces.why"),
              width: "14rem",
              cell: ({ code, words }) => (
                <span style={{ overflowWrap: "anywhere" }}>
                  <strong className="number">{code}</strong> {words}
                </span>
              ),
            },
            {
              head: t("inbox.bounces.campaign"),
              cell: ({ campaign_id, campaign_name }) => (
                <TextLink to="/campaigns/$id" params={{ id: campaign_id }} search={{}}>
                  {campaign_name}
                </TextLink>
              ),
            },
            { head: t("inbox.bounces.when"), cell: ({ at }) => <Time at={at} /> },
          ]}
        />
        {tried && <TryAgain bounce={tried} onClose={() => setTried(undefined)} />}
      </Section>
    </>
  );
}

function TryAgain({ bounce: { address }, onClose }: { bounce: Bounce; onClose: () => void }) {
  const { t } = useTranslation();
  const lift = useAct(() => answer(api.DELETE("/api/v1/bounces", { body: { address } })), {
    done: t("inbox.bounces.retried"),
    refresh: [KEY],
    showsError: true,
    onDone: onClose,
  });
  return (
    <Ask
      opened
      title={t("inbox.bounces.retry_title", { address })}
      confirm={t("inbox.bounces.retry")}
      isPending={lift.isPending}
      error={lift.error}
      onConfirm={() => lift.mutate(undefined)}
      onClose={onClose}
    >
      <Text>{t("inbox.bounces.retry_text")}</Text>
    </Ask>
  );
}
