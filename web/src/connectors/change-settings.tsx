import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Connector, ConnectorKind } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { queries } from "../app/queries";
import { Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { changesOf, type Filled, heldForm } from "./config-form";
import { ConnectorFields } from "./connector-fields";

/** Changes what was filled in for an account; the server tries it anew. */
export function ChangeSettings({ connector, kind }: { connector: Connector; kind: ConnectorKind }) {
  const { t } = useTranslation();
  const [opened, open] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => open(true)}>
        {t("connectors.change.do")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        size="lg"
        title={t("connectors.change.title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <ChangeForm connector={connector} kind={kind} onDone={() => open(false)} />
      </Modal>
    </>
  );
}

function ChangeForm({ connector, kind, onDone }: { connector: Connector; kind: ConnectorKind; onDone: () => void }) {
  const { t } = useTranslation();
  const [held] = useState(() => heldForm(kind, connector.config_masked as Record<string, unknown>));
  const [filled, fill] = useState<Filled>(held);
  const config = changesOf(kind, held, filled);
  const change = useAct(
    () =>
      answer<Connector>(
        api.PATCH("/api/v1/connectors/{id}", { params: { path: { id: connector.id } }, body: { config } }),
      ),
    {
      done: t("connectors.change.done"),
      refresh: [["connectors"], ["connector", connector.id, "balance"]],
      showsError: true,
      onDone: (fresh) => {
        queries.setQueryData(["connector", connector.id], fresh);
        onDone();
      },
    },
  );
  const faults = change.error instanceof ApiError ? change.error.fields(currentLanguage()) : {};
  const hasChanges = Object.keys(config).length > 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (hasChanges) change.mutate(undefined);
  };
  return (
    <form onSubmit={submit} noValidate autoComplete="off">
      <Stack gap="md">
        <Text size="sm" className="quiet">
          {t("connectors.change.lead")}
        </Text>
        <ConnectorFields
          kind={kind}
          filled={filled}
          faults={faults}
          missing={[]}
          secretHint={t("connectors.change.secret")}
          onChange={(name, value) => {
            change.reset();
            fill((old) => ({ ...old, [name]: value }));
          }}
        />
        {change.error && <Problem error={change.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={change.isPending} disabled={!hasChanges}>
            {t("connectors.change.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
