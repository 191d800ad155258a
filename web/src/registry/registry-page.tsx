import { Button, Group, SimpleGrid, Table, Text, VisuallyHidden } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconDownload, IconUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, RegistryStatus, Verdict } from "../api/model";
import { Counters } from "../app/counters";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { notifyDone, notifyFailed } from "../app/notify";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { ScrollX } from "../app/scroll-x";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { Alarms } from "./alarms";
import { ComparisonPanel } from "./comparison";
import { isConnected, RegistryFrame } from "./frame";
import { ModeChange } from "./mode-change";
import { PushAddress } from "./push-address";
import classes from "./registry.module.css";
import { queueLength, useRegistry } from "./status";

const VERDICTS: Verdict[] = ["ONAY", "RET", "PENDING", "NOT_CONFIRMED", "NO_RECORD", "REFUSED", "UNASKED"];

/** How a brand stands with İYS: the connection, what waits, and who must look at what. */
export function RegistryPage() {
  const may = useMay();
  return (
    <RegistryFrame
      actions={(brand) => isConnected(brand) && may("manage_registry") && <RegistryActions brandId={brand.id} />}
    >
      {(brand) => <BrandStatus brand={brand} />}
    </RegistryFrame>
  );
}

function RegistryActions({ brandId }: { brandId: string }) {
  const { t } = useTranslation();
  const path = { params: { path: { brand_id: brandId } } };
  const settled = (message: string) => ({
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["registry", brandId] });
      notifyDone(message);
    },
    onError: notifyFailed,
  });
  const pull = useMutation({
    mutationFn: () => answer<unknown>(api.POST("/api/v1/registry/{brand_id}/pull", path)),
    ...settled(t("registry.pulled")),
  });
  const push = useMutation({
    mutationFn: () => answer<unknown>(api.POST("/api/v1/registry/{brand_id}/push", path)),
    ...settled(t("registry.pushed")),
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDownload size={18} aria-hidden />}
        onClick={() => pull.mutate()}
        loading={pull.isPending}
      >
        {t("registry.pull")}
      </Button>
      <Button
        variant="default"
        leftSection={<IconUpload size={18} aria-hidden />}
        onClick={() => push.mutate()}
        loading={push.isPending}
      >
        {t("registry.push")}
      </Button>
    </>
  );
}

function BrandStatus({ brand }: { brand: Brand }) {
  const { t, i18n } = useTranslation();
  const isEnglish = i18n.language === "en";
  const status = useRegistry(brand.id);
  const gap = status.data?.lights.find(({ code, ok }) => code === "gap" && !ok);
  return (
    <>
      {gap && (
        <Notice tone="bad" isUrgent title={isEnglish ? gap.name_en : gap.name}>
          {isEnglish ? gap.detail_en : gap.detail} {t("registry.gap")}
        </Notice>
      )}
      <Notice
        tone={isConnected(brand) ? "sent" : "out"}
        title={`${t("registry.mode")}: ${t(`registry.modes.${brand.registry_mode}`)}`}
      >
        <Group justify="space-between" gap="sm">
          <Text maw={620}>{t(`registry.mode_explain.${brand.registry_mode}`)}</Text>
          <ModeChange brand={brand} />
        </Group>
        {brand.off_reason && (
          <Text size="sm" className="quiet" mt={4}>
            {t("registry.change.off_reason")}: {brand.off_reason}
          </Text>
        )}
      </Notice>
      <Alarms brandId={brand.id} />
      {status.isPending && <Loading />}
      {status.isError && <Failure error={status.error} onRetry={() => status.refetch()} />}
      {status.data && (
        <>
          <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
            <Lights status={status.data} />
            <Queue status={status.data} />
          </SimpleGrid>
          {isConnected(brand) && (
            <ComparisonPanel brandId={brand.id} comparison={status.data.comparison ?? undefined} />
          )}
          <Verdicts status={status.data} />
          <PushAddress brand={brand} />
          <Evidence brand={brand} />
        </>
      )}
    </>
  );
}

/** The ledger as a file that anybody can recompute, for whoever may take it out. */
function Evidence({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const may = useMay();
  if (!may("read_audit")) return null;
  return (
    <Section title={t("registry.evidence.title")} id="evidence">
      <Group px="md" pb="md" gap="md" justify="space-between">
        <Text maw={640}>
          {t("registry.evidence.text")}{" "}
          <TextLink to="/messages" search={{}} underline="always">
            {t("registry.evidence.messages")}
          </TextLink>
        </Text>
        <Button
          component="a"
          href={`/api/v1/registry/${encodeURIComponent(brand.id)}/ledger.tar`}
          download
          variant="default"
          leftSection={<IconDownload size={18} aria-hidden />}
        >
          {t("registry.evidence.download")}
        </Button>
      </Group>
    </Section>
  );
}

function Lights({ status }: { status: RegistryStatus }) {
  const { t, i18n } = useTranslation();
  const isEnglish = i18n.language === "en";
  return (
    <Section title={t("registry.lights.title")} id="lights">
      {status.lights.length === 0 && (
        <Text px="md" pb="md">
          {t("registry.lights.none")}
        </Text>
      )}
      <ul className={classes.lights}>
        {status.lights.map(({ code, ok, ...words }) => (
          <li key={code} data-ok={ok}>
            {ok ? <IconCircleCheck size={20} aria-hidden /> : <IconCircleX size={20} aria-hidden />}
            <div>
              <Text fw={550}>
                {isEnglish ? words.name_en : words.name}{" "}
                <VisuallyHidden>: {t(ok ? "registry.lights.ok" : "registry.lights.bad")}</VisuallyHidden>
              </Text>
              <Text size="sm" className="quiet">
                {isEnglish ? words.detail_en : words.detail}
              </Text>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Queue({ status }: { status: RegistryStatus }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { queue } = status;
  return (
    <Section title={t("registry.queue.title")} id="queue">
      <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
        <Counters
          label={t("registry.queue.title")}
          counters={[
            { label: t("registry.queue.pending"), value: queue.pending },
            { label: t("registry.queue.in_flight"), value: queue.in_flight },
            { label: t("registry.queue.waiting"), value: queue.waiting },
            { label: t("registry.queue.parked"), value: queue.parked, tone: queue.parked > 0 ? "bad" : undefined },
          ]}
        />
        <Text size="sm" className="quiet" my="xs">
          {status.pulled_at && (
            <>
              {t("registry.queue.pulled")} <Time at={status.pulled_at} />
              {" · "}
            </>
          )}
          {queueLength(status) === 0 && t("registry.queue.idle")}
          {queue.oldest_at && t("registry.queue.oldest", { when: formats.dateTime(queue.oldest_at) })}
        </Text>
        {queue.last_error && (
          <Notice tone="out" title={t("registry.queue.last_error")}>
            {queue.last_error}
          </Notice>
        )}
        {status.strangers > 0 && (
          <Text size="sm" className="quiet">
            {t("registry.queue.strangers", { count: status.strangers })}
          </Text>
        )}
      </div>
    </Section>
  );
}

function Verdicts({ status }: { status: RegistryStatus }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const keys = [...new Map(status.verdicts.map((v) => [`${v.channel}/${v.kind}`, v])).values()];
  const count = (channel: string, kind: string, verdict?: Verdict) =>
    status.verdicts
      .filter((v) => v.channel === channel && v.kind === kind && (!verdict || v.verdict === verdict))
      .reduce((sum, v) => sum + v.count, 0);
  const shown = VERDICTS.filter((verdict) => status.verdicts.some((v) => v.verdict === verdict && v.count > 0));

  return (
    <Section title={t("registry.verdicts.title")} id="verdicts">
      {keys.length === 0 ? (
        <Text px="md" pb="md">
          {t("registry.verdicts.none")}
        </Text>
      ) : (
        <ScrollX label={t("registry.verdicts.caption")}>
          <Table aria-label={t("registry.verdicts.caption")}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("registry.verdicts.channel")}</Table.Th>
                <Table.Th>{t("registry.verdicts.kind")}</Table.Th>
                {shown.map((verdict) => (
                  <Table.Th key={verdict} ta="end">
                    {t(`contacts.verdict.${verdict}`)}
                  </Table.Th>
                ))}
                <Table.Th ta="end">{t("registry.verdicts.total")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {keys.map(({ channel, kind }) => (
                <Table.Tr key={`${channel}/${kind}`}>
                  <Table.Td>{t(`common.channel.${channel}`)}</Table.Td>
                  <Table.Td>{t(`common.kind.${kind}`)}</Table.Td>
                  {shown.map((verdict) => (
                    <Table.Td key={verdict} ta="end" className="number">
                      {formats.number(count(channel, kind, verdict))}
                    </Table.Td>
                  ))}
                  <Table.Td ta="end" className="number" fw={600}>
                    {formats.number(count(channel, kind))}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
    </Section>
  );
}
