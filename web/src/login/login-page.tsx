import { Button, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/problem";
import { AppearanceMenu, LanguageMenu } from "../app/account-menu";
import { logIn } from "../app/session";
import { Problem } from "../app/states";
import classes from "./login.module.css";
import { safeNext } from "./safe-next";

const route = getRouteApi("/login");

/** The door. Afterwards the person stands where they wanted to go. */
export function LoginPage() {
  const { t } = useTranslation();
  const { next } = route.useSearch();
  const router = useRouter();
  useEffect(() => {
    document.title = `${t("login.title")} · İzinli`;
  }, [t]);

  const form = useForm({
    initialValues: { email: "", password: "" },
    validate: {
      email: (email) => (email.trim() === "" ? t("login.need_email") : null),
      password: (password) => (password === "" ? t("login.need_password") : null),
    },
  });
  const enter = useMutation({
    mutationFn: (values: { email: string; password: string }) => logIn(values.email.trim(), values.password),
    onSuccess: () => router.history.replace(safeNext(next)),
  });
  const isWrong = enter.error instanceof ApiError && enter.error.status === 401;

  return (
    <main className={classes.page}>
      <Group justify="flex-end" gap="xs" p="sm" className={classes.corner}>
        <LanguageMenu />
        <AppearanceMenu />
      </Group>
      <Paper component="section" withBorder className={classes.card} p="xl">
        <form onSubmit={form.onSubmit((values) => enter.mutate(values))} noValidate>
          <Stack gap="md">
            <Group gap="sm">
              <img src="/icon.svg" alt="" width={40} height={40} />
              <Text fw={700} fz="xl">
                İzinli
              </Text>
            </Group>
            <div>
              <Title order={1} size="h3">
                {t("login.title")}
              </Title>
              <Text className="quiet" mt={4}>
                {t("login.lead")}
              </Text>
            </div>
            <TextInput
              label={t("login.email")}
              placeholder={t("login.email_placeholder")}
              type="email"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              data-autofocus
              {...form.getInputProps("email")}
            />
            <PasswordInput
              label={t("login.password")}
              autoComplete="current-password"
              visibilityToggleButtonProps={{ "aria-label": t("common.action.show") }}
              {...form.getInputProps("password")}
              error={form.errors.password ?? (isWrong ? t("login.wrong") : undefined)}
            />
            {enter.error && !isWrong && <Problem error={enter.error} />}
            <Button type="submit" size="md" loading={enter.isPending} fullWidth>
              {t("login.submit")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
