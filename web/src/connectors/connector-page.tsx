import { Badge, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconCircleCheck, IconCircleX, IconPlugConnected } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Connector, ConnectorTest } from "../api/model";
import { useAct } from "../app/act";
import { CopyText } from "../app/copy-text";
import { Facts } from "../app/facts";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading, Problem } from "../app/states";
import { Time } from "../app/time";
import { HaltButton, HaltNotices } from "../campaigns/halt";
import classes from "../registry/registry.module.css";
import { BalanceText } from "./balance";
import { ChangeSettings } from "./change-settings";
import { CONNECTOR_TONE, useKinds, useKindTitle } from "./queries";

const route = getRouteApi("/shell/connectors/$id");

/** One provider account: whether it works in the provider's own words, and where receipts must be sent. */
export function ConnectorPage() {
  const { t } = useTranslation();
  const may = useMay();
  const kindTitle = useKindTitle();
  const kinds = useKinds();
  const { id } = route.useParams();
  const connector = useQuery({
    queryKey: ["connector", id],
    queryFn: () => answer(api.GET("/api/v1/connectors/{id}", { params: { path: { id } } })),
  });
  const test = useAct(
    () => answer<ConnectorTest>(api.POST("/api/v1/connectors/{id}/test", { params: { path: { id } } })),
    {
      showsError: true,
      refresh: [["connectors"], ["connector", id, "balance"]],
      onDone: ({ connector: fresh }) => queries.setQueryData(["connector", id], fresh),
    },
  );
  if (connector.isPending) return <Loading />;
  if (connector.isError) return <Failure isPage error={connector.error} onRetry={() => connector.refetch()} />;
  const { data } = connector;
  const kind = kinds.data?.find((one) => one.kind === data.kind);
  return (
    <Page
      title={data.name}
      lead={kindTitle(data.kind)}
      back={<TextLink to="/connectors">{t("connectors.back")}</TextLink>}
      mark={<StateBadge tone={CONNECTOR_TONE[data.state]} label={t(`connectors.states.${data.state}`)} />}
      actions={
        <>
          <HaltButton subject={{ scope: "connector", id, name: data.name }} />
          {may("manage_connectors") && (
            <>
              <Rename connector={data} />
              {kind && <ChangeSettings connector={data} kind={kind} />}
              <Button
                leftSection={<IconPlugConnected size={18} aria-hidden />}
                onClick={() => test.mutate(undefined)}
                loading={test.isPending}
              >
                {t("connectors.test.do")}
              </Button>
            </>
          )}
        </>
      }
    >
      <HaltNotices subjects={[id]} />
      {test.error && <Problem error={test.error} onClose={() => test.reset()} />}
      {data.state === "untested" && !test.data && <Notice tone="held">{t("connectors.test.untested")}</Notice>}
      {data.state_reason && !test.data && (
        <Notice tone={CONNECTOR_TONE[data.state]} title={t("connectors.provider_says")}>
          {data.state_reason}
        </Notice>
      )}
      {test.data && <TestResult test={test.data} />}
      <Section title={t("connectors.account")} id="account">
        <Facts
          facts={[
            [t("connectors.balance"), <BalanceText key="balance" id={id} enabled={data.state === "active"} />],
            [t("connectors.senders"), <Senders key="senders" senders={data.senders} />],
            [
              t("connectors.tested"),
              data.tested_at ? <Time key="tested" at={data.tested_at} /> : t("connectors.never"),
            ],
            [t("connectors.since"), <Time key="since" at={data.created_at} />],
            [
              t("admin.account.costs"),
              <TextLink key="costs" to="/settings" hash="brands">
                {t("admin.account.costs_where")}
              </TextLink>,
            ],
          ]}
        />
        <Text size="sm" className="quiet" px="md">
          {t("connectors.receipts")}
        </Text>
        <div style={{ padding: "4px var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
          <CopyText text={data.receipts_url} />
        </div>
        <Text size="sm" className="quiet" px="md">
          {t("admin.account.replies")}
        </Text>
        <div style={{ padding: "4px var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
          <CopyText text={data.inbound_url} />
        </div>
      </Section>
      <Config connector={data} />
    </Page>
  );
}

/** The names that the provider has approved, as it listed them at the last test. */
function Senders({ senders }: { senders: Connector["senders"] }) {
  const { t } = useTranslation();
  if (!senders) return <span className="quiet">{t("connectors.senders_unlisted")}</span>;
  if (senders.length === 0) return <span className="quiet">{t("connectors.senders_none")}</span>;
  return (
    <Group gap={6} component="span">
      {senders.map((sender) => (
        <Badge key={sender} variant="light" tt="none">
          {sender}
        </Badge>
      ))}
    </Group>
  );
}

function TestResult({ test }: { test: ConnectorTest }) {
  const { t, i18n } = useTranslation();
  return (
    <Section title={t(test.passed ? "connectors.test.passed" : "connectors.test.failed")} id="test">
      <ul className={classes.lights} aria-live="polite" data-passed={test.passed}>
        {test.checks.map(({ passed, required, text_tr, text_en }) => (
          <li key={text_tr} data-ok={passed}>
            {passed ? <IconCircleCheck size={20} aria-hidden /> : <IconCircleX size={20} aria-hidden />}
            <div>
              <Text>{i18n.language === "en" ? text_en : text_tr}</Text>
              {!passed && (
                <Text size="sm" className="quiet">
                  {t(required ? "connectors.test.required" : "connectors.test.optional")}
                </Text>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** What was filled in; the server shows secrets as dots. */
function Config({ connector }: { connector: Connector }) {
  const { t, i18n } = useTranslation();
  const kinds = useKinds();
  const fields = kinds.data?.find(({ kind }) => kind === connector.kind)?.fields ?? [];
  const config = connector.config_masked as Record<string, unknown>;
  const label = (name: string) => {
    const field = fields.find((one) => one.name === name);
    return (i18n.language === "en" ? field?.label_en : field?.label_tr) ?? name;
  };
  return (
    <Section title={t("connectors.config")} id="config">
      <Facts
        facts={Object.entries(config).map(
          ([name, value]) => [label(name), value == null || value === "" ? t("common.none") : String(value)] as const,
        )}
      />
    </Section>
  );
}

function Rename({ connector }: { connector: Connector }) {
  const { t } = useTranslation();
  const [opened, open] = useState(false);
  const [name, setName] = useState(connector.name);
  const rename = useAct(
    () =>
      answer<Connector>(
        api.PATCH("/api/v1/connectors/{id}", { params: { path: { id: connector.id } }, body: { name: name.trim() } }),
      ),
    {
      done: t("common.saved"),
      refresh: [["connectors"]],
      showsError: true,
      onDone: (fresh) => {
        queries.setQueryData(["connector", connector.id], fresh);
        open(false);
      },
    },
  );
  return (
    <>
      <Button variant="default" onClick={() => open(true)}>
        {t("connectors.rename")}
      </Button>
      <Modal
        opened={opened}
        onClose={() => open(false)}
        title={t("connectors.rename")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== "") rename.mutate(undefined);
          }}
        >
          <Stack gap="md">
            <TextInput
              label={t("connectors.form.name")}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              maxLength={100}
              data-autofocus
            />
            {rename.error && <Problem error={rename.error} />}
            <Group justify="flex-end">
              <Button type="submit" loading={rename.isPending} disabled={name.trim() === ""}>
                {t("common.action.save")}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
