import { Button, Group, Modal, PasswordInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconUserPlus } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Role, User } from "../api/model";
import { usePages } from "../api/pages";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Listed } from "../app/data-table";
import { Page } from "../app/page";
import { useSession } from "../app/session";
import { StateBadge } from "../app/state-badge";
import { Empty, Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { ROLES, RoleTable } from "./roles";

const SECRET_MIN = 12;

/** Who works in the panel, and what each role may do. */
export function UsersPage() {
  const { t } = useTranslation();
  const { user: self } = useSession();
  const [edited, edit] = useState<User | "new">();
  const [switched, toggle] = useState<User>();
  const list = usePages(["users", "list"], (after) =>
    answer(api.GET("/api/v1/users", { params: { query: { after } } })),
  );
  const turn = useAct(
    ({ id, disabled }: { id: string; disabled: boolean }) =>
      answer<User>(api.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body: { disabled } })),
    { done: t("common.saved"), refresh: [["users"]], showsError: true, onDone: () => toggle(undefined) },
  );
  return (
    <Page
      title={t("common.menu.users")}
      lead={t("admin.users.lead")}
      actions={
        <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => edit("new")}>
          {t("admin.users.add")}
        </Button>
      }
    >
      <div className="surface">
        <Listed
          list={list}
          label={t("common.menu.users")}
          keyOf={({ id }) => id}
          empty={<Empty title={t("admin.users.none")} />}
          columns={[
            {
              head: t("admin.users.name"),
              width: "10rem",
              cell: ({ name, email, id }) => (
                <>
                  <strong>{name}</strong> {id === self.id && <span className="quiet">({t("admin.users.you")})</span>}
                  <Text size="sm" className="quiet" style={{ overflowWrap: "anywhere" }}>
                    {email}
                  </Text>
                </>
              ),
            },
            { head: t("admin.users.role"), cell: ({ role }) => t(`common.role.${role}`) },
            {
              head: t("common.account.language"),
              from: "sm",
              cell: ({ language }) => t(`common.language.${language}`),
            },
            {
              head: t("admin.users.state"),
              cell: ({ disabled_at }) => (
                <StateBadge
                  tone={disabled_at ? "neutral" : "good"}
                  label={t(disabled_at ? "admin.users.off" : "admin.users.on")}
                />
              ),
            },
            {
              head: "",
              cell: (user) => (
                <Group gap="xs" justify="flex-end" wrap="nowrap">
                  <Button size="compact-sm" variant="default" onClick={() => edit(user)}>
                    {t("common.action.edit")}
                  </Button>
                  {user.id !== self.id && (
                    <Button size="compact-sm" variant="default" onClick={() => toggle(user)}>
                      {t(user.disabled_at ? "admin.users.enable" : "admin.users.disable")}
                    </Button>
                  )}
                </Group>
              ),
            },
          ]}
        />
      </div>
      <RoleTable />
      <Modal
        opened={edited !== undefined}
        onClose={() => edit(undefined)}
        title={t(edited === "new" ? "admin.users.add" : "admin.users.edit")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        {edited && <UserForm user={edited === "new" ? undefined : edited} onDone={() => edit(undefined)} />}
      </Modal>
      <Ask
        opened={switched !== undefined}
        title={t(switched?.disabled_at ? "admin.users.enable_title" : "admin.users.disable_title", {
          name: switched?.name ?? "",
        })}
        confirm={t(switched?.disabled_at ? "admin.users.enable" : "admin.users.disable")}
        isDangerous={!switched?.disabled_at}
        isPending={turn.isPending}
        error={turn.error}
        onConfirm={() => switched && turn.mutate({ id: switched.id, disabled: !switched.disabled_at })}
        onClose={() => {
          turn.reset();
          toggle(undefined);
        }}
      >
        <Text>{t(switched?.disabled_at ? "admin.users.enable_text" : "admin.users.disable_text")}</Text>
      </Ask>
    </Page>
  );
}

function UserForm({ user, onDone }: { user: User | undefined; onDone: () => void }) {
  const { t } = useTranslation();
  const intention = useRef(newIntentionKey());
  const form = useForm({
    initialValues: {
      name: user?.name ?? "",
      email: user?.email ?? "",
      role: user?.role ?? ("viewer" as Role),
      language: user?.language ?? ("tr" as const),
      password: "",
    },
    onValuesChange: () => {
      intention.current = newIntentionKey();
    },
    validate: {
      name: (value) => (value.trim() === "" ? t("common.required") : null),
      email: (value) => (user || /.@./.test(value) ? null : t("admin.users.need_email")),
      password: (value) =>
        (user && value === "") || value.length >= SECRET_MIN ? null : t("admin.users.short", { count: SECRET_MIN }),
    },
  });
  const save = useAct(
    ({ email, password, ...rest }: typeof form.values) =>
      user
        ? answer<User>(
            api.PATCH("/api/v1/users/{id}", {
              params: { path: { id: user.id } },
              body: { ...rest, name: rest.name.trim(), password: password || undefined },
            }),
          )
        : answer<User>(
            api.POST("/api/v1/users", {
              body: { ...rest, name: rest.name.trim(), email: email.trim(), password },
              headers: { "Idempotency-Key": intention.current },
            }),
          ),
    { done: t("common.saved"), refresh: [["users"]], showsError: true, onDone },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate autoComplete="off">
      <Stack gap="md">
        <TextInput
          label={t("admin.users.name")}
          withAsterisk
          data-autofocus
          {...form.getInputProps("name")}
          error={form.errors.name ?? faults.name}
        />
        <TextInput
          label={t("admin.users.email")}
          type="email"
          withAsterisk
          disabled={user !== undefined}
          {...form.getInputProps("email")}
          error={form.errors.email ?? faults.email}
        />
        <Select
          label={t("admin.users.role")}
          description={t(`admin.roles.${form.values.role}`)}
          data={ROLES.map((value) => ({ value, label: t(`common.role.${value}`) }))}
          allowDeselect={false}
          {...form.getInputProps("role")}
        />
        <Select
          label={t("common.account.language")}
          data={(["tr", "en"] as const).map((value) => ({ value, label: t(`common.language.${value}`) }))}
          allowDeselect={false}
          {...form.getInputProps("language")}
        />
        <PasswordInput
          label={t(user ? "admin.users.new_password" : "admin.users.password")}
          description={t(user ? "admin.users.new_password_hint" : "admin.users.password_hint", { count: SECRET_MIN })}
          autoComplete="new-password"
          visibilityToggleButtonProps={{ "aria-label": t("common.action.show") }}
          withAsterisk={!user}
          {...form.getInputProps("password")}
          error={form.errors.password ?? faults.password}
        />
        {save.error && <Problem error={save.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {t("common.action.save")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
