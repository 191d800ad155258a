import { Button, Text } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Finding } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { Listed } from "../app/data-table";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { RegistryFrame } from "./frame";

const TONE: Record<Finding["state"], Tone> = { open: "out", dismissed: "neutral", confirmed: "bad" };

/** Consents that look made up. Nobody is accused; a person looks and says what it was. */
export function FindingsPage() {
  return <RegistryFrame>{(brand) => <Findings brand={brand} />}</RegistryFrame>;
}

function Findings({ brand }: { brand: Brand }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const actorName = useActorName();
  const [reviewed, review] = useState<Finding>();
  const list = usePages(["registry", brand.id, "findings"], (after) =>
    answer(
      api.GET("/api/v1/registry/{brand_id}/findings", { params: { path: { brand_id: brand.id }, query: { after } } }),
    ),
  );
  const search = useAct(
    () => answer(api.POST("/api/v1/registry/{brand_id}/findings/search", { params: { path: { brand_id: brand.id } } })),
    {
      done: ({ found }) => t("registry.findings.searched", { count: found }),
      refresh: [["registry", brand.id, "findings"]],
    },
  );
  const settle = useAct(
    ({ id, ...body }: { id: string; state: "dismissed" | "confirmed"; note: string }) =>
      answer(api.POST("/api/v1/findings/{id}/review", { params: { path: { id } }, body })),
    {
      done: t("registry.findings.settled"),
      refresh: [["registry", brand.id, "findings"]],
      showsError: true,
      onDone: () => review(undefined),
    },
  );
  return (
    <>
      <Notice tone="neutral">{t("registry.findings.explain")}</Notice>
      <Section
        title={t("registry.findings.title")}
        id="findings"
        aside={
          may("manage_registry") && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconSearch size={16} aria-hidden />}
              onClick={() => search.mutate(undefined)}
              loading={search.isPending}
            >
              {t("registry.findings.search")}
            </Button>
          )
        }
      >
        <Listed
          list={list}
          label={t("registry.findings.title")}
          keyOf={({ id }) => id}
          empty={<Empty title={t("registry.findings.none.title")} text={t("registry.findings.none.text")} />}
          columns={[
            {
              head: t("registry.findings.what"),
              width: "16rem",
              cell: ({ text_tr, text_en, subject }) => (
                <>
                  {i18n.language === "en" ? text_en : text_tr}
                  <Text size="sm" className="quiet" style={{ overflowWrap: "anywhere" }}>
                    {subject}
                  </Text>
                </>
              ),
            },
            { head: t("registry.findings.count"), isNumber: true, cell: ({ count }) => formats.number(count) },
            {
              head: t("registry.findings.events"),
              from: "md",
              cell: ({ first_event_id, last_event_id }) => `${first_event_id} – ${last_event_id}`,
            },
            { head: t("registry.findings.found"), from: "sm", cell: ({ found_at }) => <Time at={found_at} /> },
            {
              head: t("registry.findings.state"),
              cell: (finding) => (
                <>
                  <StateBadge tone={TONE[finding.state]} label={t(`registry.findings.states.${finding.state}`)} />
                  {finding.reviewed_by && (
                    <Text size="sm" className="quiet">
                      {actorName(finding.reviewed_by)}
                      {finding.note && ` “${finding.note}”`}
                    </Text>
                  )}
                  {finding.state === "open" && may("manage_registry") && (
                    <div>
                      <Button size="compact-sm" variant="default" mt={6} onClick={() => review(finding)}>
                        {t("registry.findings.review")}
                      </Button>
                    </div>
                  )}
                </>
              ),
            },
          ]}
        />
      </Section>
      {reviewed && (
        <Ask
          opened
          title={t("registry.findings.review_title")}
          confirm={t("registry.findings.confirm")}
          isDangerous
          other={{
            label: t("registry.findings.dismiss"),
            onClick: (note) => settle.mutate({ id: reviewed.id, state: "dismissed", note }),
            isPending: settle.isPending && settle.variables?.state === "dismissed",
          }}
          note={{ label: t("common.note"), description: t("registry.findings.note_hint"), isRequired: true }}
          isPending={settle.isPending && settle.variables?.state === "confirmed"}
          error={settle.error}
          onConfirm={(note) => settle.mutate({ id: reviewed.id, state: "confirmed", note })}
          onClose={() => {
            settle.reset();
            review(undefined);
          }}
        >
          <Text>{i18n.language === "en" ? reviewed.text_en : reviewed.text_tr}</Text>
        </Ask>
      )}
    </>
  );
}
