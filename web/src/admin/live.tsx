import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useSession } from "../app/session";

/** Ends practice: the owner's own deed, confirmed with their password. Gone once the firm is live. */
export function Live() {
  const { t } = useTranslation();
  const may = useMay();
  const { firm } = useSession();
  const [isAsked, ask] = useState(false);
  const [password, setPassword] = useState("");
  const [isMissing, setMissing] = useState(false);
  const live = useAct(
    () => answer(api.POST("/api/v1/firms/{id}/live", { params: { path: { id: firm.id } }, body: { password } })),
    { done: t("admin.live.done"), refresh: [["session"], ["connectors"]], showsError: true, onDone: () => ask(false) },
  );
  if (!firm.practice) return null;
  const close = () => {
    ask(false);
    setPassword("");
    live.reset();
  };
  return (
    <Section title={t("admin.live.title")} id="live">
      <Stack gap="sm" px="md" pb="md" maw={760} align="flex-start">
        <Text>{t("admin.live.text")}</Text>
        {may("manage_firm") ? (
          <Button onClick={() => ask(true)}>{t("admin.live.button")}</Button>
        ) : (
          <Text className="quiet">{t("admin.live.owner_only")}</Text>
        )}
      </Stack>
      <Ask
        opened={isAsked}
        title={t("admin.live.ask")}
        confirm={t("admin.live.button")}
        isDangerous
        isPending={live.isPending}
        error={live.error}
        onConfirm={() => {
          setMissing(password === "");
          if (password !== "") live.mutate(undefined);
        }}
        onClose={close}
      >
        <Text>{t("admin.live.what")}</Text>
        <PasswordInput
          label={t("admin.live.password")}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={isMissing && password === "" && t("common.required")}
          withAsterisk
          data-autofocus
        />
      </Ask>
    </Section>
  );
}
