import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Channel, Contact, RecipientKind, Via, ViaMethod, Why } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge, type Tone } from "../app/state-badge";
import { Failure, Loading, Problem } from "../app/states";
import { Time } from "../app/time";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";

interface AboutRecord {
  contact: Contact;
  address: string;
  question: { brand_id: string; channel: Channel; kind: RecipientKind };
}

const inset = { padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" };

/** What İYS told about the movements of this record, and a button that asks it. */
export function HistoryAtRegistry({ contact, address, question, history }: AboutRecord & { history: Why["history"] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const actorName = useActorName();
  const { brand_id, channel, kind } = question;
  const ask = useAct(
    () =>
      answer(
        api.POST("/api/v1/registry/{brand_id}/history", {
          params: { path: { brand_id } },
          body: { address, channel, kind },
        }),
      ),
    { refresh: [["contact", contact.id, "why"]], showsError: true },
  );
  return (
    <Section title={t("contacts.history.title")} id="history">
      <Stack gap="sm" style={inset}>
        {!history && <Text>{t("contacts.history.none")}</Text>}
        {history && (
          <>
            <Text size="sm" className="quiet">
              {t("contacts.history.asked", {
                who: history.asked_by ? actorName(history.asked_by) : t("common.none"),
                when: history.asked_at ? formats.dateTime(history.asked_at) : t("common.none"),
              })}
            </Text>
            {history.items.length === 0 && <Text>{t("contacts.history.empty")}</Text>}
            {history.unreadable > 0 && (
              <Notice tone="bad">{t("contacts.history.unreadable", { count: history.unreadable })}</Notice>
            )}
            {history.items.length > 0 && <Movements history={history} />}
          </>
        )}
        {may("read_personal") && (
          <Group gap="sm">
            <Button variant="default" loading={ask.isPending} onClick={() => ask.mutate(undefined)}>
              {t("contacts.history.ask")}
            </Button>
            <Text size="sm" className="quiet">
              {t("contacts.history.limit")}
            </Text>
          </Group>
        )}
        {ask.error && <Problem error={ask.error} />}
      </Stack>
    </Section>
  );
}

function Movements({ history }: { history: NonNullable<Why["history"]> }) {
  const { t } = useTranslation();
  return (
    <ul style={{ margin: 0, paddingInlineStart: "1.2em" }}>
      {history.items.map((movement) => (
        <li key={movement.transaction ?? `${movement.consent_at}${movement.created_at}`}>
          <Group gap={8} component="span" style={{ display: "inline-flex" }}>
            {movement.consent_at && <Time at={movement.consent_at} />}
            <StateBadge
              tone={movement.status === "ONAY" ? "good" : "bad"}
              label={t(`contacts.local.${movement.status}`)}
            />
            <span>{movement.source ?? t("common.none")}</span>
            {movement.created_at && (
              <Text span size="sm" className="quiet">
                {t("contacts.history.created")}: <Time at={movement.created_at} />
              </Text>
            )}
          </Group>
        </li>
      ))}
    </ul>
  );
}

const PHONE_METHODS: ViaMethod[] = ["SMS_SHORTURL", "SMS_OTP"];
const MAIL_METHODS: ViaMethod[] = ["EPOSTA_SHORTURL", "EPOSTA_OTP", "EPOSTA_APPROVALURL"];

const STATE_TONE: Record<Via["state"], Tone> = {
  waiting: "held",
  consented: "good",
  ended: "out",
  refused: "bad",
  unknown: "bad",
};

/** Lets İYS ask the person for their consent, and shows what became of it. */
export function AskThroughRegistry({ contact, address, question }: AboutRecord) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const { brand_id, channel, kind } = question;
  const methods = channel === "EPOSTA" ? MAIL_METHODS : PHONE_METHODS;
  const [chosen, choose] = useState<ViaMethod>();
  const method = methods.find((one) => one === chosen) ?? methods[0] ?? "SMS_SHORTURL";
  const [form, setForm] = useState("");
  const key = ["contact", contact.id, "via", brand_id, address];
  const list = useQuery({
    queryKey: key,
    queryFn: () =>
      answer(api.GET("/api/v1/registry/{brand_id}/via", { params: { path: { brand_id }, query: { address } } })),
  });
  const ask = useAct(
    () =>
      answer(
        api.POST("/api/v1/registry/{brand_id}/via", {
          params: { path: { brand_id } },
          body: { address, channels: [channel], kind, method, form_id: form.trim() },
        }),
      ),
    { refresh: [key], showsError: true },
  );
  const whyNot = ask.data?.why_not;
  return (
    <Section title={t("contacts.via.title")} id="via">
      <Stack gap="sm" style={inset}>
        <Text>{t("contacts.via.lead")}</Text>
        {may("record_consents") && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (form.trim() !== "") ask.mutate(undefined);
            }}
          >
            <Group align="flex-end" gap="sm">
              <Select
                label={t("contacts.via.method")}
                data={methods.map((value) => ({ value, label: t(`contacts.via.methods.${value}`) }))}
                value={method}
                onChange={(value) => choose(methods.find((one) => one === value))}
                allowDeselect={false}
              />
              <TextInput
                label={t("contacts.via.form")}
                description={t("contacts.via.form_hint")}
                value={form}
                onChange={(event) => setForm(event.currentTarget.value)}
              />
              <Button type="submit" variant="default" loading={ask.isPending} disabled={form.trim() === ""}>
                {t("contacts.via.ask")}
              </Button>
            </Group>
          </form>
        )}
        <div aria-live="polite">
          {ask.error && <Problem error={ask.error} />}
          {whyNot && <Notice tone="bad">{i18n.language === "en" ? whyNot.text_en : whyNot.text_tr}</Notice>}
        </div>
        {list.isPending && <Loading lines={2} />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.data?.items.map((request) => (
          <Request key={request.id} request={request} listKey={key} />
        ))}
      </Stack>
    </Section>
  );
}

function Request({ request, listKey }: { request: Via; listKey: unknown[] }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const [code, setCode] = useState("");
  const send = useAct(
    () => answer(api.POST("/api/v1/via/{id}/code", { params: { path: { id: request.id } }, body: { code } })),
    { refresh: [listKey, ["contact"]], showsError: true },
  );
  const faults = send.error instanceof ApiError ? send.error.fields(currentLanguage()) : {};
  const takesCode = request.state === "waiting" && request.method.endsWith("_OTP") && may("record_consents");
  return (
    <Stack gap={4} data-via={request.state}>
      <Group gap={8}>
        <StateBadge tone={STATE_TONE[request.state]} label={t(`contacts.via.state.${request.state}`)} />
        <Time at={request.asked_at} />
        <Text span size="sm" className="quiet">
          {t(`contacts.via.methods.${request.method}`)}
        </Text>
      </Group>
      <Text size="sm">{i18n.language === "en" ? request.text_en : request.text_tr}</Text>
      {request.said && request.state !== "consented" && (
        <Text size="sm" className="quiet" lang="tr">
          İYS: {request.said}
        </Text>
      )}
      {takesCode && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (code.trim() !== "") send.mutate(undefined);
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t("contacts.via.code")}
              inputMode="numeric"
              autoComplete="off"
              value={code}
              onChange={(event) => {
                setCode(event.currentTarget.value);
                if (send.error) send.reset();
              }}
              error={faults.code}
            />
            <Button type="submit" variant="default" loading={send.isPending}>
              {t("contacts.via.send_code")}
            </Button>
          </Group>
        </form>
      )}
      {send.error && !faults.code && <Problem error={send.error} />}
    </Stack>
  );
}
