import { Button, Group, Progress, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Comparison } from "../api/model";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge, type Tone } from "../app/state-badge";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";

const TONE: Record<Comparison["state"], Tone> = {
  running: "sent",
  paused: "out",
  queued: "held",
  done: "good",
  stopped: "neutral",
};

type Turn = "pause" | "resume" | "stop";

/** How far İYS was asked about everybody of the brand; can rest, go on and end. */
export function ComparisonPanel({ brandId, comparison }: { brandId: string; comparison: Comparison | undefined }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const may = useMay();
  const [asked, ask] = useState<"begin" | "stop">();
  const path = { params: { path: { brand_id: brandId } } };
  const settled = { refresh: [["registry", brandId]], onDone: () => ask(undefined) };
  const change = useAct(
    ({ turn = null, rests = null }: { turn?: Turn | null; rests?: boolean | null }) =>
      answer<Comparison>(
        api.PATCH("/api/v1/registry/{brand_id}/compare", { ...path, body: { turn, rests_in_business_hours: rests } }),
      ),
    settled,
  );
  const begin = useAct(
    () =>
      answer<Comparison>(
        api.POST("/api/v1/registry/{brand_id}/compare", { ...path, body: { rests_in_business_hours: false } }),
      ),
    { ...settled, done: t("registry.compare.begun"), showsError: true },
  );
  const isOpen = comparison && !["done", "stopped"].includes(comparison.state);
  const share = comparison && comparison.total > 0 ? Math.min(1, comparison.asked / comparison.total) : 0;
  const canChange = may("manage_registry");

  return (
    <Section
      title={t("registry.compare.title")}
      id="comparison"
      aside={
        canChange &&
        !isOpen && (
          <Button variant="default" size="xs" onClick={() => ask("begin")}>
            {t("registry.compare.begin")}
          </Button>
        )
      }
    >
      <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
        {!comparison && <Text>{t("registry.compare.never")}</Text>}
        {comparison && (
          <>
            <Group justify="space-between" mb={6}>
              <Text>
                {t(`registry.compare.purpose.${comparison.purpose}`)} ·{" "}
                <span className="number">
                  {t("registry.compare.asked", { asked: comparison.asked, total: comparison.total })}
                </span>
              </Text>
              <StateBadge
                tone={TONE[comparison.state]}
                label={t(`registry.compare.state.${comparison.state}`)}
                live={comparison.state === "running"}
              />
            </Group>
            <Progress
              value={(comparison.state === "done" ? 1 : share) * 100}
              size="lg"
              aria-label={t("registry.compare.title")}
            />
            <Text size="sm" className="quiet" mt={6}>
              {t("registry.compare.since")} <Time at={comparison.created_at} />
              {comparison.done_at && (
                <>
                  {" · "}
                  {t("registry.compare.until")} <Time at={comparison.done_at} />
                </>
              )}
              {comparison.rests_for_minutes != null &&
                isOpen &&
                ` · ${t("registry.compare.rests_for", { minutes: formats.number(comparison.rests_for_minutes) })}`}
            </Text>
            {isOpen && canChange && (
              <Group mt="sm" gap="sm">
                {comparison.state === "paused" ? (
                  <Button size="xs" onClick={() => change.mutate({ turn: "resume" })} loading={change.isPending}>
                    {t("registry.compare.resume")}
                  </Button>
                ) : (
                  <Button
                    size="xs"
                    variant="default"
                    onClick={() => change.mutate({ turn: "pause" })}
                    loading={change.isPending}
                  >
                    {t("registry.compare.pause")}
                  </Button>
                )}
                <Button size="xs" variant="default" onClick={() => ask("stop")}>
                  {t("registry.compare.stop")}
                </Button>
                <Switch
                  label={t("registry.change.rests")}
                  checked={comparison.rests_in_business_hours}
                  onChange={(event) => change.mutate({ rests: event.currentTarget.checked })}
                />
              </Group>
            )}
          </>
        )}
      </div>
      <Ask
        opened={asked !== undefined}
        title={t(`registry.compare.ask_${asked ?? "begin"}`)}
        confirm={t(`registry.compare.${asked ?? "begin"}`)}
        isDangerous={asked === "stop"}
        isPending={begin.isPending || change.isPending}
        error={begin.error}
        onConfirm={() => (asked === "stop" ? change.mutate({ turn: "stop" }) : begin.mutate(undefined))}
        onClose={() => {
          begin.reset();
          ask(undefined);
        }}
      >
        <Text>{t(`registry.compare.explain_${asked ?? "begin"}`)}</Text>
      </Ask>
    </Section>
  );
}
