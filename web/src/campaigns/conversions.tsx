import { Group, NumberInput, Select, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { CampaignReport } from "../api/model";
import { Facts } from "../app/facts";
import { Section } from "../app/page";
import { Problem } from "../app/states";
import { useEventLabel, useEventTypes } from "../events/event-types";
import { useFormats } from "../locale/format";

/** How long nothing is changed before it is counted, milliseconds. */
const REST_MS = 500;

/** What people did after the message had arrived: an event within a deadline, and what it brought. */
export function Conversions({ report }: { report: CampaignReport }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const labelOf = useEventLabel();
  const types = useEventTypes();
  const [event, setEvent] = useState<string>();
  const [hours, setHours] = useState<number | string>(48);
  const [field, setField] = useState<string | null>(null);
  const [minutes] = useDebouncedValue(Math.round(Number(hours) * 60), REST_MS);
  const id = report.campaign.id;
  const isAsked = event !== undefined && minutes >= 1 && minutes <= 43_200;
  const counted = useQuery({
    queryKey: ["campaign", id, "conversions", event, minutes, field, report.delivered],
    queryFn: () => {
      const query = { event: event ?? "", within_minutes: minutes, field: field ?? undefined };
      return answer(api.GET("/api/v1/campaigns/{id}/conversions", { params: { path: { id }, query } }));
    },
    enabled: isAsked,
    retry: false,
  });
  if (!types.data?.length || report.delivered === 0) return null;
  const numbers = types.data.find(({ name }) => name === event)?.fields.filter(({ kind }) => kind === "number") ?? [];
  const { data } = counted;
  return (
    <Section title={t("events.conversion.title")} id="conversions">
      <Group px="md" pb="md" align="flex-end">
        <Select
          label={t("events.conversion.event")}
          placeholder={t("events.conversion.choose")}
          data={types.data.map((type) => ({ value: type.name, label: labelOf(type) }))}
          value={event ?? null}
          allowDeselect={false}
          searchable
          onChange={(name) => {
            setEvent(name ?? undefined);
            setField(null);
          }}
        />
        <NumberInput
          label={t("events.conversion.within")}
          suffix={t("events.conversion.hours")}
          min={1}
          max={720}
          value={hours}
          onChange={setHours}
          w={160}
        />
        {numbers.length > 0 && (
          <Select
            label={t("events.conversion.field")}
            data={numbers.map(({ name }) => name)}
            value={field}
            clearable
            clearButtonProps={{ "aria-label": t("events.conversion.no_field") }}
            onChange={setField}
          />
        )}
      </Group>
      {counted.error && <Problem error={counted.error} />}
      {isAsked && data && (
        <Facts
          facts={[
            [
              t("events.conversion.people"),
              <strong key="people" className="number">
                {t("events.conversion.of", {
                  people: formats.number(data.people),
                  delivered: formats.number(data.delivered),
                })}
              </strong>,
            ],
            [t("events.conversion.times"), formats.number(data.events)],
            data.field != null && [
              t("events.conversion.revenue", { field: data.field }),
              data.revenue == null ? t("common.none") : formats.number(data.revenue),
            ],
          ]}
        />
      )}
      <Text size="sm" className="quiet" px="md" pb="md">
        {t("events.conversion.how")}
      </Text>
    </Section>
  );
}
