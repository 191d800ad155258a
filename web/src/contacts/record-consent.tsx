import { Button, Group, Modal, Radio, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { IconPencilPlus } from "@tabler/icons-react";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Answer, Brand, Channel, Contact, RecipientKind } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { useBrands } from "../app/brands";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { useMay } from "../app/permissions";
import { CodeBadge, ReasonText } from "../app/reason-text";
import { useServerNow } from "../app/session";
import { Problem } from "../app/states";
import { instantOf, wallClockOf } from "../campaigns/builder/turkish-time";
import { currentLanguage } from "../locale";
import { RetailerField } from "./retailer-field";

/** Where a firm may take a consent or a refusal; İYS's own doors are not among them. */
const SOURCES = [
  "HS_CAGRI_MERKEZI",
  "HS_FIZIKSEL_ORTAM",
  "HS_ISLAK_IMZA",
  "HS_WEB",
  "HS_MOBIL",
  "HS_EPOSTA",
  "HS_MESAJ",
  "HS_SOSYAL_MEDYA",
  "HS_ETKINLIK",
  "HS_EORTAM",
  "HS_ATM",
] as const;
const PHONE: Channel[] = ["MESAJ", "ARAMA"];
const MAIL: Channel[] = ["EPOSTA"];
const KINDS: RecipientKind[] = ["BIREYSEL", "TACIR"];
const STATUSES = ["RET", "ONAY"] as const;

type Outcome = Answer<"/api/v1/consents", "post">["items"][number];

/** Writes down what a person has just told: a refusal or a consent, with where it was said and the proof of it. */
export function RecordConsent({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const may = useMay();
  const brands = useBrands();
  const [opened, open] = useState(false);
  // Who may not read the address cannot write something down for it.
  if (!may("record_consents") || !may("read_personal") || !brands.data?.length) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconPencilPlus size={18} aria-hidden />} onClick={() => open(true)}>
        {t("reports.record.do")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={t("reports.record.title")}
        size="lg"
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <RecordForm contact={contact} brands={brands.data} onClose={() => open(false)} />
      </Modal>
    </>
  );
}

function RecordForm({ contact, brands, onClose }: { contact: Contact; brands: Brand[]; onClose: () => void }) {
  const { t } = useTranslation();
  const serverNow = useServerNow();
  const intention = useRef(newIntentionKey());
  const channels = [...(contact.phone ? PHONE : []), ...(contact.email ? MAIL : [])];
  const [brand, setBrand] = useState(brands[0]?.id ?? "");
  const [channel, setChannel] = useState<Channel>(channels[0] ?? "MESAJ");
  const [kind, setKind] = useState<RecipientKind>("BIREYSEL");
  const [status, setStatus] = useState<(typeof STATUSES)[number]>("RET");
  const [source, setSource] = useState<string>(SOURCES[0]);
  const [evidence, setEvidence] = useState("");
  const [retailer, setRetailer] = useState("");
  const [at, setAt] = useState(() => wallClockOf(new Date(serverNow())));
  const record = useAct(
    async () => {
      const { items } = await answer(
        api.POST("/api/v1/consents", {
          body: {
            brand_id: brand,
            address: (channel === "EPOSTA" ? contact.email : contact.phone) ?? "",
            channel,
            kind,
            status,
            source,
            evidence: evidence.trim() || undefined,
            retailer_code: retailer ? Number(retailer) : undefined,
            consent_at: instantOf(at) ?? new Date(serverNow()).toISOString(),
          },
          headers: { "Idempotency-Key": intention.current },
        }),
      );
      return items[0] as Outcome;
    },
    { refresh: [["contact", contact.id], ["contacts"]], showsError: true },
  );
  const faults = record.error instanceof ApiError ? record.error.fields(currentLanguage()) : {};
  const changed = () => {
    intention.current = newIntentionKey();
    if (record.data || record.error) record.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    record.mutate(undefined);
  };
  const chosen = brands.find(({ id }) => id === brand);
  if (channels.length === 0) return <Text>{t("reports.record.no_address")}</Text>;
  return (
    <form onSubmit={submit} onChange={changed} noValidate autoComplete="off">
      <Stack gap="md">
        <Radio.Group
          label={t("reports.record.said")}
          value={status}
          onChange={(value) => setStatus(STATUSES.find((one) => one === value) ?? "RET")}
        >
          <Stack gap="xs" mt="xs">
            {STATUSES.map((value) => (
              <Radio
                key={value}
                value={value}
                label={t(`contacts.local.${value}`)}
                description={t(`reports.record.hint.${value}`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label={t("registry.brand")}
            data={brands.map(({ id, name }) => ({ value: id, label: name }))}
            value={brand}
            onChange={(value) => {
              changed();
              setBrand(value ?? brand);
              setRetailer("");
            }}
            error={faults.brand_id}
            allowDeselect={false}
          />
          <Select
            label={t("templates.channel")}
            data={channels.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
            value={channel}
            onChange={(value) => {
              changed();
              setChannel(channels.find((one) => one === value) ?? channel);
            }}
            error={faults.channel ?? faults.address}
            allowDeselect={false}
          />
          <Select
            label={t("campaigns.form.kind")}
            data={KINDS.map((value) => ({ value, label: t(`common.kind.${value}`) }))}
            value={kind}
            onChange={(value) => {
              changed();
              setKind(KINDS.find((one) => one === value) ?? kind);
            }}
            allowDeselect={false}
          />
          <Select
            label={t("reports.record.source")}
            data={SOURCES.map((value) => ({ value, label: t(`contacts.source.${value}`) }))}
            value={source}
            onChange={(value) => {
              changed();
              setSource(value ?? source);
            }}
            error={faults.source}
            allowDeselect={false}
          />
          <TextInput
            type="datetime-local"
            label={t("reports.record.at")}
            value={`${at.day}T${at.time}`}
            onChange={(event) => {
              const [day = "", time = ""] = event.currentTarget.value.split("T");
              setAt({ day, time });
            }}
            error={faults.consent_at}
          />
          <TextInput
            label={t("reports.record.evidence")}
            description={t("reports.record.evidence_hint")}
            value={evidence}
            onChange={(event) => setEvidence(event.currentTarget.value)}
            error={faults.evidence}
            maxLength={500}
          />
          {chosen && (
            <RetailerField
              brand={chosen}
              value={retailer}
              onChange={(code) => {
                changed();
                setRetailer(code);
              }}
              error={faults.retailer_code}
            />
          )}
        </SimpleGrid>
        {record.error && <Problem error={record.error} />}
        {record.data && <Became outcome={record.data} brand={brand} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t(record.data ? "common.action.close" : "common.action.cancel")}
          </Button>
          {!record.data && (
            <Button type="submit" loading={record.isPending}>
              {t("common.action.save")}
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}

/** What became of the declaration: taken, taken aside for a second person, or refused with its reason. */
function Became({ outcome, brand }: { outcome: Outcome; brand: string }) {
  const { t } = useTranslation();
  const { accepted, hold_id, reason } = outcome;
  const words = reason && (
    <Group gap={8}>
      <CodeBadge code={reason.code} />
      <ReasonText reason={reason} />
    </Group>
  );
  if (hold_id) {
    return (
      <Notice tone="held" title={t("reports.record.held")}>
        {words}
        <TextLink to="/registry/holds" search={{ brand }}>
          {t("reports.record.holds")}
        </TextLink>
      </Notice>
    );
  }
  return (
    <Notice tone={accepted ? "good" : "bad"} title={t(accepted ? "reports.record.taken" : "reports.record.refused")}>
      {words}
    </Notice>
  );
}
