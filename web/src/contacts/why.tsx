import { Group, Select, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Basis, Channel, Contact, RecipientKind, Verdict, Why } from "../api/model";
import { useBrands } from "../app/brands";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { CodeBadge, ReasonText } from "../app/reason-text";
import { StateBadge, type Tone } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { AskThroughRegistry, HistoryAtRegistry } from "./at-registry";
import classes from "./contact.module.css";
import { useRecords } from "./records";
import { TimeMachine } from "./time-machine";

const route = getRouteApi("/shell/contacts/$id");

const CHANNELS: Channel[] = ["MESAJ", "EPOSTA", "ARAMA"];
const KINDS: RecipientKind[] = ["BIREYSEL", "TACIR"];
const BASES: Basis[] = ["COMMERCIAL", "INFORMATIONAL"];

export const VERDICT_TONE: Record<Verdict, Tone> = {
  UNASKED: "neutral",
  ONAY: "good",
  RET: "bad",
  PENDING: "held",
  NOT_CONFIRMED: "out",
  NO_RECORD: "neutral",
  REFUSED: "bad",
};

interface Question {
  brand_id: string;
  channel: Channel;
  kind: RecipientKind;
  basis: Basis;
}

/** "Neden geldi, neden gelmedi": asks the gate about this person, for one brand, channel, kind and basis. */
export function WhyPanel({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const brands = useBrands();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const records = useRecords(contact.id);
  // Unless asked otherwise, about what the person spoke of last.
  const last = records.items[0];
  const brand = search.brand ?? last?.brand_id;
  const question: Question = {
    brand_id: brands.data?.find(({ id }) => id === brand)?.id ?? brands.data?.[0]?.id ?? "",
    channel:
      CHANNELS.find((channel) => channel === (search.channel ?? last?.channel)) ?? (contact.phone ? "MESAJ" : "EPOSTA"),
    kind: KINDS.find((kind) => kind === (search.kind ?? last?.kind)) ?? "BIREYSEL",
    basis: BASES.find((basis) => basis === search.basis) ?? "COMMERCIAL",
  };
  const change = (part: Partial<Record<"brand" | "channel" | "kind" | "basis", string | null>>) =>
    navigate({ search: (old) => ({ ...old, ...withoutNull(part) }), replace: true, resetScroll: false });

  const canAnswer = question.brand_id !== "" && !records.isPending;
  return (
    <>
      <Section title={t("contacts.why.title")} id="why">
        <Group gap="sm" px="md" pb="md" align="flex-end">
          {(brands.data?.length ?? 0) > 1 && (
            <Select
              label={t("contacts.why.brand")}
              data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
              value={question.brand_id}
              onChange={(brand) => change({ brand })}
              allowDeselect={false}
            />
          )}
          <Select
            label={t("contacts.why.channel")}
            data={CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
            value={question.channel}
            onChange={(channel) => change({ channel })}
            allowDeselect={false}
            w={150}
          />
          <Select
            label={t("contacts.why.kind")}
            data={KINDS.map((value) => ({ value, label: t(`common.kind.${value}`) }))}
            value={question.kind}
            onChange={(kind) => change({ kind })}
            allowDeselect={false}
            w={150}
          />
          <Select
            label={t("contacts.why.basis")}
            data={BASES.map((value) => ({ value, label: t(`common.basis.${value}`) }))}
            value={question.basis}
            onChange={(basis) => change({ basis })}
            allowDeselect={false}
            w={170}
          />
        </Group>
        {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
        {brands.data?.length === 0 && <Text p="md">{t("contacts.no_brand")}</Text>}
        {records.isPending && <Loading lines={3} />}
        {canAnswer && <Answer contact={contact} question={question} />}
      </Section>
      {canAnswer && <AtRegistry contact={contact} question={question} />}
      {canAnswer && <TimeMachine contact={contact} question={question} />}
    </>
  );
}

function Answer({ contact, question }: { contact: Contact; question: Question }) {
  const { t } = useTranslation();
  const address = question.channel === "EPOSTA" ? contact.email : contact.phone;
  const why = useWhy(contact, question);
  if (!address) {
    const missing = question.channel === "EPOSTA" ? "contacts.why.no_address_email" : "contacts.why.no_address_phone";
    return (
      <Text px="md" pb="md">
        {t(missing)}
      </Text>
    );
  }
  if (why.isPending) return <Loading lines={3} />;
  if (why.isError) return <Failure error={why.error} onRetry={() => why.refetch()} />;
  return (
    <>
      <Decision why={why.data} />
      <div className={classes.records}>
        <LocalRecord why={why.data} />
        <RegistryRecord why={why.data} />
      </div>
    </>
  );
}

/** What İYS itself is asked about the person, where İYS keeps records of the channel. */
function AtRegistry({ contact, question }: { contact: Contact; question: Question }) {
  const brands = useBrands();
  const address = question.channel === "EPOSTA" ? contact.email : contact.phone;
  const why = useWhy(contact, question);
  const mode = brands.data?.find(({ id }) => id === question.brand_id)?.registry_mode;
  if (!address || !why.data || (mode !== "sync" && mode !== "integrator")) return null;
  const about = { contact, address, question };
  return (
    <>
      <HistoryAtRegistry {...about} history={why.data.history} />
      <AskThroughRegistry {...about} />
    </>
  );
}

function useWhy(contact: Contact, question: Question) {
  const address = question.channel === "EPOSTA" ? contact.email : contact.phone;
  return useQuery({
    queryKey: ["contact", contact.id, "why", question],
    queryFn: () =>
      answer(api.GET("/api/v1/contacts/{id}/why", { params: { path: { id: contact.id }, query: question } })),
    enabled: Boolean(address),
  });
}

function Decision({ why }: { why: Why }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const others = why.reasons.filter(({ code }) => code !== why.headline?.code);
  return (
    <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }} aria-live="polite">
      <Notice tone={why.sendable ? "good" : "bad"} title={t(why.sendable ? "contacts.why.yes" : "contacts.why.no")}>
        <Stack gap={8} mt={4} data-sendable={why.sendable}>
          {why.sendable && <Text>{t("contacts.why.yes_text")}</Text>}
          {why.headline && <CodedReason reason={why.headline} />}
          {why.held_until && <Text>{t("contacts.why.held_until", { when: formats.dateTime(why.held_until) })}</Text>}
          {others.length > 0 && (
            <Title order={3} size="sm" mt={4}>
              {t("contacts.why.others")}
            </Title>
          )}
          {others.map((reason) => (
            <CodedReason key={reason.code} reason={reason} />
          ))}
          <Text size="sm" className="quiet">
            {t("contacts.why.decided", { when: formats.dateTime(why.decided_at) })}
          </Text>
        </Stack>
      </Notice>
    </div>
  );
}

function CodedReason({ reason }: { reason: Why["reasons"][number] }) {
  return (
    <Group gap={8} wrap="nowrap" align="flex-start" data-code={reason.code}>
      <CodeBadge code={reason.code} />
      <ReasonText reason={reason} />
    </Group>
  );
}

function LocalRecord({ why }: { why: Why }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const { local, registry } = why;
  return (
    <div className={classes.record}>
      <Title order={3} size="h5">
        {t("contacts.local.title")}
      </Title>
      {!local && <Text mt="xs">{t("contacts.local.none")}</Text>}
      {local && (
        <dl>
          <dt>{t("contacts.local.status")}</dt>
          <dd>
            <StateBadge tone={local.status === "ONAY" ? "good" : "bad"} label={t(`contacts.local.${local.status}`)} />
          </dd>
          <dt>{t("contacts.local.date")}</dt>
          <dd>
            <Time at={local.consent_at} />
          </dd>
          <dt>{t("contacts.local.source")}</dt>
          <dd>{local.source ?? t("common.none")}</dd>
          <dt>{t("contacts.local.origin")}</dt>
          <dd>{local.origin ? t(`contacts.origin.${local.origin}`) : t("common.none")}</dd>
          <dt>{t("contacts.local.event")}</dt>
          <dd>{local.event_id}</dd>
        </dl>
      )}
      {local?.status === "RET" && local.recorded_at && (
        <Text size="sm" mt="sm">
          {t(registry.citizen ? "contacts.local.refused_citizen" : "contacts.local.refused", {
            when: formats.dateTime(local.consent_at),
            source: local.source ?? t("common.none"),
            since: formats.dateTime(local.recorded_at),
          })}
        </Text>
      )}
    </div>
  );
}

function RegistryRecord({ why }: { why: Why }) {
  const { t } = useTranslation();
  const { registry } = why;
  return (
    <div className={classes.record}>
      <Title order={3} size="h5">
        {t("contacts.registry.title")}
      </Title>
      <dl>
        <dt>{t("contacts.registry.verdict")}</dt>
        <dd>
          <StateBadge tone={VERDICT_TONE[registry.verdict]} label={t(`contacts.verdict.${registry.verdict}`)} />
          {registry.citizen && (
            <Text size="sm" className="quiet">
              {t("contacts.registry.citizen")}
            </Text>
          )}
        </dd>
        {registry.refusal && (
          <>
            <dt>{t("contacts.registry.refusal")}</dt>
            <dd>
              <CodedReason reason={registry.refusal} />
            </dd>
          </>
        )}
        <dt>{t("contacts.registry.checked")}</dt>
        <dd>{registry.checked_at ? <Time at={registry.checked_at} /> : t("contacts.registry.never")}</dd>
        {registry.transaction && (
          <>
            <dt>{t("contacts.registry.transaction")}</dt>
            <dd>{registry.transaction}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

function withoutNull<T extends Record<string, string | null>>(part: T) {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== null)) as Record<string, string>;
}
