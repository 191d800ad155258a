import { Button, Radio, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { AskingWay, Brand, RejectedRecord, RejectionGroup } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Listed } from "../app/data-table";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Loading } from "../app/states";
import { Time } from "../app/time";

// İYS's own verification is asked for on the person's page, where İYS is called.
type NotedWay = Exclude<AskingWay, "VIA">;
const WAYS: NotedWay[] = ["COUNTER", "WEB", "OWN_CALL"];

/** The people whose records İYS would not take for one reason. */
export function RejectedPeople({ brand, group }: { brand: Brand; group: RejectionGroup }) {
  const { t } = useTranslation();
  const may = useMay();
  const { code } = group.reason;
  const frame = useRef<HTMLDivElement>(null);
  const [asked, ask] = useState<RejectedRecord>();
  const list = usePages(["registry", brand.id, "rejections", code], (after) =>
    answer(
      api.GET("/api/v1/registry/{brand_id}/rejections/people", {
        params: { path: { brand_id: brand.id }, query: { code, after } },
      }),
    ),
  );
  // Whoever asked for these rows wants to be where they are.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen code is what it follows
  useEffect(() => {
    frame.current?.scrollIntoView({ block: "start" });
    frame.current?.querySelector("h2")?.focus({ preventScroll: true });
  }, [code]);
  const canAsk = group.actions.includes("ask_anew") && may("record_consents") && may("read_personal");
  return (
    <div ref={frame} style={{ scrollMarginTop: 72 }}>
      <Section title={t("registry.people.title", { code })} id="people">
        <Listed
          list={list}
          label={t("registry.people.title", { code })}
          keyOf={({ event_id, address, channel, kind }) => `${event_id}${address}${channel}${kind}`}
          empty={
            <Text px="md" pb="md">
              {t("registry.people.none")}
            </Text>
          }
          columns={[
            {
              head: t("registry.people.address"),
              cell: ({ address, channel, kind }) => (
                <>
                  {may("read_personal") ? (
                    <TextLink to="/contacts" search={{ query: address }} className="number">
                      {address}
                    </TextLink>
                  ) : (
                    <span className="number">{address}</span>
                  )}
                  <Text size="sm" className="quiet">
                    {t(`common.channel.${channel}`)} · {t(`common.kind.${kind}`)}
                  </Text>
                </>
              ),
            },
            {
              head: t("registry.people.said"),
              cell: ({ status, said_at }) => (
                <>
                  {status && (
                    <StateBadge tone={status === "ONAY" ? "good" : "bad"} label={t(`contacts.local.${status}`)} />
                  )}
                  <Text size="sm">
                    <Time at={said_at} />
                  </Text>
                </>
              ),
            },
            { head: t("registry.people.due"), cell: ({ due_at }) => <Time at={due_at} /> },
            {
              head: t("registry.people.answer"),
              width: "14rem",
              cell: ({ iys_text, answered_at }) => (
                <>
                  <span lang="tr">{iys_text}</span>
                  <Text size="sm" className="quiet">
                    <Time at={answered_at} />
                  </Text>
                </>
              ),
            },
            ...(canAsk
              ? [
                  {
                    head: "",
                    cell: (record: RejectedRecord) => (
                      <Button size="compact-sm" variant="default" onClick={() => ask(record)}>
                        {t("registry.asking.open")}
                      </Button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Section>
      {asked && <AskAnew brand={brand} record={asked} onClose={() => ask(undefined)} />}
    </div>
  );
}

/** Notes that a person is asked for consent anew, in a way that is lawful; the server says whether they may be. */
function AskAnew({ brand, record, onClose }: { brand: Brand; record: RejectedRecord; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const [way, choose] = useState<NotedWay>("COUNTER");
  const { address, channel, kind } = record;
  const who = { brand_id: brand.id, address, channel, kind };
  const may = useQuery({
    queryKey: ["asking", who],
    queryFn: () => answer(api.GET("/api/v1/consents/asking", { params: { query: who } })),
  });
  const note = useAct(() => answer(api.POST("/api/v1/consents/asking", { body: { ...who, way } })), {
    done: t("registry.asking.noted"),
    refresh: [["asking"]],
    showsError: true,
    onDone: onClose,
  });
  const words = may.data && (i18n.language === "en" ? may.data.text_en : may.data.text_tr);
  return (
    <Ask
      opened
      title={t("registry.asking.title", { address })}
      confirm={t("registry.asking.note")}
      isPending={note.isPending}
      error={note.error ?? may.error}
      onConfirm={() => note.mutate(undefined)}
      onClose={onClose}
    >
      {may.isPending && <Loading lines={2} />}
      {may.data && (
        <Notice tone={may.data.allowed ? "good" : "bad"}>
          {words} {may.data.blocked_until && <Time at={may.data.blocked_until} />}
        </Notice>
      )}
      {may.data?.allowed && (
        <Radio.Group
          label={t("registry.asking.way")}
          description={t("registry.asking.via_elsewhere")}
          value={way}
          onChange={(value) => choose(WAYS.find((one) => one === value) ?? way)}
        >
          <Stack gap="xs" mt="xs">
            {WAYS.map((one) => (
              <Radio key={one} value={one} label={t(`registry.asking.ways.${one}`)} />
            ))}
          </Stack>
        </Radio.Group>
      )}
    </Ask>
  );
}
