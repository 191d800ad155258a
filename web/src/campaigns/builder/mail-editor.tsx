import { SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Campaign, Mail } from "../../api/model";
import { ApiError } from "../../api/problem";
import { useAct } from "../../app/act";
import { Section } from "../../app/page";
import { queries } from "../../app/queries";
import { Loading, Problem } from "../../app/states";
import { currentLanguage } from "../../locale";
import classes from "./builder.module.css";

/** Longest HTML the server takes. */
const HTML_MAX = 100_000;

/** Subject, reply address and HTML of an e-mail; saved when a field is left. */
export function MailEditor({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const mail = useQuery({
    queryKey: ["campaign", campaign.id, "mail"],
    queryFn: async (): Promise<Mail> => {
      try {
        return await answer(api.GET("/api/v1/campaigns/{id}/mail", { params: { path: { id: campaign.id } } }));
      } catch (cause) {
        // Nobody has written it yet.
        if (cause instanceof ApiError && cause.status === 404) return { subject: "", html: null, reply_to: null };
        throw cause;
      }
    },
    refetchOnWindowFocus: false,
    enabled: campaign.channel === "EPOSTA",
  });
  return (
    <Section title={t("builder.mail.title")} id="mail">
      <div className={classes.inside}>
        {mail.isPending && <Loading lines={3} />}
        {mail.error && <Problem error={mail.error} />}
        {mail.data && <Fields id={campaign.id} mail={mail.data} />}
      </div>
    </Section>
  );
}

function Fields({ id, mail }: { id: string; mail: Mail }) {
  const { t } = useTranslation();
  const [subject, setSubject] = useState(mail.subject);
  const [replyTo, setReplyTo] = useState(mail.reply_to ?? "");
  const [html, setHtml] = useState(mail.html ?? "");
  const [view, setView] = useState<"source" | "preview">("source");
  const save = useAct(
    (body: Mail) => answer(api.PUT("/api/v1/campaigns/{id}/mail", { params: { path: { id } }, body })),
    {
      showsError: true,
      onDone: (saved) => {
        queries.setQueryData(["campaign", id, "mail"], saved);
        void queries.invalidateQueries({ queryKey: ["campaign", id, "dry-run"] });
      },
    },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const store = () => {
    const wanted = { subject: subject.trim(), html: html.trim() || null, reply_to: replyTo.trim() || null };
    const isSame =
      wanted.subject === mail.subject &&
      wanted.html === (mail.html ?? null) &&
      wanted.reply_to === (mail.reply_to ?? null);
    if (wanted.subject !== "" && !isSame) save.mutate(wanted);
  };
  return (
    <Stack gap="md" onBlur={store}>
      <TextInput
        label={t("builder.mail.subject")}
        description={t("builder.mail.subject_hint", { example: "{{ad}}" })}
        value={subject}
        onChange={(event) => setSubject(event.currentTarget.value)}
        error={faults.subject}
        maxLength={200}
        lang="tr"
        withAsterisk
      />
      <TextInput
        label={t("builder.mail.reply_to")}
        description={t("builder.mail.reply_to_hint")}
        type="email"
        value={replyTo}
        onChange={(event) => setReplyTo(event.currentTarget.value)}
        error={faults.reply_to}
      />
      <SegmentedControl
        aria-label={t("builder.mail.view")}
        data={[
          { value: "source", label: t("builder.mail.source") },
          { value: "preview", label: t("builder.mail.preview") },
        ]}
        value={view}
        onChange={(value) => setView(value === "preview" ? "preview" : "source")}
        w="fit-content"
      />
      {view === "source" ? (
        <Textarea
          label={t("builder.mail.html")}
          description={t("builder.mail.html_hint")}
          value={html}
          onChange={(event) => setHtml(event.currentTarget.value)}
          error={faults.html}
          maxLength={HTML_MAX}
          autosize
          minRows={8}
          maxRows={20}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.85rem" } }}
          spellCheck={false}
        />
      ) : (
        <Sheet html={html} />
      )}
      {save.error && <Problem error={save.error} />}
    </Stack>
  );
}

/** The HTML as a mail program would show it, without scripts; pictures from elsewhere are not fetched. */
function Sheet({ html }: { html: string }) {
  const { t } = useTranslation();
  if (html.trim() === "") return <Text className="quiet">{t("builder.mail.nothing")}</Text>;
  return <iframe title={t("builder.mail.preview")} className={classes.sheet} sandbox="" srcDoc={html} />;
}
