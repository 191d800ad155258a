import { Button, Checkbox, Group, Modal, NumberInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Attribute } from "../api/model";
import { useFocusBack } from "../app/focus-back";
import { notifyDone } from "../app/notify";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { Problem } from "../app/states";
import { ATTRIBUTES_KEY } from "./attributes";
import { changeOf, codeOf, type Draft, draftOf, EMPTY, faultsOf, KINDS, newOf } from "./draft";

/** Defines an attribute, or changes what may change of one: its code and type stay. */
export function AttributeDialog({ attribute, onClose }: { attribute?: Attribute; onClose: () => void }) {
  const { t } = useTranslation();
  useFocusBack(true);
  const may = useMay();
  const [draft, setDraft] = useState<Draft>(attribute ? draftOf(attribute) : EMPTY);
  const [isTried, setTried] = useState(false);
  const intention = useRef(newIntentionKey());
  const set = (change: Partial<Draft>) => {
    intention.current = newIntentionKey();
    setDraft((old) => ({ ...old, ...change }));
  };
  const save = useMutation({
    mutationFn: async () => {
      if (!attribute) {
        const headers = { "Idempotency-Key": intention.current };
        return answer(api.POST("/api/v1/attributes", { headers, body: newOf(draft) }));
      }
      const change = changeOf(attribute, draft);
      if (!change) return attribute;
      return answer(api.PATCH("/api/v1/attributes/{id}", { params: { path: { id: attribute.id } }, body: change }));
    },
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ATTRIBUTES_KEY });
      notifyDone(t("attributes.saved"));
      onClose();
    },
  });
  const faults = faultsOf(draft);
  const fault = (field: keyof Draft) => isTried && faults.includes(field) && t(`attributes.need.${field}` as never);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (faults.length === 0) save.mutate();
  };
  // Who may not read personal data must not be able to unmask it.
  const isKept = (mark: "is_personal" | "is_health") => Boolean(attribute?.[mark]) && !may("lift_marks");

  return (
    <Modal
      opened
      onClose={onClose}
      title={t(attribute ? "attributes.dialog.change" : "attributes.dialog.new")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TextInput
            label={t("attributes.field.label_tr")}
            withAsterisk
            maxLength={60}
            value={draft.label_tr}
            error={fault("label_tr")}
            onChange={({ currentTarget: { value } }) =>
              set({
                label_tr: value,
                ...(!attribute && draft.code === codeOf(draft.label_tr) && { code: codeOf(value) }),
              })
            }
          />
          <TextInput
            label={t("attributes.field.label_en")}
            description={t("attributes.field.label_en_hint")}
            maxLength={60}
            value={draft.label_en}
            onChange={({ currentTarget: { value } }) => set({ label_en: value })}
          />
          <TextInput
            label={t("attributes.field.code")}
            description={t("attributes.field.code_hint", { variable: `{{${draft.code || "semt"}}}` })}
            withAsterisk
            maxLength={40}
            disabled={attribute !== undefined}
            value={draft.code}
            error={fault("code")}
            onChange={({ currentTarget: { value } }) => set({ code: value })}
          />
          <Select
            label={t("attributes.field.kind")}
            data={KINDS.map((kind) => ({ value: kind, label: t(`attributes.kind.${kind}`) }))}
            value={draft.kind}
            onChange={(kind) => kind && set({ kind: kind as Draft["kind"] })}
            allowDeselect={false}
            disabled={attribute !== undefined}
          />
          {draft.kind === "choice" && (
            <Textarea
              label={t("attributes.field.choices")}
              description={t("attributes.field.choices_hint")}
              withAsterisk
              autosize
              minRows={3}
              value={draft.choices}
              error={fault("choices")}
              onChange={({ currentTarget: { value } }) => set({ choices: value })}
            />
          )}
          <Checkbox
            label={t("attributes.field.is_array")}
            description={t("attributes.field.is_array_hint")}
            checked={draft.is_array}
            disabled={attribute !== undefined}
            onChange={({ currentTarget: { checked } }) => set({ is_array: checked })}
          />
          <Checkbox
            label={t("attributes.field.is_personal")}
            description={t("attributes.field.is_personal_hint")}
            checked={draft.is_personal}
            disabled={isKept("is_personal")}
            onChange={({ currentTarget: { checked } }) => set({ is_personal: checked })}
          />
          <Checkbox
            label={t("attributes.field.is_health")}
            description={t("attributes.field.is_health_hint")}
            checked={draft.is_health}
            disabled={isKept("is_health")}
            onChange={({ currentTarget: { checked } }) => set({ is_health: checked })}
          />
          <NumberInput
            label={t("attributes.field.position")}
            min={0}
            max={10_000}
            allowDecimal={false}
            value={draft.position}
            onChange={(value) => set({ position: Number(value) || 0 })}
          />
          {save.error && <Problem error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.action.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("attributes.dialog.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
