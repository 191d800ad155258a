import { Badge, Button, Checkbox, Group, Modal, Select, Stack, Table, Text, Textarea } from "@mantine/core";
import { IconPlus, IconUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Channel, Stop } from "../api/model";
import { usePages } from "../api/pages";
import { useFocusBack } from "../app/focus-back";
import { ButtonLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { notifyDone } from "../app/notify";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { ScrollX } from "../app/scroll-x";
import { Empty, Failure, Loading, Problem } from "../app/states";
import { Time } from "../app/time";
import { ADDRESSES_MAX, addressesOf } from "./addresses";

const KEY = ["blacklist"] as const;
const CHANNELS: Channel[] = ["MESAJ", "ARAMA", "EPOSTA", "WHATSAPP"];

/** Whom nothing reaches, whatever they consented to. */
export function BlacklistPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [isAdding, setAdding] = useState(false);
  const list = usePages(KEY, (after) => answer(api.GET("/api/v1/blacklist", { params: { query: { after } } })));
  const lift = useMutation({
    mutationFn: ({ address, channel, cause }: Stop) =>
      answer(api.DELETE("/api/v1/blacklist", { body: { address, channel, cause } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: KEY });
      notifyDone(t("lists.blacklist.lifted"));
    },
  });
  const actions = may("manage_blacklist") && (
    <>
      <ButtonLink
        to="/uploads"
        search={{ new: true }}
        variant="default"
        leftSection={<IconUpload size={18} aria-hidden />}
      >
        {t("lists.from_file")}
      </ButtonLink>
      <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setAdding(true)}>
        {t("lists.blacklist.new")}
      </Button>
    </>
  );
  return (
    <Page title={t("lists.blacklist.title")} lead={t("lists.blacklist.lead")} actions={actions}>
      {lift.error && <Problem error={lift.error} />}
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Empty title={t("lists.blacklist.empty")} text={t("lists.blacklist.empty_hint")} />
        )}
        {list.items.length > 0 && (
          <Stops
            stops={list.items}
            onLift={may("manage_blacklist") ? (stop) => lift.mutate(stop) : undefined}
            lifting={lift.isPending ? lift.variables : undefined}
          />
        )}
        <MoreButton list={list} />
      </div>
      {isAdding && <StopDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

interface StopsProps {
  stops: Stop[];
  onLift?: (stop: Stop) => void;
  lifting?: Stop;
}

function Stops({ stops, onLift, lifting }: StopsProps) {
  const { t } = useTranslation();
  return (
    <ScrollX label={t("lists.blacklist.title")}>
      <Table aria-label={t("lists.blacklist.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("lists.blacklist.address")}</Table.Th>
            <Table.Th>{t("lists.blacklist.channel")}</Table.Th>
            <Table.Th>{t("lists.blacklist.why")}</Table.Th>
            <Table.Th visibleFrom="md">{t("lists.column.since")}</Table.Th>
            {onLift && <Table.Th />}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {stops.map((stop) => (
            <Table.Tr key={`${stop.address}:${stop.channel ?? ""}`}>
              <Table.Td className="number">{stop.address}</Table.Td>
              <Table.Td>{stop.channel ? t(`common.channel.${stop.channel}`) : t("lists.blacklist.every")}</Table.Td>
              <Table.Td>
                <Group gap={6}>
                  <Badge variant="light" color="red">
                    {t(`lists.blacklist.cause.${stop.cause}`)}
                  </Badge>
                  {stop.also_complaint && (
                    <Badge variant="light" color="red">
                      {t("lists.blacklist.cause.complaint")}
                    </Badge>
                  )}
                  {stop.spares_mandatory && <Badge variant="light">{t("lists.blacklist.spared")}</Badge>}
                </Group>
                {stop.note && (
                  <Text size="sm" className="quiet">
                    {stop.note}
                  </Text>
                )}
              </Table.Td>
              <Table.Td visibleFrom="md">
                <Time at={stop.created_at} />
              </Table.Td>
              {onLift && (
                <Table.Td ta="end">
                  {stop.address.includes("*") || (
                    <Button
                      variant="default"
                      size="xs"
                      onClick={() => onLift(stop)}
                      loading={lifting === stop}
                      aria-label={t("lists.blacklist.lift_label", { address: stop.address })}
                    >
                      {t("lists.blacklist.lift")}
                    </Button>
                  )}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

function StopDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  useFocusBack(true);
  const [text, setText] = useState("");
  const [note, setNote] = useState("");
  const [channel, setChannel] = useState<Channel | "">("");
  const [spares, setSpares] = useState(false);
  const [isTried, setTried] = useState(false);
  const intention = useRef(newIntentionKey());
  const { addresses, faulty } = addressesOf(text);
  const isReady = addresses.length > 0 && addresses.length <= ADDRESSES_MAX && faulty.length === 0;
  const save = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/v1/blacklist", {
          headers: { "Idempotency-Key": intention.current },
          body: {
            addresses,
            channel: channel || undefined,
            cause: "blacklist",
            spares_mandatory: spares,
            note: note.trim() || undefined,
          },
        }),
      ),
    onSuccess: (done) => {
      void queries.invalidateQueries({ queryKey: KEY });
      notifyDone(t("lists.blacklist.added", { count: done.added }));
      if (done.unknown.length === 0) onClose();
      else setText(done.unknown.join("\n"));
      intention.current = newIntentionKey();
    },
  });
  const unknown = save.data?.unknown.length ?? 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isReady) save.mutate();
  };
  const changed = (act: () => void) => {
    intention.current = newIntentionKey();
    act();
  };
  const fault = faulty.length > 0 ? t("lists.dialog.faulty", { text: faulty[0] }) : t("lists.dialog.need_addresses");

  return (
    <Modal
      opened
      onClose={onClose}
      title={t("lists.blacklist.new")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Textarea
            label={t("lists.dialog.addresses")}
            description={t("lists.dialog.addresses_hint")}
            autosize
            minRows={4}
            maxRows={12}
            value={text}
            error={isTried && !isReady && fault}
            onChange={({ currentTarget: { value } }) => changed(() => setText(value))}
          />
          <Select
            label={t("lists.blacklist.channel")}
            data={[
              { value: "", label: t("lists.blacklist.every") },
              ...CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) })),
            ]}
            value={channel}
            onChange={(value) => changed(() => setChannel((value ?? "") as Channel | ""))}
            allowDeselect={false}
          />
          <Checkbox
            label={t("uploads.dialog.spares_mandatory")}
            description={t("uploads.dialog.spares_mandatory_hint")}
            checked={spares}
            onChange={({ currentTarget: { checked } }) => changed(() => setSpares(checked))}
          />
          <Textarea
            label={t("lists.blacklist.note")}
            maxLength={500}
            value={note}
            onChange={({ currentTarget: { value } }) => changed(() => setNote(value))}
          />
          {unknown > 0 && <Text role="status">{t("lists.dialog.unknown", { count: unknown })}</Text>}
          {save.error && <Problem error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.action.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t("lists.blacklist.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
