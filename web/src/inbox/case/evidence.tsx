import { Button, Group, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { CaseChanges, CaseDetail } from "../../api/model";
import { problemOf } from "../../api/problem";
import { useAct } from "../../app/act";
import { CopyText } from "../../app/copy-text";
import { Section } from "../../app/page";
import { useMay } from "../../app/permissions";
import { Problem } from "../../app/states";
import { caseKey } from "./case-key";

/** Turkish wall-clock time of an instant, as a form writes it. */
function wallClock(instant: string): string {
  return new Date(new Date(instant).getTime() + 3 * 3_600_000).toISOString().slice(0, 16);
}

/** What goes to an authority: until when, the signed pack, and that nothing of it is deleted meanwhile. */
export function Evidence({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const may = useMay();
  const [typed, setTyped] = useState<string>();
  const due = typed ?? (one.answer_due_at ? wallClock(one.answer_due_at) : "");
  const refresh = [caseKey(one.id), ["inbox", "cases"]];
  const change = useAct(
    (body: CaseChanges) =>
      answer<CaseDetail>(api.PATCH("/api/v1/complaint-cases/{id}", { params: { path: { id: one.id } }, body })),
    { done: t("cases.evidence.saved"), refresh, showsError: true, onDone: () => setTyped(undefined) },
  );
  const make = useAct(() => download(one.id), { done: t("cases.evidence.made"), refresh, showsError: true });
  const key = useQuery({
    queryKey: ["evidence-key"],
    queryFn: () => answer(api.GET("/api/v1/evidence-key")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (!may("manage_registry")) return null;
  return (
    <Section title={t("cases.evidence.title")} id="evidence">
      <Stack gap="md" style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
        <Text size="sm" className="quiet">
          {t("cases.evidence.explain")}
        </Text>
        <Group align="flex-end" gap="sm">
          <TextInput
            type="datetime-local"
            label={t("cases.evidence.due")}
            description={t("cases.evidence.due_hint")}
            value={due}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button
            variant="default"
            disabled={typed === undefined || typed === ""}
            loading={change.isPending}
            onClick={() => change.mutate({ answer_due_at: `${due}:00+03:00` })}
          >
            {t("cases.evidence.save")}
          </Button>
        </Group>
        <Switch
          label={t("cases.evidence.hold")}
          description={t("cases.evidence.hold_hint")}
          checked={one.legal_hold}
          onChange={(event) => change.mutate({ legal_hold: event.currentTarget.checked })}
        />
        {change.error && <Problem error={change.error} />}
        <div>
          <Button onClick={() => make.mutate(undefined)} loading={make.isPending} disabled={!one.answer_due_at}>
            {t("cases.evidence.make")}
          </Button>
          {!one.answer_due_at && (
            <Text size="sm" className="quiet" mt={4}>
              {t("cases.evidence.needs_due")}
            </Text>
          )}
        </div>
        {make.error && <Problem error={make.error} />}
        {key.data && (
          <div>
            <Text size="sm" className="quiet" mb={4}>
              {t("cases.evidence.key")}
            </Text>
            <CopyText text={key.data.public_key} />
          </div>
        )}
      </Stack>
    </Section>
  );
}

/** Fetches the pack and hands it to the browser's downloads. */
async function download(id: string): Promise<void> {
  const answered = await fetch(`/api/v1/complaint-cases/${encodeURIComponent(id)}/pack.zip`);
  if (!answered.ok) throw problemOf(answered.status, await answered.json().catch(() => undefined));
  const url = URL.createObjectURL(await answered.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = `${id}-kanit.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
