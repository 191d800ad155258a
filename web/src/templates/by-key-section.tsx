import {
  Button,
  Checkbox,
  Group,
  NumberInput,
  Select,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Hours } from "../admin/quiet-times";
import { answer, api } from "../api/client";
import type { MessageSettings, Template } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { CopyText } from "../app/copy-text";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { Failure, Loading, Problem } from "../app/states";
import { useConnectors } from "../connectors/queries";
import { currentLanguage } from "../locale";
import { draftOf, exampleCall, type KeyDraft, OVERRIDABLE, settingsOf } from "./by-key";

const GROUNDS = ["INFORMATIONAL", "OTP"] as const;
const KINDS = ["BIREYSEL", "TACIR"] as const;
/** The day as it is proposed to whoever wants hours. */
const DAYTIME = { from_minute: 540, to_minute: 1_260 };
const REQUIRED = ["key", "purpose", "sender", "connector_id"] as const;

/** Whether programs may send a template by a key, and what holds for it. */
export function ByKeySection({ template }: { template: Template }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = { params: { path: { id: template.id } } };
  const held = useQuery({
    queryKey: ["template", template.id, "api"],
    queryFn: () =>
      answer<MessageSettings | undefined>(api.GET("/api/v1/templates/{id}/api", path)).then((known) => known ?? null),
  });
  const [isBegun, begin] = useState(false);
  const isShown = isBegun || Boolean(held.data);
  return (
    <Section title={t("templates.by_key.title")} id="by-key">
      {held.isPending && <Loading lines={3} />}
      {held.isError && <Failure error={held.error} onRetry={() => held.refetch()} />}
      {held.isSuccess && !isShown && (
        <Stack px="md" pb="md" align="flex-start">
          <Text>{t("templates.by_key.none")}</Text>
          {may("manage_templates") && (
            <Button variant="default" onClick={() => begin(true)}>
              {t("templates.by_key.begin")}
            </Button>
          )}
        </Stack>
      )}
      {held.isSuccess && isShown && (
        <Form
          key={JSON.stringify(held.data)}
          template={template}
          held={held.data}
          isReadOnly={!may("manage_templates")}
          onEnded={() => begin(false)}
        />
      )}
    </Section>
  );
}

interface FormProps {
  template: Template;
  held: MessageSettings | null;
  isReadOnly: boolean;
  onEnded: () => void;
}

function Form({ template, held, isReadOnly, onEnded }: FormProps) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(draftOf(held));
  const [tried, setTried] = useState(false);
  const [isAsked, ask] = useState(false);
  const path = { params: { path: { id: template.id } } };
  const refresh = [["template", template.id, "api"]];
  const save = useAct(
    (body: MessageSettings) => answer<MessageSettings>(api.PUT("/api/v1/templates/{id}/api", { ...path, body })),
    { done: t("common.saved"), refresh, showsError: true },
  );
  const end = useAct(() => answer(api.DELETE("/api/v1/templates/{id}/api", path)), {
    done: t("templates.by_key.ended"),
    refresh,
    showsError: true,
    onDone: onEnded,
  });
  const told = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const missing = REQUIRED.filter((field) => draft[field].trim() === "");
  const faults = {
    ...told,
    ...(tried ? Object.fromEntries(missing.map((field) => [field, t("common.required")])) : {}),
  };
  const set = (change: Partial<KeyDraft>) => setDraft((old) => ({ ...old, ...change }));
  const fields = { draft, set, faults, isReadOnly };
  return (
    <form
      noValidate
      style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (missing.length === 0) save.mutate(settingsOf(draft));
      }}
    >
      <Stack gap="md" maw={760}>
        <Text size="sm" className="quiet">
          {t("templates.by_key.hint")}
        </Text>
        <What {...fields} />
        <Limits {...fields} />
        <Overridable {...fields} isMail={template.channel === "EPOSTA"} />
        {held && (
          <div>
            <Text size="sm" fw={550} mb={4}>
              {t("templates.by_key.call")}
            </Text>
            <CopyText text={exampleCall(held.key, template)} />
          </div>
        )}
        {save.error && <Problem error={save.error} />}
        {!isReadOnly && (
          <Group justify="flex-end">
            {held && (
              <Button variant="default" onClick={() => ask(true)}>
                {t("templates.by_key.end")}
              </Button>
            )}
            <Button type="submit" loading={save.isPending}>
              {t("common.action.save")}
            </Button>
          </Group>
        )}
      </Stack>
      <Ask
        opened={isAsked}
        title={t("templates.by_key.end_title")}
        confirm={t("templates.by_key.end")}
        isDangerous
        isPending={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate(undefined)}
        onClose={() => {
          end.reset();
          ask(false);
        }}
      >
        <Text>{t("templates.by_key.end_text", { key: held?.key ?? "" })}</Text>
      </Ask>
    </form>
  );
}

interface FieldsProps {
  draft: KeyDraft;
  set: (change: Partial<KeyDraft>) => void;
  faults: Record<string, string>;
  isReadOnly: boolean;
}

/** Its name, its ground and who says it over which account. */
function What({ draft, set, faults, isReadOnly }: FieldsProps) {
  const { t } = useTranslation();
  const accounts = useConnectors();
  const text = (field: "key" | "purpose" | "sender", maxLength: number) => ({
    label: t(`templates.by_key.${field}`),
    description: t(`templates.by_key.${field}_hint`),
    value: draft[field],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => set({ [field]: event.currentTarget.value }),
    error: faults[field],
    readOnly: isReadOnly,
    withAsterisk: true,
    maxLength,
  });
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} style={{ alignItems: "end" }}>
      <TextInput {...text("key", 64)} placeholder="siparis.kargoda" />
      <Select
        label={t("templates.by_key.basis")}
        description={t("templates.by_key.basis_hint")}
        data={GROUNDS.map((value) => ({ value, label: t(`common.basis.${value}`) }))}
        value={draft.basis}
        onChange={(value) => set({ basis: GROUNDS.find((one) => one === value) ?? draft.basis })}
        allowDeselect={false}
        error={faults.basis}
        readOnly={isReadOnly}
      />
      <TextInput {...text("purpose", 100)} />
      <Select
        label={t("templates.by_key.kind")}
        description={t("templates.by_key.kind_hint")}
        data={KINDS.map((value) => ({ value, label: t(`common.kind.${value}`) }))}
        value={draft.kind}
        onChange={(value) => set({ kind: KINDS.find((one) => one === value) ?? draft.kind })}
        allowDeselect={false}
        error={faults.kind}
        readOnly={isReadOnly}
      />
      <Select
        label={t("templates.by_key.connector")}
        description={t("templates.by_key.connector_hint")}
        data={accounts.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
        value={draft.connector_id || null}
        onChange={(value) => set({ connector_id: value ?? "" })}
        allowDeselect={false}
        error={faults.connector_id}
        readOnly={isReadOnly}
        withAsterisk
      />
      <TextInput {...text("sender", 50)} />
    </SimpleGrid>
  );
}

/** How often, when, and until when. */
function Limits({ draft, set, faults, isReadOnly }: FieldsProps) {
  const { t } = useTranslation();
  const count = (field: "person_limit" | "total_limit" | "limit_hours" | "expires_minutes", max: number) => ({
    label: t(`templates.by_key.${field}`),
    value: draft[field],
    onChange: (value: number | string) => set({ [field]: value }),
    error: faults[field],
    readOnly: isReadOnly,
    allowDecimal: false,
    min: 1,
    max,
  });
  const { window } = draft;
  return (
    <>
      <Title order={3} size="h5">
        {t("templates.by_key.limits")}
      </Title>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberInput {...count("person_limit", 10_000)} placeholder={t("reports.rules.no_limit")} />
        <NumberInput {...count("total_limit", 10_000_000)} placeholder={t("reports.rules.no_limit")} />
        <NumberInput {...count("limit_hours", 8_760)} placeholder="24" />
        <NumberInput {...count("expires_minutes", 43_200)} placeholder={t("templates.by_key.never_expires")} />
      </SimpleGrid>
      <Switch
        label={t("templates.by_key.window")}
        description={t("templates.by_key.window_hint")}
        checked={window !== null}
        onChange={(event) => set({ window: event.currentTarget.checked ? DAYTIME : null })}
        error={faults.window}
        disabled={isReadOnly}
      />
      {window && (
        <Group gap="xs">
          <Hours hours={window} onChange={(window) => set({ window })} isReadOnly={isReadOnly} />
        </Group>
      )}
    </>
  );
}

/** What a call may say otherwise. */
function Overridable({ draft, set, faults, isReadOnly, isMail }: FieldsProps & { isMail: boolean }) {
  const { t } = useTranslation();
  const offered = OVERRIDABLE.filter((one) => one !== "subject" || isMail);
  return (
    <Checkbox.Group
      label={t("templates.by_key.overridable")}
      description={t("templates.by_key.overridable_hint")}
      value={draft.overridable}
      onChange={(chosen) => set({ overridable: OVERRIDABLE.filter((one) => chosen.includes(one)) })}
      error={faults.overridable}
    >
      <Group mt="xs">
        {offered.map((one) => (
          <Checkbox key={one} value={one} label={t(`templates.by_key.may.${one}`)} disabled={isReadOnly} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
