import { Button, Group, NumberInput, SimpleGrid, Stack, Switch, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { Section } from "../app/page";
import { Failure, Loading, Problem } from "../app/states";
import { useConnectors } from "../connectors/queries";
import { currentLanguage } from "../locale";
import { PriceInput } from "./price-input";
import { PurposeWindows, QuietDates } from "./quiet-times";
import { RouteOrders, RoutePriceFields } from "./route-fields";
import type { SendingRules as Rules } from "./route-rules";

const LIMITS = ["per_day", "per_week", "per_month"] as const;

/** What holds for every campaign of a brand beside its hours: price, limits a person, approval, holidays, routes. */
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
    { done: t("common.saved"), refresh: [["brand", brand.id, "sending-rules"], ["campaign"]], showsError: true },
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
        <div style={{ maxWidth: 260 }}>
          <PriceInput
            label={t("reports.rules.price")}
            description={t("reports.rules.price_hint")}
            micros={draft.part_price_micros}
            onChange={(micros) => set({ part_price_micros: micros ?? null })}
            error={faults.part_price_micros}
            isReadOnly={isReadOnly}
          />
        </div>
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
          label={t("admin.rules.same_text")}
          description={t("admin.rules.same_text_hint")}
          checked={draft.same_text_once_a_day ?? false}
          onChange={(event) => set({ same_text_once_a_day: event.currentTarget.checked })}
          error={faults.same_text_once_a_day}
          disabled={isReadOnly}
        />
        <Title order={3} size="h5">
          {t("admin.rules.approval")}
        </Title>
        <Switch
          label={t("admin.rules.needs_approval")}
          description={t("admin.rules.needs_approval_hint")}
          checked={draft.needs_approval ?? false}
          onChange={(event) => set({ needs_approval: event.currentTarget.checked })}
          error={faults.needs_approval}
          disabled={isReadOnly}
        />
        <Switch
          label={t("admin.rules.api_needs_approval")}
          description={t("admin.rules.api_needs_approval_hint")}
          checked={draft.api_needs_approval ?? false}
          onChange={(event) => set({ api_needs_approval: event.currentTarget.checked })}
          error={faults.api_needs_approval}
          disabled={isReadOnly}
        />
        <Switch
          label={t("reports.rules.signature")}
          description={t("reports.rules.signature_hint")}
          checked={draft.needs_signature ?? false}
          onChange={(event) => set({ needs_signature: event.currentTarget.checked })}
          disabled={isReadOnly}
        />
        <Title order={3} size="h5">
          {t("admin.rules.times")}
        </Title>
        <Switch
          label={t("reports.rules.holidays")}
          description={t("reports.rules.holidays_hint")}
          checked={draft.rests_on_holidays ?? false}
          onChange={(event) => set({ rests_on_holidays: event.currentTarget.checked })}
          disabled={isReadOnly}
        />
        <QuietDates
          dates={draft.quiet_dates ?? []}
          onChange={(quiet_dates) => set({ quiet_dates })}
          error={faults.quiet_dates}
          isReadOnly={isReadOnly}
        />
        <div style={{ maxWidth: 380 }}>
          <NumberInput
            label={t("admin.rules.answer_minutes")}
            description={t("admin.rules.answer_minutes_hint")}
            value={draft.campaign_answer_minutes ?? ""}
            onChange={(value) => set({ campaign_answer_minutes: count(value) })}
            error={faults.campaign_answer_minutes}
            placeholder="60"
            min={10}
            max={525_600}
            allowDecimal={false}
            readOnly={isReadOnly}
          />
        </div>
        <PurposeWindows
          windows={draft.purpose_windows ?? []}
          onChange={(purpose_windows) => set({ purpose_windows })}
          error={faults.purpose_windows ?? (hasEmpty ? t("reports.rules.need_purpose") : undefined)}
          isReadOnly={isReadOnly}
        />
        <Title order={3} size="h5">
          {t("admin.rules.routes")}
        </Title>
        <Routes draft={draft} set={set} faults={faults} isReadOnly={isReadOnly} />
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

interface RoutesProps {
  draft: Rules;
  set: (change: Partial<Rules>) => void;
  faults: Record<string, string>;
  isReadOnly: boolean;
}

/** Which of the firm's accounts are taken first, and what each costs. */
function Routes({ draft, set, faults, isReadOnly }: RoutesProps) {
  const { t } = useTranslation();
  const accounts = useConnectors();
  if (accounts.isPending) return <Loading lines={2} />;
  if (accounts.isError) return <Failure error={accounts.error} onRetry={() => accounts.refetch()} />;
  if (accounts.data.length === 0) return <Text size="sm">{t("admin.rules.no_accounts")}</Text>;
  return (
    <>
      <RouteOrders
        orders={draft.route_orders ?? []}
        accounts={accounts.data}
        onChange={(route_orders) => set({ route_orders })}
        error={faults.route_orders}
        isReadOnly={isReadOnly}
      />
      <RoutePriceFields
        prices={draft.route_prices ?? {}}
        usual={draft.part_price_micros}
        accounts={accounts.data}
        onChange={(route_prices) => set({ route_prices })}
        error={faults.route_prices}
        isReadOnly={isReadOnly}
      />
    </>
  );
}
