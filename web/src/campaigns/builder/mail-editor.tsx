import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Campaign } from "../../api/model";
import { ApiError } from "../../api/problem";
import { useAct } from "../../app/act";
import { Section } from "../../app/page";
import { queries } from "../../app/queries";
import { Loading, Problem } from "../../app/states";
import { currentLanguage } from "../../locale";
import { draftOf, isSameMail, type Mail, MailFields, mailOf } from "../../templates/mail-fields";
import classes from "./builder.module.css";

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
  const [draft, setDraft] = useState(draftOf(mail));
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
    const wanted = mailOf(draft);
    if (wanted.subject !== "" && !isSameMail(wanted, mail)) save.mutate(wanted);
  };
  return (
    <Stack gap="md" onBlur={store}>
      <MailFields draft={draft} set={(change) => setDraft((old) => ({ ...old, ...change }))} faults={faults}>
        {save.error && <Problem error={save.error} />}
      </MailFields>
    </Stack>
  );
}
