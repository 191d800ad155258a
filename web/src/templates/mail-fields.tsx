import { SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Mail } from "../api/model";
import { Chips } from "./chips";
import classes from "./mail.module.css";
import { convertPasted, insertAt } from "./variables";

/** Longest HTML the server takes. */
const HTML_MAX = 100_000;

export type { Mail };

/** An e-mail while it is written: empty instead of missing. */
export interface MailDraft {
  subject: string;
  preheader: string;
  html: string;
  replyTo: string;
}

export function draftOf(mail: Mail): MailDraft {
  return {
    subject: mail.subject,
    preheader: mail.preheader ?? "",
    html: mail.html ?? "",
    replyTo: mail.reply_to ?? "",
  };
}

export function mailOf({ subject, preheader, html, replyTo }: MailDraft): Mail {
  return {
    subject: subject.trim(),
    preheader: preheader.trim() || null,
    html: html.trim() || null,
    reply_to: replyTo.trim() || null,
  };
}

export function isSameMail(one: Mail, other: Mail): boolean {
  return (
    one.subject === other.subject &&
    (one.preheader ?? null) === (other.preheader ?? null) &&
    (one.html ?? null) === (other.html ?? null) &&
    (one.reply_to ?? null) === (other.reply_to ?? null)
  );
}

interface MailFieldsProps {
  draft: MailDraft;
  set: (change: Partial<MailDraft>) => void;
  faults: Record<string, string>;
  isReadOnly?: boolean;
  /** Says below the HTML what else matters. */
  children?: ReactNode;
}

/** Subject, reply address and HTML; a field of people goes where the cursor was last. */
export function MailFields({ draft, set, faults, isReadOnly, children }: MailFieldsProps) {
  const { t } = useTranslation();
  const [view, setView] = useState<"source" | "preview">("source");
  const subject = useRef<HTMLInputElement>(null);
  const html = useRef<HTMLTextAreaElement>(null);
  const [last, setLast] = useState<"subject" | "html">("subject");
  const add = (variable: string) => {
    const field = view === "preview" ? "subject" : last;
    const box = field === "subject" ? subject.current : html.current;
    const text = draft[field];
    const place = insertAt(text, variable, box?.selectionStart ?? text.length, box?.selectionEnd ?? text.length);
    set({ [field]: place.body });
    requestAnimationFrame(() => {
      box?.focus();
      box?.setSelectionRange(place.cursor, place.cursor);
    });
  };
  return (
    <Stack gap="md">
      <TextInput
        ref={subject}
        label={t("builder.mail.subject")}
        description={t("builder.mail.subject_hint", { example: "{{ad}}" })}
        value={draft.subject}
        onChange={(event) => set({ subject: convertPasted(event.currentTarget.value).body })}
        onFocus={() => setLast("subject")}
        error={faults.subject}
        maxLength={200}
        lang="tr"
        readOnly={isReadOnly}
        withAsterisk
      />
      <TextInput
        label={t("builder.mail.preheader")}
        description={t("builder.mail.preheader_hint")}
        value={draft.preheader}
        onChange={(event) => set({ preheader: convertPasted(event.currentTarget.value).body })}
        error={faults.preheader}
        maxLength={200}
        lang="tr"
        readOnly={isReadOnly}
      />
      <TextInput
        label={t("builder.mail.reply_to")}
        description={t("builder.mail.reply_to_hint")}
        type="email"
        value={draft.replyTo}
        onChange={(event) => set({ replyTo: event.currentTarget.value })}
        error={faults.reply_to}
        readOnly={isReadOnly}
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
          ref={html}
          label={t("builder.mail.html")}
          description={t("builder.mail.html_hint")}
          value={draft.html}
          onChange={(event) => set({ html: convertPasted(event.currentTarget.value).body })}
          onFocus={() => setLast("html")}
          error={faults.html}
          maxLength={HTML_MAX}
          autosize
          minRows={8}
          maxRows={20}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.85rem" } }}
          spellCheck={false}
          readOnly={isReadOnly}
        />
      ) : (
        <Sheet html={draft.html} />
      )}
      {!isReadOnly && <Chips body={`${draft.subject} ${draft.preheader} ${draft.html}`} onAdd={add} />}
      {children}
    </Stack>
  );
}

/** The HTML as a mail program would show it, without scripts; pictures from elsewhere are not fetched. */
export function Sheet({ html }: { html: string }) {
  const { t } = useTranslation();
  if (html.trim() === "") return <Text className="quiet">{t("builder.mail.nothing")}</Text>;
  return <iframe title={t("builder.mail.preview")} className={classes.sheet} sandbox="" srcDoc={html} />;
}
