import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { CaseDetail, CaseFinding, CaseMessage } from "../../api/model";
import { useAct } from "../../app/act";
import { Ask } from "../../app/ask";
import { Facts } from "../../app/facts";
import { TextLink } from "../../app/links";
import { Notice } from "../../app/notice";
import { Section } from "../../app/page";
import { useMay } from "../../app/permissions";
import { StateBadge } from "../../app/state-badge";
import { Failure, Loading } from "../../app/states";
import { Time } from "../../app/time";
import { useFormats } from "../../locale/format";
import said from "../inbox.module.css";
import { caseKey } from "./case-key";

const inset = { padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" };

const RECEIPTS = ["sent", "delivered", "undelivered", "expired", "rejected", "unknown"] as const;

/** What was found about a complaint; asked once and shared by the parts of its page. */
export function useFinding(id: string) {
  return useQuery({
    queryKey: [...caseKey(id), "finding"],
    queryFn: () => answer<CaseFinding>(api.GET("/api/v1/complaint-cases/{id}/finding", { params: { path: { id } } })),
    staleTime: 60_000,
  });
}

/** What was sent, on what it rested, and where that came from. */
export function Finding({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const finding = useFinding(one.id);
  return (
    <Section title={t("cases.finding.title")} id="finding">
      {finding.isPending && <Loading lines={4} />}
      {finding.isError && <Failure error={finding.error} onRetry={() => finding.refetch()} />}
      {finding.data && (
        <>
          <Text size="sm" className="quiet" px="md" pb="sm">
            {t("cases.finding.scope", {
              brands: finding.data.scope.brands.join(", "),
              from: formats.dateTime(finding.data.scope.from),
              to: formats.dateTime(finding.data.scope.to),
              count: finding.data.scope.messages,
            })}
          </Text>
          {finding.data.messages.length === 0 && (
            <div style={inset}>
              <Notice tone="neutral" title={t("cases.finding.none")} />
            </div>
          )}
          {finding.data.messages.map((message) => (
            <Message key={message.id} message={message} />
          ))}
          {finding.data.pattern && <Pattern one={one} pattern={finding.data.pattern} />}
        </>
      )}
    </Section>
  );
}

function Message({ message }: { message: CaseMessage }) {
  const { t } = useTranslation();
  const { consent } = message;
  const receipt = RECEIPTS.find((one) => one === message.receipt) ?? "unknown";
  return (
    <article data-message={message.id}>
      <div style={inset}>
        <Title order={3} size="h5" mb="xs">
          {t("cases.finding.message", { brand: message.brand_name })}
        </Title>
        {message.text && <blockquote className={said.said}>{message.text}</blockquote>}
      </div>
      <Facts
        facts={[
          [t("cases.finding.sent"), <Time key="sent" at={message.sent_at} />],
          [t("cases.sender"), message.sender],
          [t("cases.finding.route"), t(`common.channel.${message.channel}`)],
          [
            t("cases.finding.campaign"),
            <TextLink key="campaign" to="/campaigns/$id" params={{ id: message.campaign_id }} search={{}}>
              {message.campaign_name}
            </TextLink>,
          ],
          [
            t("cases.finding.receipt"),
            message.receipt ? (
              <>
                {t(`cases.finding.receipts.${receipt}`)}, <Time at={message.receipt_at} />
              </>
            ) : (
              t("common.none")
            ),
          ],
        ]}
      />
      <div style={inset}>
        <Title order={3} size="h5">
          {t("cases.finding.consent")}
        </Title>
        {!consent && <Text mt="xs">{t("cases.finding.no_consent")}</Text>}
      </div>
      {consent && (
        <Facts
          facts={[
            [
              t("cases.finding.said"),
              <Group key="said" gap="xs">
                <StateBadge
                  tone={consent.status === "ONAY" ? "good" : "bad"}
                  label={t(`contacts.local.${consent.status}`)}
                />
                <Time at={consent.consent_at} />
              </Group>,
            ],
            [t("cases.finding.source"), consent.source],
            [t("cases.finding.evidence"), consent.evidence ?? t("common.none")],
            [t("cases.finding.transaction"), message.transaction ?? t("common.none")],
            [t("cases.finding.file"), <File key="file" consent={consent} />],
            [t("cases.finding.branch"), consent.branch ?? t("common.none")],
            [
              t("cases.finding.later"),
              message.refused_at ? (
                <>
                  <Time at={message.refused_at} /> · {message.refused_source}
                </>
              ) : (
                t("common.none")
              ),
            ],
          ]}
        />
      )}
    </article>
  );
}

function File({ consent }: { consent: NonNullable<CaseMessage["consent"]> }) {
  const { t } = useTranslation();
  if (!consent.upload_id) return t("common.none");
  return (
    <>
      <TextLink to="/uploads/$id" params={{ id: consent.upload_id }} search={{}}>
        {consent.file_name}
      </TextLink>
      {consent.line && ` · ${t("cases.finding.line", { line: consent.line })}`}
    </>
  );
}

/** How many complaints the branch brought, and what to do about it. */
function Pattern({ one, pattern }: { one: CaseDetail; pattern: NonNullable<CaseFinding["pattern"]> }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isAsking, ask] = useState(false);
  const { brand_id, branch, complaints, days, is_watched } = pattern;
  const refresh = [caseKey(one.id)];
  const watch = useAct(
    (reason: string) => answer(api.POST("/api/v1/branch-watches", { body: { brand_id, branch, reason } })),
    { done: t("cases.branch.opened"), refresh, showsError: true, onDone: () => ask(false) },
  );
  const release = useAct(() => answer(api.DELETE("/api/v1/branch-watches", { body: { brand_id, branch } })), {
    done: t("cases.branch.released"),
    refresh,
  });
  return (
    <div style={inset} id="branch">
      <Notice
        tone={complaints > 1 || is_watched ? "out" : "neutral"}
        title={t("cases.branch.pattern", { branch, count: complaints, days })}
      >
        <Stack gap="xs" align="flex-start">
          <span>{t(is_watched ? "cases.branch.watched" : "cases.branch.explain")}</span>
          {may("manage_registry") &&
            (is_watched ? (
              <Button variant="default" onClick={() => release.mutate(undefined)} loading={release.isPending}>
                {t("cases.branch.release")}
              </Button>
            ) : (
              <Button variant="default" onClick={() => ask(true)}>
                {t("cases.branch.open")}
              </Button>
            ))}
        </Stack>
      </Notice>
      <Ask
        opened={isAsking}
        title={t("cases.branch.open_title", { branch })}
        confirm={t("cases.branch.open")}
        note={{ label: t("cases.branch.reason"), isRequired: true }}
        isPending={watch.isPending}
        error={watch.error}
        onConfirm={(reason) => watch.mutate(reason)}
        onClose={() => ask(false)}
      >
        <Text>{t("cases.branch.open_text")}</Text>
      </Ask>
    </div>
  );
}
