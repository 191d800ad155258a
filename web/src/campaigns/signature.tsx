import { Button, Group, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Campaign } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useServerNow } from "../app/session";
import { Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";
import classes from "./builder/builder.module.css";
import { useGo } from "./builder/go";
import { instantOf, wallClockOf } from "./builder/turkish-time";

const METHODS = ["e-imza", "mobil imza"] as const;

/** Records an electronic signature over exactly what the GO page shows; only where the brand asks for one. */
export function Signature({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  const go = useGo(campaign);
  const may = useMay();
  if (!go.data?.needs_signature || campaign.channel === "EPOSTA") return null;
  return (
    <Section title={t("builder.sign.title")} id="signature">
      <div className={classes.inside}>
        <Text size="sm" className="quiet">
          {t("builder.sign.explain")}
        </Text>
        {may("approve_campaigns") ? (
          <SignatureForm id={campaign.id} contentHash={go.data.content_hash} />
        ) : (
          <Notice tone="held">{t("builder.sign.not_allowed")}</Notice>
        )}
      </div>
    </Section>
  );
}

function SignatureForm({ id, contentHash }: { id: string; contentHash: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const serverNow = useServerNow();
  const [signer, setSigner] = useState("");
  const [method, setMethod] = useState<string>(METHODS[0]);
  const [evidence, setEvidence] = useState("");
  const [at, setAt] = useState(() => wallClockOf(new Date(serverNow())));
  const sign = useAct(
    () =>
      answer(
        api.POST("/api/v1/campaigns/{id}/signature", {
          params: { path: { id } },
          body: {
            signer: signer.trim(),
            method,
            content_hash: contentHash,
            evidence: evidence.trim(),
            signed_at: instantOf(at) ?? new Date(serverNow()).toISOString(),
          },
        }),
      ),
    { done: t("builder.sign.kept"), refresh: [["campaign", id, "dry-run"]], showsError: true },
  );
  const faults = sign.error instanceof ApiError ? sign.error.fields(currentLanguage()) : {};
  if (sign.data) {
    return (
      <Notice tone="good" title={t("builder.sign.kept")}>
        {t("builder.sign.kept_text", { signer: sign.data.signer, when: formats.dateTime(sign.data.signed_at) })}
      </Notice>
    );
  }
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <TextInput
          label={t("builder.sign.signer")}
          value={signer}
          onChange={(event) => setSigner(event.currentTarget.value)}
          error={faults.signer}
          maxLength={200}
          withAsterisk
        />
        <Select
          label={t("builder.sign.method")}
          data={METHODS.map((value) => ({ value, label: value }))}
          value={method}
          onChange={(value) => value && setMethod(value)}
          allowDeselect={false}
        />
        <TextInput
          type="datetime-local"
          label={t("builder.sign.at")}
          value={`${at.day}T${at.time}`}
          onChange={(event) => {
            const [day = "", time = ""] = event.currentTarget.value.split("T");
            setAt({ day, time });
          }}
          error={faults.signed_at}
        />
      </SimpleGrid>
      <Textarea
        label={t("builder.sign.evidence")}
        description={t("builder.sign.evidence_hint")}
        value={evidence}
        onChange={(event) => setEvidence(event.currentTarget.value)}
        error={faults.evidence}
        autosize
        minRows={2}
        maxLength={20_000}
        withAsterisk
      />
      {sign.error && <Problem error={sign.error} />}
      <Group justify="flex-end">
        <Button
          onClick={() => sign.mutate(undefined)}
          loading={sign.isPending}
          disabled={signer.trim() === "" || evidence.trim() === ""}
        >
          {t("builder.sign.record")}
        </Button>
      </Group>
    </Stack>
  );
}
