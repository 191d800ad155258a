import { Button, Checkbox, Group, Modal, PasswordInput, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, ModePreview, RegistryMode, RegistryStatus } from "../api/model";
import { useAct } from "../app/act";
import { Counters } from "../app/counters";
import { DataTable } from "../app/data-table";
import { Notice } from "../app/notice";
import { useMay } from "../app/permissions";
import { Problem } from "../app/states";
import { useFormats } from "../locale/format";

const MODES: RegistryMode[] = ["integrator", "sync", "provider", "off"];

/** Changes who leads between the ledger and İYS, in two steps: look at whom it concerns, then make it. */
export function ModeChange({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const may = useMay();
  const [opened, open] = useState(false);
  if (!may("manage_registry") || !may("manage_brands")) return null;
  return (
    <>
      <Button variant="default" size="xs" onClick={() => open(true)}>
        {t("registry.change.open")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={t("registry.change.title")}
        size="xl"
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <Steps brand={brand} onClose={() => open(false)} />
      </Modal>
    </>
  );
}

function Steps({ brand, onClose }: { brand: Brand; onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const [mode, choose] = useState<RegistryMode>(brand.registry_mode);
  const [reason, setReason] = useState("");
  const path = { params: { path: { brand_id: brand.id } } };
  const off_reason = mode === "off" && reason.trim() !== "" ? reason.trim() : undefined;
  const look = useAct(
    () =>
      answer<ModePreview>(
        api.POST("/api/v1/registry/{brand_id}/mode/preview", { ...path, body: { mode, off_reason } }),
      ),
    { showsError: true },
  );
  if (look.data) {
    return (
      <Second brand={brand} preview={look.data} offReason={off_reason} onBack={() => look.reset()} onClose={onClose} />
    );
  }
  return (
    <Stack gap="md">
      <Radio.Group
        label={t("registry.change.which")}
        value={mode}
        onChange={(value) => choose(MODES.find((one) => one === value) ?? mode)}
      >
        <Stack gap="sm" mt="xs">
          {MODES.map((one) => (
            <Radio
              key={one}
              value={one}
              label={
                one === brand.registry_mode
                  ? t("registry.change.present", { mode: t(`registry.modes.${one}`) })
                  : t(`registry.modes.${one}`)
              }
              description={t(`registry.mode_explain.${one}`)}
            />
          ))}
        </Stack>
      </Radio.Group>
      {mode === "off" && may("manage_firm") && (
        <Textarea
          label={t("registry.change.off_reason")}
          description={t("registry.change.off_reason_hint")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={1_000}
          autosize
          minRows={2}
        />
      )}
      {look.error && <Problem error={look.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.action.cancel")}
        </Button>
        <Button
          onClick={() => look.mutate(undefined)}
          loading={look.isPending}
          disabled={mode === brand.registry_mode && !off_reason}
        >
          {t("registry.change.look")}
        </Button>
      </Group>
    </Stack>
  );
}

interface SecondProps {
  brand: Brand;
  preview: ModePreview;
  offReason: string | undefined;
  onBack: () => void;
  onClose: () => void;
}

function Second({ brand, preview, offReason, onBack, onClose }: SecondProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [rests, rest] = useState(true);
  const [password, setPassword] = useState("");
  const [isMissing, setMissing] = useState(false);
  const isAsked = preview.to === "sync" || preview.to === "integrator";
  const make = useAct(
    () =>
      answer<RegistryStatus>(
        api.POST("/api/v1/registry/{brand_id}/mode", {
          params: { path: { brand_id: brand.id } },
          body: { preview_id: preview.id, off_reason: offReason, rests_in_business_hours: isAsked && rests, password },
        }),
      ),
    {
      done: t("registry.change.made"),
      refresh: [["brands"], ["registry", brand.id]],
      showsError: true,
      onDone: onClose,
    },
  );
  return (
    <Stack gap="md">
      <Text fw={600}>
        {t("registry.change.from_to", {
          from: t(`registry.modes.${preview.from}`),
          to: t(`registry.modes.${preview.to}`),
        })}
      </Text>
      <Counters
        label={t("registry.change.effect")}
        counters={[
          { label: t("registry.change.become_sendable"), value: preview.become_sendable, tone: "good" },
          {
            label: t("registry.change.become_unsendable"),
            value: preview.become_unsendable,
            tone: preview.become_unsendable > 0 ? "bad" : undefined,
          },
          { label: t("registry.change.creatable"), value: preview.creatable },
        ]}
      />
      {preview.figures.length > 0 && (
        <DataTable
          label={t("registry.change.effect")}
          rows={preview.figures}
          keyOf={({ channel, kind }) => `${channel}/${kind}`}
          columns={[
            {
              head: t("registry.verdicts.channel"),
              cell: ({ channel, kind }) => `${t(`common.channel.${channel}`)} · ${t(`common.kind.${kind}`)}`,
            },
            ...(["sendable_now", "sendable_then", "to_be_asked", "too_old"] as const).map((figure) => ({
              head: t(`registry.change.${figure}`),
              cell: (row: ModePreview["figures"][number]) => formats.number(row[figure]),
              isNumber: true,
            })),
          ]}
        />
      )}
      {isAsked && (
        <Checkbox
          label={t("registry.change.rests")}
          description={t("registry.change.rests_hint")}
          checked={rests}
          onChange={(event) => rest(event.currentTarget.checked)}
        />
      )}
      <PasswordInput
        label={t("admin.live.password")}
        description={t("registry.change.password_hint")}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={isMissing && password === "" && t("common.required")}
        visibilityToggleButtonProps={{ "aria-label": t("common.action.show") }}
        withAsterisk
        maw={360}
      />
      <Notice tone="neutral">
        {t("registry.change.valid_until", { when: formats.dateTime(preview.valid_until) })}
      </Notice>
      {make.error && <Problem error={make.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onBack}>
          {t("common.action.back")}
        </Button>
        <Button
          onClick={() => {
            setMissing(password === "");
            if (password !== "") make.mutate(undefined);
          }}
          loading={make.isPending}
          color={preview.become_unsendable > 0 ? "red.9" : undefined}
        >
          {t("registry.change.make", { mode: t(`registry.modes.${preview.to}`) })}
        </Button>
      </Group>
    </Stack>
  );
}
