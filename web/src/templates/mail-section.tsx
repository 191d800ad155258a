import { Badge, Button, Group, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Item, Template } from "../api/model";
import { usePages } from "../api/pages";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { MoreButton } from "../app/more-button";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { Failure, Loading, Problem } from "../app/states";
import { Time } from "../app/time";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";
import { draftOf, isSameMail, type Mail, MailFields, mailOf, Sheet } from "./mail-fields";

type Version = Item<"/api/v1/templates/{id}/mail/versions">;

const NOTHING: Mail = { subject: "", html: null, reply_to: null };

/** What the e-mail of a template has besides its text, and what it had before: its newest version is what it has. */
export function MailSection({ template }: { template: Template }) {
  const { t } = useTranslation();
  const list = usePages(["template", template.id, "mail-versions"], (after) =>
    answer(
      api.GET("/api/v1/templates/{id}/mail/versions", { params: { path: { id: template.id }, query: { after } } }),
    ),
  );
  const [present, ...older] = list.items;
  const [restored, setRestored] = useState(0);
  return (
    <>
      <Section title={t("builder.mail.title")} id="mail">
        {list.isPending && <Loading lines={4} />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && <Editor key={restored} template={template} mail={present ?? NOTHING} />}
      </Section>
      {list.isSuccess && (
        <Section title={t("templates.mail_versions.title")} id="mail-versions">
          <Earlier
            template={template}
            present={present}
            older={older}
            onRestored={() => setRestored((times) => times + 1)}
          />
          <MoreButton list={list} />
        </Section>
      )}
    </>
  );
}

function useSave(template: Template, onDone?: () => void) {
  const { t } = useTranslation();
  return useAct(
    (body: Mail) =>
      answer<Mail>(api.PUT("/api/v1/templates/{id}/mail", { params: { path: { id: template.id } }, body })),
    { done: t("common.saved"), refresh: [["template", template.id, "mail-versions"]], showsError: true, onDone },
  );
}

function Editor({ template, mail }: { template: Template; mail: Mail }) {
  const { t } = useTranslation();
  const may = useMay();
  const [draft, setDraft] = useState(draftOf(mail));
  const [base, setBase] = useState(mail);
  if (!isSameMail(mail, base)) {
    // A version came in: what was written meanwhile stays, and nothing else does.
    if (isSameMail(mailOf(draft), base)) setDraft(draftOf(mail));
    setBase(mail);
  }
  const [tried, setTried] = useState(false);
  const save = useSave(template);
  const canWrite = may("manage_templates");
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const isMissing = tried && draft.subject.trim() === "";
  const shown = isMissing ? { subject: t("common.required"), ...faults } : faults;
  return (
    <form
      noValidate
      style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (draft.subject.trim() !== "") save.mutate(mailOf(draft));
      }}
    >
      <MailFields
        draft={draft}
        set={(change) => setDraft((old) => ({ ...old, ...change }))}
        faults={shown}
        isReadOnly={!canWrite}
      >
        {save.error && <Problem error={save.error} />}
        {canWrite && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={isSameMail(mailOf(draft), mail)}>
              {t("common.action.save")}
            </Button>
          </Group>
        )}
      </MailFields>
    </form>
  );
}

interface EarlierProps {
  template: Template;
  present: Version | undefined;
  older: Version[];
  onRestored: () => void;
}

/** Each earlier version, how it looked, and the way back to it. */
function Earlier({ template, present, older, onRestored }: EarlierProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [chosen, choose] = useState<string | null>(null);
  const shown = older.find(({ version }) => String(version) === chosen) ?? older[0];
  if (!shown) {
    return (
      <Text px="md" pb="md" className="quiet">
        {t("templates.mail_versions.none")}
      </Text>
    );
  }
  return (
    <Stack gap="md" px="md" pb="md">
      <Select
        label={t("reports.versions.which")}
        data={older.map(({ version, saved_at, subject }) => ({
          value: String(version),
          label: `${t("templates.version", { version })} · ${formats.dateTime(saved_at)} · ${subject}`,
        }))}
        value={String(shown.version)}
        onChange={choose}
        allowDeselect={false}
        maw={560}
      />
      <Shown
        template={template}
        version={shown}
        isPresent={present !== undefined && isSameMail(shown, present)}
        onRestored={onRestored}
      />
    </Stack>
  );
}

interface ShownProps {
  template: Template;
  version: Version;
  isPresent: boolean;
  onRestored: () => void;
}

function Shown({ template, version, isPresent, onRestored }: ShownProps) {
  const { t } = useTranslation();
  const may = useMay();
  const actorName = useActorName();
  const restore = useSave(template, onRestored);
  const { subject, preheader, html, reply_to, saved_by, saved_at } = version;
  return (
    <>
      <Group gap="xs">
        <Badge variant="default" tt="none" radius="sm">
          {t("templates.version", { version: version.version })}
        </Badge>
        <Text size="sm" className="quiet">
          {saved_by && `${actorName(saved_by)}, `}
          <Time at={saved_at} />
        </Text>
      </Group>
      <Text fw={550} lang="tr">
        {subject}
      </Text>
      {preheader && (
        <Text size="sm" className="quiet">
          {t("builder.mail.preheader")}: {preheader}
        </Text>
      )}
      {reply_to && (
        <Text size="sm" className="quiet">
          {t("builder.mail.reply_to")}: {reply_to}
        </Text>
      )}
      <Sheet html={html ?? ""} />
      {restore.error && <Problem error={restore.error} />}
      {may("manage_templates") && !isPresent && (
        <Group justify="flex-end">
          <Button
            variant="default"
            loading={restore.isPending}
            onClick={() => restore.mutate({ subject, preheader, html, reply_to })}
          >
            {t("reports.versions.restore")}
          </Button>
        </Group>
      )}
    </>
  );
}
