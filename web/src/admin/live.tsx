import { Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Answer } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useSession } from "../app/session";
import { Failure, Loading } from "../app/states";
import { currentLanguage } from "../locale";

type Preview = Answer<"/api/v1/firms/{id}/live", "get">;

/** Ends practice: the owner's own deed, looked at first and confirmed with their password. Gone once the firm is live. */
export function Live() {
  const { t } = useTranslation();
  const may = useMay();
  const { firm } = useSession();
  const isOwner = may("manage_firm");
  const preview = useQuery({
    queryKey: ["live", firm.id],
    queryFn: () => answer(api.GET("/api/v1/firms/{id}/live", { params: { path: { id: firm.id } } })),
    enabled: firm.practice && isOwner,
  });
  if (!firm.practice) return null;
  return (
    <Section title={t("admin.live.title")} id="live">
      <Stack gap="sm" px="md" pb="md" maw={760} align="flex-start">
        <Text>{t("admin.live.text")}</Text>
        {!isOwner && <Text className="quiet">{t("admin.live.owner_only")}</Text>}
        {isOwner && preview.isPending && <Loading lines={3} />}
        {preview.isError && <Failure error={preview.error} onRetry={() => preview.refetch()} />}
        {preview.data && <Step firm={firm.id} preview={preview.data} />}
      </Stack>
    </Section>
  );
}

/** What would happen, what stands against it, and the button. */
function Step({ firm, preview }: { firm: string; preview: Preview }) {
  const { t } = useTranslation();
  const [isAsked, ask] = useState(false);
  const [password, setPassword] = useState("");
  const [isMissing, setMissing] = useState(false);
  const { accounts, brands, obstacle, registry_url } = preview;
  const live = useAct(
    () => answer(api.POST("/api/v1/firms/{id}/live", { params: { path: { id: firm } }, body: { password } })),
    {
      done: t("admin.live.done"),
      refresh: [["session"], ["connectors"], ["brands"], ["registry"], ["live"]],
      showsError: true,
      onDone: () => ask(false),
    },
  );
  const close = () => {
    ask(false);
    setPassword("");
    live.reset();
  };
  const changes = (
    <ul style={{ margin: 0, paddingInlineStart: "1.25rem" }} data-changes>
      <li>{t("admin.live.accounts", { count: accounts })}</li>
      <li>{t("admin.live.registry", { url: registry_url })}</li>
      {brands.length > 0 && <li>{t("admin.live.brands", { names: brands.join(", ") })}</li>}
      <li>{t("admin.live.campaigns")}</li>
    </ul>
  );
  if (obstacle) {
    return (
      <div data-obstacle={obstacle.code}>
        <Notice tone="held" title={t("admin.live.not_yet")}>
          {currentLanguage() === "en" ? obstacle.text_en : obstacle.text_tr}
        </Notice>
      </div>
    );
  }
  return (
    <>
      <Text fw={550}>{t("admin.live.changes")}</Text>
      {changes}
      <Text size="sm" className="quiet">
        {t("admin.live.no_restart")}
      </Text>
      <Button onClick={() => ask(true)}>{t("admin.live.button")}</Button>
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
        {changes}
        <PasswordInput
          label={t("admin.live.password")}
          description={t("admin.live.no_code")}
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={isMissing && password === "" && t("common.required")}
          withAsterisk
          data-autofocus
        />
      </Ask>
    </>
  );
}
