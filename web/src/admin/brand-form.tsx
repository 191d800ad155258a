import { Button, Group, NumberInput, PasswordInput, SimpleGrid, Stack, Switch, TextInput, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Brand } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { TextLink } from "../app/links";
import { Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { type BrandValues, brandChange, valuesOf } from "./brand-values";

/** Under which name the server tells a fault, where the form holds the field under another one. */
const FAULT_OF: Partial<Record<keyof BrandValues, string>> = {
  from: "window.from",
  to: "window.to",
  activation: "activation_at",
};

interface BrandFormProps {
  /** None makes a new one. */
  brand: Brand | undefined;
  isReadOnly: boolean;
}

/** Everything about a brand but its way of working with İYS, which concerns people and is changed where they are counted. */
export function BrandForm({ brand, isReadOnly }: BrandFormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const intention = useRef(newIntentionKey());
  const required = (value: string) => (value.trim() === "" ? t("common.required") : null);
  const form = useForm<BrandValues>({
    initialValues: valuesOf(brand),
    onValuesChange: () => {
      intention.current = newIntentionKey();
    },
    validate: {
      name: required,
      trade_name: required,
      short_name: required,
      mersis: (value) => (/^\d{16}$/.test(value.trim()) ? null : t("admin.brands.need_mersis")),
      from: required,
      to: required,
    },
  });
  const save = useAct(
    (values: BrandValues) =>
      brand
        ? answer<Brand>(
            api.PATCH("/api/v1/brands/{id}", {
              params: { path: { id: brand.id } },
              body: brandChange(values, valuesOf(brand)),
            }),
          )
        : answer<Brand>(
            api.POST("/api/v1/brands", {
              body: {
                ...brandChange(values, valuesOf(undefined)),
                name: values.name.trim(),
                trade_name: values.trade_name.trim(),
                short_name: values.short_name.trim(),
                mersis: values.mersis.trim(),
              },
              headers: { "Idempotency-Key": intention.current },
            }),
          ),
    {
      done: t("common.saved"),
      refresh: [["brands"], ["registry"]],
      showsError: true,
      onDone: ({ id }) => {
        form.setFieldValue("iys_password", "");
        form.resetDirty();
        void navigate({ to: "/settings", search: { brand: id } });
      },
    },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const field = (name: keyof BrandValues) => ({
    ...form.getInputProps(name),
    error: form.errors[name] ?? faults[FAULT_OF[name] ?? name] ?? (name === "from" ? faults.window : undefined),
    readOnly: isReadOnly,
  });
  // The partner account speaks for many firms: its codes are not theirs to change.
  const isLinked = form.values.uses_partner_account;
  return (
    <form
      onSubmit={form.onSubmit((values) => save.mutate(values))}
      noValidate
      autoComplete="off"
      style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
    >
      <Stack gap="md" maw={760}>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput label={t("admin.brands.name")} withAsterisk {...field("name")} />
          <TextInput
            label={t("admin.brands.short_name")}
            description={t("admin.brands.short_name_hint")}
            withAsterisk
            {...field("short_name")}
          />
          <TextInput
            label={t("admin.brands.trade_name")}
            description={t("admin.brands.trade_name_hint")}
            withAsterisk
            {...field("trade_name")}
          />
          <TextInput
            label={t("admin.brands.mersis")}
            description={t("admin.brands.mersis_hint")}
            inputMode="numeric"
            withAsterisk
            {...field("mersis")}
          />
        </SimpleGrid>
        <Title order={3} size="h5">
          {t("admin.brands.iys")}
        </Title>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t("admin.brands.iys_code")}
            description={t("admin.brands.iys_code_hint")}
            inputMode="numeric"
            {...field("iys_code")}
            readOnly={isReadOnly || isLinked}
          />
          <TextInput
            label={t("admin.brands.brand_code")}
            description={t("admin.brands.brand_code_hint")}
            inputMode="numeric"
            {...field("brand_code")}
            readOnly={isReadOnly || isLinked}
          />
          <TextInput
            label={t("admin.brands.iys_username")}
            description={t("admin.brands.iys_username_hint")}
            {...field("iys_username")}
          />
          <PasswordInput
            label={t("admin.brands.iys_password")}
            description={brand?.iys_configured ? t("admin.brands.password_kept") : undefined}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ "aria-label": t("common.action.show") }}
            {...field("iys_password")}
          />
          <TextInput
            type="datetime-local"
            label={t("admin.brands.activation")}
            description={t("admin.brands.activation_hint")}
            {...field("activation")}
          />
        </SimpleGrid>
        {brand?.uses_partner_account && (
          <Switch
            label={t("admin.brands.partner")}
            description={t("admin.brands.partner_hint")}
            disabled={isReadOnly}
            {...form.getInputProps("uses_partner_account", { type: "checkbox" })}
            error={faults.uses_partner_account}
          />
        )}
        {brand && (
          <TextLink to="/registry" search={{ brand: brand.id }} fz="sm">
            {t("admin.brands.change_mode")}
          </TextLink>
        )}
        <Title order={3} size="h5">
          {t("admin.brands.rules")}
        </Title>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t("admin.brands.from")}
            description={t("admin.brands.window_hint")}
            placeholder="09:00"
            {...field("from")}
          />
          <TextInput
            label={t("admin.brands.to")}
            description={t("admin.brands.window_hint_to")}
            placeholder="20:00"
            {...field("to")}
          />
          <NumberInput
            label={t("admin.brands.freshness")}
            description={t("admin.brands.freshness_hint")}
            min={1}
            max={8760}
            {...field("freshness_hours")}
          />
          <NumberInput
            label={t("admin.brands.brake")}
            description={t("admin.brands.brake_hint")}
            min={0}
            max={100}
            {...field("brake_percent")}
          />
          <TextInput
            label={t("admin.brands.countries")}
            description={t("admin.brands.countries_hint")}
            {...field("countries")}
          />
        </SimpleGrid>
        <Switch
          label={t("admin.brands.other_approver")}
          description={t("admin.brands.other_approver_hint")}
          disabled={isReadOnly}
          {...form.getInputProps("needs_other_approver", { type: "checkbox" })}
        />
        <Switch
          label={t("admin.brands.renewals")}
          description={t("admin.brands.renewals_hint")}
          disabled={isReadOnly}
          {...form.getInputProps("sends_renewals", { type: "checkbox" })}
        />
        {save.error && <Problem error={save.error} />}
        {!isReadOnly && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending} disabled={brand !== undefined && !form.isDirty()}>
              {t("common.action.save")}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
