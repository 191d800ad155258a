import { Button, Select, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Hold, HoldState } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { useActorName } from "../app/actor";
import { Ask } from "../app/ask";
import { Listed } from "../app/data-table";
import { Facts } from "../app/facts";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { useSession } from "../app/session";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty } from "../app/states";
import { Time } from "../app/time";
import { RegistryFrame } from "./frame";

const route = getRouteApi("/shell/registry/holds");
const TONE: Record<HoldState, Tone> = { waiting: "held", approved: "good", declined: "bad" };
const STATES: HoldState[] = ["waiting", "approved", "declined"];

/** Consents said after a citizen's own refusal: a second person looks at the proof. */
export function HoldsPage() {
  return <RegistryFrame>{(brand) => <Holds brand={brand} />}</RegistryFrame>;
}

function Holds({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const may = useMay();
  const { user } = useSession();
  const actorName = useActorName();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const state = STATES.find((one) => one === search.state) ?? "waiting";
  const [decided, decide] = useState<Hold>();
  const list = usePages(["registry", brand.id, "holds", state], (after) =>
    answer(
      api.GET("/api/v1/registry/{brand_id}/holds", {
        params: { path: { brand_id: brand.id }, query: { state, after } },
      }),
    ),
  );
  return (
    <>
      <Notice tone="neutral">{t("registry.holds.explain")}</Notice>
      <Section
        title={t("registry.holds.title")}
        id="holds"
        aside={
          <Select
            aria-label={t("registry.holds.filter")}
            data={STATES.map((value) => ({ value, label: t(`registry.holds.states.${value}`) }))}
            value={state}
            allowDeselect={false}
            onChange={(value) => navigate({ search: (old) => ({ ...old, state: value ?? undefined }) })}
          />
        }
      >
        <Listed
          list={list}
          label={t("registry.holds.title")}
          keyOf={({ id }) => id}
          empty={<Empty title={t("registry.holds.none.title")} text={t("registry.holds.none.text")} />}
          columns={[
            {
              head: t("registry.people.address"),
              cell: ({ address, channel, kind }) => (
                <>
                  <span className="number">{address}</span>
                  <Text size="sm" className="quiet">
                    {t(`common.channel.${channel}`)} · {t(`common.kind.${kind}`)}
                  </Text>
                </>
              ),
            },
            {
              head: t("registry.holds.said"),
              cell: ({ consent_at, source }) => (
                <>
                  <Time at={consent_at} />
                  <Text size="sm" className="quiet">
                    {source}
                  </Text>
                </>
              ),
            },
            { head: t("registry.holds.evidence"), width: "10rem", cell: ({ evidence }) => evidence },
            {
              head: t("registry.holds.asked_by"),
              cell: ({ asked_by, asked_at }) => (
                <>
                  {actorName(asked_by)}
                  <Text size="sm" className="quiet">
                    <Time at={asked_at} />
                  </Text>
                </>
              ),
            },
            {
              head: t("registry.holds.state"),
              cell: (hold) => (
                <>
                  <StateBadge tone={TONE[hold.state]} label={t(`registry.holds.states.${hold.state}`)} />
                  {hold.decided_by && (
                    <Text size="sm" className="quiet">
                      {actorName(hold.decided_by)}, <Time at={hold.decided_at} />
                      {hold.note && ` “${hold.note}”`}
                    </Text>
                  )}
                  {hold.state === "waiting" &&
                    may("manage_registry") &&
                    (hold.asked_by === `user:${user.id}` ? (
                      <Text size="sm" className="quiet">
                        {t("registry.holds.own")}
                      </Text>
                    ) : (
                      <div>
                        <Button size="compact-sm" variant="default" mt={6} onClick={() => decide(hold)}>
                          {t("registry.holds.decide")}
                        </Button>
                      </div>
                    ))}
                </>
              ),
            },
          ]}
        />
      </Section>
      {decided && <Decision brand={brand} hold={decided} onClose={() => decide(undefined)} />}
    </>
  );
}

function Decision({ brand, hold, onClose }: { brand: Brand; hold: Hold; onClose: () => void }) {
  const { t } = useTranslation();
  const actorName = useActorName();
  const decide = useAct(
    (body: { approve: boolean; note: string }) =>
      answer<Hold>(api.POST("/api/v1/consents/holds/{id}/decision", { params: { path: { id: hold.id } }, body })),
    {
      done: ({ state }) => t(`registry.holds.done.${state}`),
      refresh: [["registry", brand.id]],
      showsError: true,
      onDone: onClose,
    },
  );
  return (
    <Ask
      opened
      title={t("registry.holds.decide_title", { address: hold.address })}
      confirm={t("registry.holds.approve")}
      other={{
        label: t("registry.holds.decline"),
        onClick: (note) => decide.mutate({ approve: false, note }),
        isPending: decide.isPending && decide.variables?.approve === false,
      }}
      note={{ label: t("registry.holds.note"), description: t("registry.holds.note_hint"), isRequired: true }}
      isPending={decide.isPending && decide.variables?.approve === true}
      error={decide.error}
      onConfirm={(note) => decide.mutate({ approve: true, note })}
      onClose={onClose}
    >
      <div style={{ marginInline: "calc(-1 * var(--mantine-spacing-md))" }}>
        <Facts
          facts={[
            [t("registry.holds.said"), <Time key="said" at={hold.consent_at} />],
            [t("registry.holds.evidence"), hold.evidence],
            [t("registry.holds.asked_by"), actorName(hold.asked_by)],
          ]}
        />
      </div>
      <Text>{t("registry.holds.decide_text")}</Text>
    </Ask>
  );
}
