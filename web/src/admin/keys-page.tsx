import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { ApiKey, Role } from "../api/model";
import { usePages } from "../api/pages";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { CopyText } from "../app/copy-text";
import { Listed } from "../app/data-table";
import { Notice } from "../app/notice";
import { Page } from "../app/page";
import { StateBadge } from "../app/state-badge";
import { Empty, Problem } from "../app/states";
import { Time } from "../app/time";
import { currentLanguage } from "../locale";
import { ROLES } from "./roles";

/** Keys of the programming interface. A key's text is shown once, when it is made. */
export function KeysPage() {
  const { t } = useTranslation();
  const [adds, add] = useState(false);
  const [withdrawn, withdraw] = useState<ApiKey>();
  const list = usePages(["api-keys", "list"], (after) =>
    answer(api.GET("/api/v1/api-keys", { params: { query: { after } } })),
  );
  const end = useAct(
    (id: string) =>
      answer<ApiKey>(api.PATCH("/api/v1/api-keys/{id}", { params: { path: { id } }, body: { disabled: true } })),
    { done: t("admin.keys.ended"), refresh: [["api-keys"]], showsError: true, onDone: () => withdraw(undefined) },
  );
  const addButton = (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => add(true)}>
      {t("admin.keys.add")}
    </Button>
  );
  return (
    <Page title={t("common.menu.keys")} lead={t("admin.keys.lead")} actions={addButton}>
      <div className="surface">
        <Listed
          list={list}
          label={t("common.menu.keys")}
          keyOf={({ id }) => id}
          empty={<Empty title={t("admin.keys.none")} text={t("admin.keys.none_text")} action={addButton} />}
          columns={[
            {
              head: t("admin.users.name"),
              width: "9rem",
              cell: ({ name, id }) => (
                <>
                  <strong>{name}</strong>
                  <Text size="sm" className="quiet">
                    {id}
                  </Text>
                </>
              ),
            },
            { head: t("admin.users.role"), cell: ({ role }) => t(`common.role.${role}`) },
            { head: t("admin.keys.made"), from: "sm", cell: ({ created_at }) => <Time at={created_at} /> },
            {
              head: t("admin.keys.until"),
              from: "sm",
              cell: ({ expires_at }) => (expires_at ? <Time at={expires_at} /> : t("admin.keys.endless")),
            },
            {
              head: t("admin.users.state"),
              cell: (key) =>
                key.disabled_at ? (
                  <StateBadge tone="neutral" label={t("admin.keys.off")} />
                ) : (
                  <Group gap="xs">
                    <StateBadge tone="good" label={t("admin.keys.on")} />
                    <Button size="compact-sm" variant="default" onClick={() => withdraw(key)}>
                      {t("admin.keys.end")}
                    </Button>
                  </Group>
                ),
            },
          ]}
        />
      </div>
      <Modal
        opened={adds}
        onClose={() => add(false)}
        title={t("admin.keys.add")}
        closeOnClickOutside={false}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <KeyForm onClose={() => add(false)} />
      </Modal>
      <Ask
        opened={withdrawn !== undefined}
        title={t("admin.keys.end_title", { name: withdrawn?.name ?? "" })}
        confirm={t("admin.keys.end")}
        isDangerous
        isPending={end.isPending}
        error={end.error}
        onConfirm={() => withdrawn && end.mutate(withdrawn.id)}
        onClose={() => {
          end.reset();
          withdraw(undefined);
        }}
      >
        <Text>{t("admin.keys.end_text")}</Text>
      </Ask>
    </Page>
  );
}

function KeyForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const intention = useRef(newIntentionKey());
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const [until, setUntil] = useState("");
  const [tried, setTried] = useState(false);
  const make = useAct(
    () =>
      answer(
        api.POST("/api/v1/api-keys", {
          body: {
            name: name.trim(),
            role,
            // The last minute of that day in Turkey.
            expires_at: until === "" ? undefined : `${until}T23:59:00+03:00`,
          },
          headers: { "Idempotency-Key": intention.current },
        }),
      ),
    { refresh: [["api-keys"]], showsError: true },
  );
  const faults = make.error instanceof ApiError ? make.error.fields(currentLanguage()) : {};
  if (make.data) {
    return (
      <Stack gap="md">
        <Notice tone="out" title={t("admin.keys.once")}>
          {t("admin.keys.once_text")}
        </Notice>
        <CopyText text={make.data.key} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{t("admin.keys.kept")}</Button>
        </Group>
      </Stack>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (name.trim() !== "") make.mutate(undefined);
  };
  const change = () => {
    intention.current = newIntentionKey();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          label={t("admin.users.name")}
          description={t("admin.keys.name_hint")}
          value={name}
          onChange={(event) => {
            change();
            setName(event.currentTarget.value);
          }}
          error={faults.name ?? (tried && name.trim() === "" && t("common.required"))}
          withAsterisk
          data-autofocus
        />
        <Select
          label={t("admin.users.role")}
          description={t(`admin.roles.${role}`)}
          data={ROLES.map((value) => ({ value, label: t(`common.role.${value}`) }))}
          value={role}
          onChange={(value) => {
            change();
            setRole(ROLES.find((one) => one === value) ?? role);
          }}
          allowDeselect={false}
          error={faults.role}
        />
        <TextInput
          label={t("admin.keys.until")}
          description={t("admin.keys.until_hint")}
          type="date"
          value={until}
          onChange={(event) => {
            change();
            setUntil(event.currentTarget.value);
          }}
          error={faults.expires_at}
        />
        {make.error && <Problem error={make.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={make.isPending}>
            {t("admin.keys.make")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
