import { Group, Select, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, ConsentCoverage, ConsentState } from "../api/model";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import classes from "./coverage.module.css";
import { pointsOf } from "./trend";

const PARTS = ["confirmed", "unconfirmed", "refused"] as const satisfies ConsentState[];
const WIDTH = 240;
const HEIGHT = 34;

/** How far a brand's consents reach, channel by channel; every number opens its people. */
export function Coverage({ brands }: { brands: Brand[] }) {
  const { t } = useTranslation();
  const [chosen, choose] = useState(brands[0]?.id ?? "");
  const coverage = useQuery({
    queryKey: ["coverage", chosen],
    queryFn: () => answer(api.GET("/api/v1/brands/{id}/coverage", { params: { path: { id: chosen } } })),
    enabled: chosen !== "",
  });
  return (
    <Section
      title={t("dashboard.coverage.title")}
      id="coverage"
      aside={
        <Group gap="sm">
          {coverage.data?.taken_at && (
            <Text size="sm" className="quiet">
              <Taken at={coverage.data.taken_at} />
            </Text>
          )}
          {brands.length > 1 && (
            <Select
              aria-label={t("dashboard.coverage.brand")}
              data={brands.map(({ id, name }) => ({ value: id, label: name }))}
              value={chosen}
              onChange={(value) => choose(value ?? chosen)}
              allowDeselect={false}
              size="xs"
            />
          )}
        </Group>
      }
    >
      {coverage.isPending && <Loading lines={3} />}
      {coverage.isError && <Failure error={coverage.error} onRetry={() => coverage.refetch()} />}
      {coverage.data?.channels.length === 0 && (
        <Text px="md" pb="md">
          {t("dashboard.coverage.none")}
        </Text>
      )}
      {coverage.data && coverage.data.channels.length > 0 && (
        <SimpleGrid cols={{ base: 1, sm: Math.min(coverage.data.channels.length, 3) }} px="md" pb="md">
          {coverage.data.channels.map((channel) => (
            <ChannelCoverage key={channel.channel} brand={chosen} coverage={channel} />
          ))}
        </SimpleGrid>
      )}
    </Section>
  );
}

function Taken({ at }: { at: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <time dateTime={at} title={formats.exact(at)}>
      {t("dashboard.coverage.taken", { when: formats.dateTime(at) })}
    </time>
  );
}

interface ChannelCoverageProps {
  brand: string;
  coverage: ConsentCoverage["channels"][number];
}

function ChannelCoverage({ brand, coverage: { channel, days, purposes } }: ChannelCoverageProps) {
  const { t } = useTranslation();
  const formats = useFormats();
  const today = days.at(-1);
  if (!today) return null;
  const all = today.confirmed + today.unconfirmed + today.refused;
  const name = t(`common.channel.${channel}`);
  return (
    <div className={classes.channel}>
      <Text fw={650}>{name}</Text>
      <div
        className={classes.bar}
        role="img"
        aria-label={t("dashboard.coverage.bar", {
          channel: name,
          confirmed: today.confirmed,
          unconfirmed: today.unconfirmed,
          refused: today.refused,
        })}
      >
        {PARTS.map((part) => (
          <span key={part} data-part={part} style={{ flexGrow: today[part] }} />
        ))}
      </div>
      <dl className={classes.legend}>
        {PARTS.map((part) => (
          <div key={part} data-part={part}>
            <dt>{t(`dashboard.coverage.${part}`)}</dt>
            <dd>
              <TextLink to="/contacts" search={{ consent: part, channel, brand }} className="number">
                {formats.number(today[part])}
              </TextLink>
            </dd>
          </div>
        ))}
      </dl>
      <Text size="sm" className="quiet">
        {t("dashboard.coverage.share", { share: formats.percent(all > 0 ? today.confirmed / all : 0) })}
      </Text>
      <Trend days={days} />
      {purposes.length > 0 && (
        <>
          <Text size="sm" fw={600} mt={6}>
            {t("dashboard.coverage.purposes")}
          </Text>
          <ul className={classes.purposes}>
            {purposes.map(({ purpose, muted }) => (
              <li key={purpose}>
                {purpose}: <span className="number">{formats.number(muted)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** The confirmed consents of the last days as a line, and in words. */
function Trend({ days }: { days: ConsentCoverage["channels"][number]["days"] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const first = days[0];
  const last = days.at(-1);
  if (!first || !last || days.length < 2) {
    return (
      <Text size="sm" className="quiet">
        {t("dashboard.coverage.trend_new")}
      </Text>
    );
  }
  const change = last.confirmed - first.confirmed;
  const since = formats.date(`${first.day}T12:00:00+03:00`);
  return (
    <>
      <svg className={classes.trend} viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} preserveAspectRatio="none" aria-hidden>
        <polyline
          points={pointsOf(
            days.map(({ confirmed }) => confirmed),
            WIDTH,
            HEIGHT,
          )}
        />
      </svg>
      <Text size="sm" className="quiet">
        {change === 0
          ? t("dashboard.coverage.trend_same", { since })
          : t("dashboard.coverage.trend", { since, change: `${change > 0 ? "+" : ""}${formats.number(change)}` })}
      </Text>
    </>
  );
}
