import { Button, Group, Select, SimpleGrid, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Answer, Template } from "../api/model";
import { useAct } from "../app/act";
import { ButtonLink } from "../app/links";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { Failure, Loading, Problem } from "../app/states";
import { useMoney } from "../campaigns/builder/money";
import { Pairs } from "../campaigns/builder/pairs";
import { useConnectors } from "../connectors/queries";
import { useFormats } from "../locale/format";
import { useLists, useSegments, useTags } from "../segments/groups";

type Measured = Answer<"/api/v1/templates/{id}/measure", "post">;

const KINDS = ["BIREYSEL", "TACIR"] as const;

/** How long the saved text becomes over real people, and what it would cost: counted when asked, for it reads everybody. */
export function Measure({ template }: { template: Template }) {
  const { t } = useTranslation();
  const connectors = useConnectors();
  const usable = (connectors.data ?? []).filter(({ state }) => state === "active");
  const { isPending } = connectors;
  return (
    <Section title={t("templates.measure.title")} id="measure">
      {isPending && <Loading lines={3} />}
      {connectors.isError && <Failure error={connectors.error} onRetry={() => connectors.refetch()} />}
      {!isPending && !connectors.isError && usable.length === 0 && (
        <Stack px="md" pb="md" align="flex-start">
          <Notice tone="out">{t("templates.measure.no_account")}</Notice>
          <ButtonLink to="/connectors" variant="default">
            {t("common.menu.connectors")}
          </ButtonLink>
        </Stack>
      )}
      {usable.length > 0 && (
        <Asked
          key={template.version}
          template={template}
          accounts={usable.map(({ id, name }) => ({ value: id, label: name }))}
        />
      )}
    </Section>
  );
}

function Asked({ template, accounts }: { template: Template; accounts: { value: string; label: string }[] }) {
  const { t } = useTranslation();
  const [who, setWho] = useState("all");
  const [kind, setKind] = useState<(typeof KINDS)[number]>("BIREYSEL");
  const [account, setAccount] = useState(accounts[0]?.value ?? "");
  const audiences = useAudiences();
  const measure = useAct(
    () =>
      answer(
        api.POST("/api/v1/templates/{id}/measure", {
          params: { path: { id: template.id } },
          body: { audience: audienceOf(who), kind, basis: "COMMERCIAL", connector_id: account },
        }),
      ),
    { showsError: true },
  );
  return (
    <Stack gap="md" px="md" pb="md">
      <Text className="quiet" maw={760}>
        {t("templates.measure.text")}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 3 }}>
        <Select
          label={t("templates.measure.who")}
          data={audiences}
          value={who}
          onChange={(value) => setWho(value ?? who)}
          searchable
          allowDeselect={false}
        />
        <Select
          label={t("registry.verdicts.kind")}
          data={KINDS.map((value) => ({ value, label: t(`common.kind.${value}`) }))}
          value={kind}
          onChange={(value) => setKind(KINDS.find((one) => one === value) ?? kind)}
          allowDeselect={false}
        />
        <Select
          label={t("templates.measure.account")}
          data={accounts}
          value={account}
          onChange={(value) => setAccount(value ?? account)}
          allowDeselect={false}
        />
      </SimpleGrid>
      <Group>
        <Button variant="default" onClick={() => measure.mutate(undefined)} loading={measure.isPending}>
          {t("templates.measure.do")}
        </Button>
      </Group>
      {measure.error && <Problem error={measure.error} />}
      {measure.data && <Outcome measured={measure.data} isSms={template.channel === "MESAJ"} />}
    </Stack>
  );
}

function Outcome({ measured, isSms }: { measured: Measured; isSms: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const money = useMoney();
  const { sendable, people, parts_total, by_parts, by_encoding, cost_micros, longest } = measured;
  const most = Math.max(0, ...Object.keys(by_parts).map(Number));
  return (
    <div aria-live="polite" data-measured={sendable}>
      {people === 0 ? (
        <Notice tone="out">{t("templates.measure.nobody")}</Notice>
      ) : (
        <Stack gap="md" maw={620}>
          <Pairs
            lines={[
              [t("templates.measure.sendable"), formats.number(sendable)],
              ...(isSms
                ? ([
                    [t("templates.measure.worst"), t("templates.parts", { count: most })],
                    ...Object.entries(by_parts).map(([parts, count]) => [
                      t("builder.side.with_parts", { count: Number(parts) }),
                      t("builder.people", { count }),
                    ]),
                    [t("builder.side.parts"), formats.number(parts_total)],
                    [t("builder.side.encoding"), Object.keys(by_encoding).join(", ")],
                    [
                      t("builder.side.cost"),
                      cost_micros == null ? t("builder.side.no_price") : money(cost_micros, "TRY"),
                    ],
                  ] as [string, string][])
                : []),
            ]}
          />
          {longest && (
            <div>
              <Text size="sm" fw={550}>
                {t("templates.measure.worst")}
              </Text>
              <Text
                component="blockquote"
                m={0}
                p="md"
                lang="tr"
                style={{
                  whiteSpace: "pre-wrap",
                  overflowWrap: "anywhere",
                  borderRadius: "var(--mantine-radius-lg)",
                  background: "var(--track)",
                }}
              >
                {longest}
              </Text>
            </div>
          )}
        </Stack>
      )}
    </div>
  );
}

/** Everybody, and each list, tag and segment under its own heading. */
function useAudiences() {
  const { t } = useTranslation();
  const [lists, tags, segments] = [useLists(), useTags(), useSegments()];
  const named = (group: { name: string }[] | undefined) =>
    (group ?? []).map(({ name }) => ({ value: `tag:${name}`, label: name }));
  const groups = [
    { group: t("builder.who.choice.list"), items: named(lists.data) },
    { group: t("builder.who.choice.tag"), items: named(tags.data) },
    {
      group: t("builder.who.choice.segment"),
      items: (segments.data ?? []).map(({ id, name }) => ({ value: `segment:${id}`, label: name })),
    },
  ];
  return [{ value: "all", label: t("builder.who.choice.all") }, ...groups.filter(({ items }) => items.length > 0)];
}

function audienceOf(who: string) {
  if (who.startsWith("tag:")) return { type: "tag" as const, tag: who.slice("tag:".length) };
  if (who.startsWith("segment:")) return { type: "segment" as const, segment_id: who.slice("segment:".length) };
  return { type: "all" as const };
}
