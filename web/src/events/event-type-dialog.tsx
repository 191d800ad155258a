import { ActionIcon, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { EventField, EventType } from "../api/model";
import { useAct } from "../app/act";
import { useFocusBack } from "../app/focus-back";
import { Problem } from "../app/states";
import { type Draft, descriptionOf, draftOf, FIELD_KINDS, FIELDS_MAX, faultsOf } from "./draft";
import { EVENT_TYPES_KEY } from "./event-types";

/** Describes a kind of event, or changes what is said of one: its name stays. */
export function EventTypeDialog({ type, onClose }: { type?: EventType; onClose: () => void }) {
  const { t } = useTranslation();
  useFocusBack(true);
  const [draft, setDraft] = useState<Draft>(() => draftOf(type));
  const [isTried, setTried] = useState(false);
  const intention = useRef(newIntentionKey());
  const set = (change: Partial<Draft>) => {
    intention.current = newIntentionKey();
    setDraft((old) => ({ ...old, ...change }));
  };
  const save = useAct(
    () => {
      const body = descriptionOf(draft);
      if (type)
        return answer<EventType>(api.PUT("/api/v1/event-types/{id}", { params: { path: { id: type.id } }, body }));
      const headers = { "Idempotency-Key": intention.current };
      return answer<EventType>(
        api.POST("/api/v1/event-types", { headers, body: { ...body, name: draft.name.trim() } }),
      );
    },
    { done: t("events.saved"), refresh: [EVENT_TYPES_KEY, ["events"]], showsError: true, onDone: onClose },
  );
  const faults = faultsOf(draft);
  const fault = (part: "name" | "label_tr" | "fields") => isTried && faults.includes(part) && t(`events.need.${part}`);
  const setField = (place: number, change: Partial<EventField>) =>
    set({ fields: draft.fields.map((field, at) => (at === place ? { ...field, ...change } : field)) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (faults.length === 0) save.mutate(undefined);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(type ? "events.dialog.change" : "events.dialog.new")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <TextInput
            label={t("events.field.name")}
            description={t("events.field.name_hint")}
            withAsterisk
            maxLength={120}
            disabled={type !== undefined}
            value={draft.name}
            error={fault("name")}
            onChange={({ currentTarget: { value } }) => set({ name: value })}
          />
          <TextInput
            label={t("events.field.label_tr")}
            withAsterisk
            maxLength={60}
            value={draft.label_tr}
            error={fault("label_tr")}
            onChange={({ currentTarget: { value } }) => set({ label_tr: value })}
          />
          <TextInput
            label={t("events.field.label_en")}
            description={t("events.field.label_en_hint")}
            maxLength={60}
            value={draft.label_en}
            onChange={({ currentTarget: { value } }) => set({ label_en: value })}
          />
          <Stack gap="xs" role="group" aria-label={t("events.field.fields")}>
            <div>
              <Text fw={500} size="sm">
                {t("events.field.fields")}
              </Text>
              <Text size="xs" className="quiet">
                {t("events.field.fields_hint")}
              </Text>
            </div>
            {draft.fields.map((field, place) => (
              <Group key={place} gap="xs" wrap="nowrap">
                <TextInput
                  aria-label={t("events.field.field_name", { place: place + 1 })}
                  style={{ flex: 1 }}
                  maxLength={60}
                  value={field.name}
                  onChange={({ currentTarget: { value } }) => setField(place, { name: value })}
                />
                <Select
                  aria-label={t("events.field.field_kind", { place: place + 1 })}
                  w={140}
                  data={FIELD_KINDS.map((kind) => ({ value: kind, label: t(`events.kind.${kind}`) }))}
                  value={field.kind}
                  allowDeselect={false}
                  onChange={(value) => {
                    const kind = FIELD_KINDS.find((one) => one === value);
                    if (kind) setField(place, { kind });
                  }}
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="lg"
                  aria-label={t("events.field.drop", { place: place + 1 })}
                  onClick={() => set({ fields: draft.fields.filter((_, at) => at !== place) })}
                >
                  <IconTrash size={18} aria-hidden />
                </ActionIcon>
              </Group>
            ))}
            {fault("fields") && (
              <Text size="sm" c="var(--mantine-color-error)" role="alert">
                {fault("fields")}
              </Text>
            )}
            <Group>
              <Button
                variant="default"
                size="compact-sm"
                leftSection={<IconPlus size={15} aria-hidden />}
                disabled={draft.fields.length >= FIELDS_MAX}
                onClick={() => set({ fields: [...draft.fields, { name: "", kind: "text" }] })}
              >
                {t("events.field.add")}
              </Button>
            </Group>
          </Stack>
          {save.error && <Problem error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.action.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("events.dialog.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
