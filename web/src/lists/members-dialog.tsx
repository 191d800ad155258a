import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFocusBack } from "../app/focus-back";
import { notifyDone } from "../app/notify";
import { queries } from "../app/queries";
import { Problem } from "../app/states";
import { ADDRESSES_MAX, addressesOf } from "./addresses";
import { CALLS, type GroupKind } from "./calls";

interface MembersDialogProps {
  kind: GroupKind;
  /** The group; a new one when absent. */
  name?: string;
  onClose: () => void;
}

/** Puts people into a group, by their addresses; the group is made if there is none of its name. */
export function MembersDialog({ kind, name, onClose }: MembersDialogProps) {
  const { t } = useTranslation();
  useFocusBack(true);
  const [newName, setNewName] = useState("");
  const [text, setText] = useState("");
  const [isTried, setTried] = useState(false);
  const { addresses, faulty } = addressesOf(text);
  const wanted = name ?? newName.trim();
  const isReady = wanted !== "" && addresses.length > 0 && addresses.length <= ADDRESSES_MAX && faulty.length === 0;
  const save = useMutation({
    mutationFn: () => CALLS[kind].change(wanted, { add: addresses }),
    onSuccess: (done) => {
      void queries.invalidateQueries({ queryKey: ["groups", kind] });
      notifyDone(t("lists.added", { count: done.added }));
      // What the firm does not know stays in the box, so that nobody believes it was taken.
      if (done.unknown.length === 0) onClose();
      else setText(done.unknown.join("\n"));
    },
  });
  const unknown = save.data?.unknown.length ?? 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isReady) save.mutate();
  };
  const fault =
    faulty.length > 0
      ? t("lists.dialog.faulty", { text: faulty[0] })
      : addresses.length > ADDRESSES_MAX
        ? t("lists.dialog.too_many")
        : addresses.length === 0 && t("lists.dialog.need_addresses");

  return (
    <Modal
      opened
      onClose={onClose}
      title={name ?? t(`lists.new.${kind}`)}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          {!name && (
            <TextInput
              label={t("lists.column.name")}
              withAsterisk
              maxLength={50}
              value={newName}
              error={isTried && wanted === "" && t("lists.dialog.need_name")}
              onChange={({ currentTarget: { value } }) => setNewName(value)}
            />
          )}
          <Textarea
            label={t("lists.dialog.addresses")}
            description={t("lists.dialog.addresses_hint")}
            autosize
            minRows={4}
            maxRows={12}
            value={text}
            error={isTried && fault}
            onChange={({ currentTarget: { value } }) => setText(value)}
          />
          {unknown > 0 && <Text role="status">{t("lists.dialog.unknown", { count: unknown })}</Text>}
          {save.error && <Problem error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t(unknown > 0 ? "common.action.close" : "common.action.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("lists.dialog.add")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
