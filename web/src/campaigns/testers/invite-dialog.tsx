import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../../api/client";
import type { Brand } from "../../api/model";
import { ApiError } from "../../api/problem";
import { useAct } from "../../app/act";
import { ButtonLink } from "../../app/links";
import { Problem } from "../../app/states";
import { useConnectors } from "../../connectors/queries";
import { currentLanguage } from "../../locale";
import { type Tester, testersKey } from "./queries";

interface InviteProps {
  brand: Brand;
  opened: boolean;
  onClose: () => void;
}

/** Asks somebody whether they want tests; the question goes to their own address. */
export function InviteDialog({ brand, opened, onClose }: InviteProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("reports.testers.add")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <InviteForm brand={brand} onClose={onClose} />
    </Modal>
  );
}

function InviteForm({ brand, onClose }: Omit<InviteProps, "opened">) {
  const { t } = useTranslation();
  const connectors = useConnectors();
  const active = connectors.data?.filter(({ state }) => state === "active") ?? [];
  const intention = useRef(newIntentionKey());
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [sender, setSender] = useState("");
  const [account, setAccount] = useState<string>();
  const [tried, setTried] = useState(false);
  const connector = account ?? active[0]?.id;
  const invite = useAct(
    () =>
      answer<Tester>(
        api.POST("/api/v1/brands/{id}/test-recipients", {
          params: { path: { id: brand.id } },
          body: {
            name: name.trim(),
            address: address.trim(),
            sender: sender.trim(),
            connector_id: connector ?? "",
          },
          headers: { "Idempotency-Key": intention.current },
        }),
      ),
    {
      done: t("reports.testers.asked"),
      refresh: [testersKey(brand.id)],
      showsError: true,
      onDone: onClose,
    },
  );
  const faults = invite.error instanceof ApiError ? invite.error.fields(currentLanguage()) : {};
  const missing = (value: string) => tried && value.trim() === "" && t("common.required");
  const change = (set: (value: string) => void) => (event: { currentTarget: { value: string } }) => {
    intention.current = newIntentionKey();
    set(event.currentTarget.value);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (connector && [name, address, sender].every((value) => value.trim() !== "")) invite.mutate(undefined);
  };
  if (connectors.isSuccess && active.length === 0) {
    return (
      <Stack gap="md">
        <Text>{t("campaigns.form.no_connector")}</Text>
        <Group justify="flex-end">
          <ButtonLink to="/connectors">{t("common.menu.connectors")}</ButtonLink>
        </Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit} noValidate autoComplete="off">
      <Stack gap="md">
        <TextInput
          label={t("reports.testers.name")}
          value={name}
          onChange={change(setName)}
          error={faults.name ?? missing(name)}
          maxLength={100}
          withAsterisk
          data-autofocus
        />
        <TextInput
          label={t("reports.testers.address")}
          description={t("reports.testers.address_hint")}
          value={address}
          onChange={change(setAddress)}
          error={faults.address ?? missing(address)}
          maxLength={320}
          withAsterisk
        />
        <Select
          label={t("campaigns.form.connector")}
          data={active.map(({ id, name }) => ({ value: id, label: name }))}
          value={connector ?? null}
          onChange={(value) => setAccount(value ?? undefined)}
          error={faults.connector_id}
          allowDeselect={false}
          withAsterisk
        />
        <TextInput
          label={t("campaigns.form.sender")}
          value={sender}
          onChange={change(setSender)}
          error={faults.sender ?? missing(sender)}
          maxLength={100}
          withAsterisk
        />
        {invite.error && <Problem error={invite.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t("common.action.cancel")}
          </Button>
          <Button type="submit" loading={invite.isPending || connectors.isPending}>
            {t("reports.testers.ask")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
