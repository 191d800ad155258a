import { Button, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { CaseDetail } from "../../api/model";
import { ApiError } from "../../api/problem";
import { useAct } from "../../app/act";
import { Section } from "../../app/page";
import { useMay } from "../../app/permissions";
import { Problem } from "../../app/states";
import { currentLanguage } from "../../locale";
import { useFinding } from "./finding";

/** The answer to the citizen: begins with the facts, and is kept while the gate refuses it. */
export function AnswerSection({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const may = useMay();
  const finding = useFinding(one.id);
  const [typed, setTyped] = useState<string>();
  const text = typed ?? (one.answered_at ? "" : (finding.data?.draft ?? ""));
  const send = useAct(
    () =>
      answer<CaseDetail>(
        api.POST("/api/v1/complaint-cases/{id}/answer", { params: { path: { id: one.id } }, body: { text } }),
      ),
    { done: t("cases.answer.done"), refresh: [["inbox"]], showsError: true, onDone: () => setTyped("") },
  );
  if (one.solved_at || !may("manage_blacklist")) return null;
  const refused = send.error instanceof ApiError ? send.error.fields(currentLanguage()).text : undefined;
  return (
    <Section title={t("cases.answer.title")} id="answer">
      <Stack gap="sm" style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
        <Text size="sm" className="quiet">
          {t("cases.answer.explain")}
        </Text>
        <Textarea
          label={t("cases.answer.text")}
          value={text}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={refused}
          minRows={6}
          autosize
        />
        {send.error && !refused && <Problem error={send.error} />}
        <div>
          <Button onClick={() => send.mutate(undefined)} loading={send.isPending} disabled={text.trim() === ""}>
            {t("cases.answer.send")}
          </Button>
        </div>
      </Stack>
    </Section>
  );
}
