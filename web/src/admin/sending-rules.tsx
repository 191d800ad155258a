import { Button, Group, NumberInput, SimpleGrid, Stack, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Answer, Brand } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Section } from "../app/page";
import { Failure, Loading, Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { PurposeWindows, QuietDates } from "./quiet-times";

type Rules = Answer<"/api/v1/brands/{id}/sending-rules", "get">;

const MICROS = 1_000_000;
const LIMITS = ["per_day", "per_week", "per_month"] as const;

/** What holds for every campaign of a brand beside its hours: price, limits a person, holidays, signature. */
export function SendingRules({ brand, isReadOnly }: { brand: Brand; isReadOnly: boolean }) {
  const { t } = useTranslation();
  const key = ["brand", brand.id, "sending-rules"];
  const rules = useQuery({
    queryKey: key,
    queryFn: () => answer(api.GET("/api/v1/brands/{id}/sending-rules", { params: { path: { id: brand.id } } })),
  });
  return (
    <Section title={t("reports.rules.title")} id="sending-rules">
      {rules.isPending && <Loading lines={3} />}
      {rules.isError && <Failure error={rules.error} onRetry={() => rules.refetch()} />}
      {rules.data && <Form key={JSON.stringify(rules.data)} brand={brand} rules={rules.data} isReadOnly={isReadOnly} />}
    </Section>
  );
}

function Form({ brand, rules, isReadOnly }: { brand: Brand; rules: Rules; isReadOnly: boolean }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(rules);
  const [tried, setTried] = useState(false);
  const isEmpty = (draft.purpose_windows ?? []).some(({ purpose }) => purpose.trim() === "");
  const hasEmpty = tried && isEmpty;
  const set = (change: Partial<Rules>) => setDraft((old) => ({ ...old, ...change }));
  const save = useAct(
    () =>
      answer<Rules>(
        // A PUT replaces all of them: what this form does not show goes back as it came.
        api.PUT("/api/v1/brands/{id}/sending-rules", { params: { path: { id: brand.id } }, body: draft }),
      ),
    { done: t("common.saved"), refresh: [["brand", brand.id, "sending-rules"]], showsError: true },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const count = (value: string | number) => (value === "" ? null : Number(value));
  return (
    <form
      noValidate
      style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!isEmpty) save.mutate(undefined);
      }}
    >
      <Stack gap="md" maw={760}>
        <NumberInput
          label={t("reports.rules.price")}
          description={t("reports.rules.price_hint")}
          value={draft.part_price_micros == null ? "" : draft.part_price_micros / MICROS}
          onChange={(value) => set({ part_price_micros: value === "" ? null : Math.round(Number(value) * MICROS) })}
          error={faults.part_price_micros}
          min={0}
          max={1_000}
          decimalScale={4}
          decimalSeparator=","
          prefix="₺"
          readOnly={isReadOnly}
          maw={260}
        />
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          {LIMITS.map((limit) => (
            <NumberInput
              key={limit}
              label={t(`reports.rules.${limit}`)}
              value={draft[limit] ?? ""}
              onChange={(value) => set({ [limit]: count(value) })}
              error={faults[limit]}
              placeholder={t("reports.rules.no_limit")}
              min={1}
              max={1_000}
              allowDecimal={false}
              readOnly={isReadOnly}
            />
          ))}
        </SimpleGrid>
        <Switch
          label={t("reports.rules.holidays")}
          description={t("reports.rules.holidays_hint")}
          checked={draft.rests_on_holidays ?? false}
          onChange={(event) => set({ rests_on_holidays: event.currentTarget.checked })}
          disabled={isReadOnly}
        />
        <Switch
          label={t("reports.rules.signature")}
          description={t("reports.rules.signature_hint")}
          checked={draft.needs_signature ?? false}
          onChange={(event) => set({ needs_signature: event.currentTarget.checked })}
          disabled={isReadOnly}
        />
        <QuietDates
          dates={draft.quiet_dates ?? []}
          onChange={(quiet_dates) => set({ quiet_dates })}
          error={faults.quiet_dates}
          isReadOnly={isReadOnly}
        />
        <PurposeWindows
          windows={draft.purpose_windows ?? []}
          onChange={(purpose_windows) => set({ purpose_windows })}
          error={faults.purpose_windows ?? (hasEmpty ? t("reports.rules.need_purpose") : undefined)}
          isReadOnly={isReadOnly}
        />
        {save.error && <Problem error={save.error} />}
        {!isReadOnly && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={JSON.stringify(draft) === JSON.stringify(rules)}>
              {t("common.action.save")}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
