import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Connector, ConnectorKind } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { TextLink } from "../app/links";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { Failure, Loading, Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { configOf, emptyForm, type Filled, missingFields } from "./config-form";
import { ConnectorFields } from "./connector-fields";
import { useKinds } from "./queries";

/** Adds a provider account; the form is what the provider's connector asks for. */
export function NewConnectorPage() {
  const { t } = useTranslation();
  const may = useMay();
  const kinds = useKinds();
  return (
    <Page
      title={t("connectors.add")}
      lead={t("connectors.form.lead")}
      back={<TextLink to="/connectors">{t("connectors.back")}</TextLink>}
    >
      <div className="surface" style={{ padding: "var(--mantine-spacing-md)", maxWidth: 760 }}>
        {kinds.isPending && <Loading />}
        {kinds.isError && <Failure error={kinds.error} onRetry={() => kinds.refetch()} />}
        {!may("manage_connectors") && <Text>{t("connectors.form.not_allowed")}</Text>}
        {kinds.data && may("manage_connectors") && <ConnectorForm kinds={kinds.data} />}
      </div>
    </Page>
  );
}

function ConnectorForm({ kinds }: { kinds: ConnectorKind[] }) {
  const { t, i18n } = useTranslation();
  const isEnglish = i18n.language === "en";
  const navigate = useNavigate();
  const intention = useRef(newIntentionKey());
  const [kindName, chooseKind] = useState<string>();
  const [name, setName] = useState("");
  const [filled, fill] = useState<Filled>({});
  const [tried, setTried] = useState(false);
  const kind = kinds.find((one) => one.kind === kindName);
  const create = useAct(
    () =>
      answer<Connector>(
        api.POST("/api/v1/connectors", {
          body: { kind: kind?.kind ?? "", name: name.trim(), config: kind ? configOf(kind, filled) : {} },
          headers: { "Idempotency-Key": intention.current },
        }),
      ),
    {
      done: t("connectors.form.added"),
      refresh: [["connectors"]],
      showsError: true,
      onDone: ({ id }) => void navigate({ to: "/connectors/$id", params: { id } }),
    },
  );
  const faults = create.error instanceof ApiError ? create.error.fields(currentLanguage()) : {};
  const missing = tried && kind ? missingFields(kind, filled) : [];
  const change = () => {
    // Other content is another intention.
    intention.current = newIntentionKey();
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (kind && name.trim() !== "" && missingFields(kind, filled).length === 0) create.mutate(undefined);
  };
  return (
    <form onSubmit={submit} noValidate autoComplete="off">
      <Stack gap="md">
        <Select
          label={t("connectors.form.kind")}
          placeholder={t("connectors.form.kind_placeholder")}
          data={kinds.map((one) => ({ value: one.kind, label: isEnglish ? one.title_en : one.title_tr }))}
          value={kindName ?? null}
          onChange={(value) => {
            change();
            setTried(false);
            chooseKind(value ?? undefined);
            const chosen = kinds.find((one) => one.kind === value);
            fill(chosen ? emptyForm(chosen) : {});
            if (chosen && name.trim() === "") setName(isEnglish ? chosen.title_en : chosen.title_tr);
          }}
          searchable
          allowDeselect={false}
          withAsterisk
          error={tried && !kind && t("common.required")}
        />
        {kind && (
          <TextInput
            label={t("connectors.form.name")}
            description={t("connectors.form.name_hint")}
            value={name}
            onChange={(event) => {
              change();
              setName(event.currentTarget.value);
            }}
            maxLength={100}
            withAsterisk
            error={faults.name ?? (tried && name.trim() === "" && t("common.required"))}
          />
        )}
        {kind && (
          <ConnectorFields
            kind={kind}
            filled={filled}
            faults={faults}
            missing={missing}
            onChange={(field, value) => {
              change();
              fill((old) => ({ ...old, [field]: value }));
            }}
          />
        )}
        {create.error && <Problem error={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t("common.action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
