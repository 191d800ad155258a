import { Button, Select, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import type { Reply, ReplyState } from "../api/model";
import { usePages } from "../api/pages";
import { useActorName } from "../app/actor";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge } from "../app/reason-text";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { DecideReply } from "./decide-reply";
import classes from "./inbox.module.css";
import { markedParts } from "./marked";
import { Sender } from "./sender";

const route = getRouteApi("/shell/inbox");
const STATES: ReplyState[] = ["doubtful", "open", "refused", "handled"];
const TONE: Record<ReplyState, Tone> = { refused: "bad", doubtful: "held", open: "neutral", handled: "good" };

/** What people wrote back, and what was made of it. */
export function Replies() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const state = STATES.find((one) => one === search.state);
  const [decided, decide] = useState<Reply>();
  const list = usePages(
    ["inbox", "replies", state],
    (after) => answer(api.GET("/api/v1/inbound", { params: { query: { state, after } } })),
    POLL_MS * 4,
  );
  return (
    <Section
      title={t("inbox.replies.title")}
      id="replies"
      aside={
        <Select
          aria-label={t("inbox.replies.filter")}
          placeholder={t("common.action.all")}
          data={STATES.map((value) => ({ value, label: t(`inbox.replies.states.${value}`) }))}
          value={state ?? null}
          clearable
          clearButtonProps={{ "aria-label": t("common.action.clear") }}
          onChange={(value) => navigate({ search: { state: value ?? undefined }, resetScroll: false })}
        />
      }
    >
      <Listed
        list={list}
        label={t("inbox.replies.title")}
        keyOf={({ id }) => id}
        empty={<Empty title={t("inbox.replies.none.title")} text={t("inbox.replies.none.text")} />}
        columns={[
          {
            head: t("inbox.who"),
            cell: ({ contact_id, contact_name, address, channel }) => (
              <Sender contactId={contact_id} name={contact_name} address={address} channel={channel} />
            ),
          },
          { head: t("inbox.replies.text"), width: "14rem", cell: (reply) => <ReplyText reply={reply} /> },
          {
            head: t("inbox.replies.answers"),
            width: "9rem",
            cell: ({ campaign_id, campaign_name }) =>
              campaign_id ? (
                <TextLink to="/campaigns/$id" params={{ id: campaign_id }} search={{}}>
                  {campaign_name}
                </TextLink>
              ) : (
                <Text size="sm" className="quiet">
                  {t("inbox.replies.no_campaign")}
                </Text>
              ),
          },
          { head: t("inbox.replies.when"), cell: ({ received_at }) => <Time at={received_at} /> },
          {
            head: t("inbox.replies.state"),
            width: "11rem",
            cell: (reply) => <Outcome reply={reply} onDecide={() => decide(reply)} />,
          },
        ]}
      />
      {decided && <DecideReply reply={decided} onClose={() => decide(undefined)} />}
    </Section>
  );
}

/** The text with the words that were recognised marked in it. */
export function ReplyText({ reply: { text, words, written_to } }: { reply: Reply }) {
  const { t } = useTranslation();
  return (
    <>
      {text == null ? (
        <Text size="sm" className="quiet">
          {t("inbox.replies.hidden")}
          {words.length > 0 && ` ${t("inbox.replies.words", { words: words.join(", ") })}`}
        </Text>
      ) : (
        <span style={{ overflowWrap: "anywhere" }}>
          {markedParts(text, words).map((part, place) =>
            part.isMarked ? (
              <mark key={place} className={classes.word}>
                {part.text}
              </mark>
            ) : (
              <span key={place}>{part.text}</span>
            ),
          )}
        </span>
      )}
      <Text size="sm" className="quiet number">
        {t("inbox.replies.to", { number: written_to })}
      </Text>
    </>
  );
}

function Outcome({ reply, onDecide }: { reply: Reply; onDecide: () => void }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const actorName = useActorName();
  const { state, reason, decided_by, decided_at, note } = reply;
  return (
    <>
      <StateBadge tone={TONE[state]} label={t(`inbox.replies.states.${state}`)} />
      {reason && (
        <Text size="sm">
          <CodeBadge code={reason.code} /> {i18n.language === "en" ? reason.text_en : reason.text_tr}
        </Text>
      )}
      {decided_by && (
        <Text size="sm" className="quiet">
          {actorName(decided_by)}, <Time at={decided_at} />
          {note && ` “${note}”`}
        </Text>
      )}
      {(state === "doubtful" || state === "open") && may("record_consents") && (
        <div>
          <Button size="compact-sm" variant="default" mt={6} onClick={onDecide}>
            {t("inbox.replies.decide")}
          </Button>
        </div>
      )}
    </>
  );
}
