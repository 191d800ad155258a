import {
  Autocomplete,
  Button,
  Group,
  Radio,
  Select,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Brand, Campaign, RecipientKind } from "../api/model";
import { ApiError } from "../api/problem";
import { useBrands } from "../app/brands";
import { TextLink } from "../app/links";
import { notifyDone } from "../app/notify";
import { Page } from "../app/page";
import { queries } from "../app/queries";
import { Failure, Loading, Problem } from "../app/states";
import { currentLanguage } from "../locale";
import { useKnownTags } from "../uploads/known-tags";
import { rememberCampaign } from "./follow";

const SENDER_MAX = 11;
const BASES = ["COMMERCIAL", "INFORMATIONAL"] as const;

interface Values {
  name: string;
  brand_id: string;
  connector_id: string;
  sender: string;
  kind: RecipientKind;
  basis: (typeof BASES)[number];
  purpose: string;
  audience: "all" | "tag";
  tag: string;
  body: string;
  template_id: string;
}

/** A draft SMS campaign. Saving sends nothing; the draft's page shows whom it would reach. */
export function NewCampaignPage() {
  const { t } = useTranslation();
  const brands = useBrands();
  const connectors = useQuery({
    queryKey: ["connectors"],
    queryFn: async () => (await answer(api.GET("/api/v1/connectors", { params: { query: { limit: 200 } } }))).items,
  });
  const failed = brands.error ?? connectors.error;
  return (
    <Page
      title={t("campaigns.form.title")}
      lead={t("campaigns.form.lead")}
      back={<TextLink to="/campaigns">{t("campaigns.detail.back")}</TextLink>}
    >
      <div className="surface" style={{ padding: "var(--mantine-spacing-md)", maxWidth: 760 }}>
        {failed && <Failure error={failed} />}
        {!failed && !(brands.data && connectors.data) && <Loading />}
        {brands.data && connectors.data && (
          <CampaignForm
            brands={brands.data}
            connectors={connectors.data.map(({ id, name }) => ({ value: id, label: name }))}
          />
        )}
      </div>
    </Page>
  );
}

interface Choice {
  value: string;
  label: string;
}

function CampaignForm({ brands, connectors }: { brands: Brand[]; connectors: Choice[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const tags = useKnownTags();
  const intention = useRef(newIntentionKey());
  const required = (value: string) => (value.trim() === "" ? t("campaigns.form.required") : null);
  const form = useForm<Values>({
    initialValues: {
      name: "",
      brand_id: brands[0]?.id ?? "",
      connector_id: connectors[0]?.value ?? "",
      sender: "",
      kind: "BIREYSEL",
      basis: "COMMERCIAL",
      purpose: t("campaigns.form.purpose_default"),
      audience: "all",
      tag: "",
      body: "",
      template_id: "",
    },
    // Other content is another intention.
    onValuesChange: () => {
      intention.current = newIntentionKey();
    },
    validate: {
      name: required,
      brand_id: required,
      connector_id: required,
      purpose: required,
      body: required,
      sender: (value) => required(value) ?? (value.trim().length > SENDER_MAX ? t("campaigns.form.long_sender") : null),
      tag: (value, { audience }) => (audience === "tag" ? required(value) : null),
    },
  });
  const create = useMutation({
    mutationFn: (values: Values) =>
      answer<Campaign>(
        api.POST("/api/v1/campaigns", {
          body: draftOf(values),
          headers: { "Idempotency-Key": intention.current },
        }),
      ),
    onSuccess: (campaign) => {
      rememberCampaign(campaign);
      void queries.invalidateQueries({ queryKey: ["campaigns"] });
      notifyDone(t("campaigns.form.created"));
      void navigate({ to: "/campaigns/$id", params: { id: campaign.id } });
    },
    onError: (error) => {
      if (error instanceof ApiError) form.setErrors(error.fields(currentLanguage()));
    },
  });

  const brand = brands.find(({ id }) => id === form.values.brand_id);
  const templates = useTemplates();
  const texts = templates.filter(({ brand_id, channel }) => brand_id === form.values.brand_id && channel === "MESAJ");
  const isCommercial = form.values.basis === "COMMERCIAL";
  if (connectors.length === 0) return <Text>{t("campaigns.form.no_connector")}</Text>;
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
      <Stack gap="md">
        <TextInput
          label={t("campaigns.form.name")}
          description={t("campaigns.form.name_hint")}
          withAsterisk
          {...form.getInputProps("name")}
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <Select
            label={t("campaigns.form.brand")}
            data={brands.map(({ id, name }) => ({ value: id, label: name }))}
            allowDeselect={false}
            withAsterisk
            {...form.getInputProps("brand_id")}
          />
          <Select
            label={t("campaigns.form.connector")}
            data={connectors}
            allowDeselect={false}
            withAsterisk
            {...form.getInputProps("connector_id")}
          />
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput
            label={t("campaigns.form.sender")}
            description={t("campaigns.form.sender_hint")}
            withAsterisk
            {...form.getInputProps("sender")}
          />
          <TextInput
            label={t("campaigns.form.purpose")}
            description={t("campaigns.form.purpose_hint")}
            withAsterisk
            {...form.getInputProps("purpose")}
          />
        </SimpleGrid>
        <Radio.Group label={t("campaigns.form.basis")} {...form.getInputProps("basis")}>
          <Stack gap="sm" mt="xs">
            {BASES.map((basis) => (
              <Radio
                key={basis}
                value={basis}
                label={t(`common.basis.${basis}`)}
                description={t(`campaigns.form.basis_explain.${basis}`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Radio.Group label={t("campaigns.form.kind")} {...form.getInputProps("kind")}>
          <Group gap="lg" mt="xs">
            <Radio value="BIREYSEL" label={t("common.kind.BIREYSEL")} />
            <Radio value="TACIR" label={t("common.kind.TACIR")} />
          </Group>
        </Radio.Group>
        <Radio.Group label={t("campaigns.form.audience")} {...form.getInputProps("audience")}>
          <Group gap="lg" mt="xs">
            <Radio value="all" label={t("campaigns.form.audience_all")} />
            <Radio value="tag" label={t("campaigns.form.audience_tag")} />
          </Group>
        </Radio.Group>
        {form.values.audience === "tag" && (
          <Autocomplete label={t("campaigns.form.tag")} data={tags} withAsterisk {...form.getInputProps("tag")} />
        )}
        {texts.length > 0 && (
          <Select
            label={t("campaigns.form.template")}
            description={t("campaigns.form.template_hint")}
            placeholder={t("campaigns.form.template_none")}
            data={texts.map(({ id, name }) => ({ value: id, label: name }))}
            value={form.values.template_id || null}
            onChange={(id) => {
              const chosen = texts.find((one) => one.id === id);
              form.setValues({ template_id: chosen?.id ?? "", ...(chosen && { body: chosen.body }) });
            }}
            searchable
            clearable
            clearButtonProps={{ "aria-label": t("common.action.clear") }}
          />
        )}
        <Textarea
          label={t("campaigns.form.body")}
          description={
            brand && isCommercial
              ? t("campaigns.form.body_hint", { trade_name: brand.trade_name, short_name: brand.short_name })
              : undefined
          }
          withAsterisk
          minRows={4}
          rows={5}
          lang="tr"
          {...form.getInputProps("body")}
        />
        <Group justify="space-between" mt={-10}>
          {brand && isCommercial ? (
            <Button
              variant="subtle"
              size="xs"
              onClick={() => form.setFieldValue("body", withMandatory(form.values.body, brand))}
            >
              {t("campaigns.form.body_add")}
            </Button>
          ) : (
            <span />
          )}
          <Text size="sm" className="quiet">
            {t("campaigns.form.length", { count: [...form.values.body].length })}
          </Text>
        </Group>
        {create.error && <Problem error={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t("campaigns.form.submit")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The firm's texts to begin from; without them a text is simply written. */
function useTemplates() {
  const { data } = useQuery({
    queryKey: ["templates", "all"],
    queryFn: async () => (await answer(api.GET("/api/v1/templates", { params: { query: { limit: 200 } } }))).items,
  });
  return data ?? [];
}

/**
 * The text with who sends it and how to refuse, in Turkish as the message is
 * (Regulation on commercial communication, art. 8). Added once.
 */
function withMandatory(body: string, { trade_name, mersis, short_name }: Brand): string {
  const sender = mersis ? `${trade_name} Mersis ${mersis}` : trade_name;
  const mandatory = `${sender}. İleti almamak için RET ${short_name} yazıp 3338'e gönderin.`;
  return body.includes(mandatory) ? body : `${body.trimEnd()} ${mandatory}`.trimStart();
}

function draftOf(values: Values) {
  const { audience, tag, template_id, ...rest } = values;
  return {
    ...rest,
    template_id: template_id || undefined,
    name: values.name.trim(),
    sender: values.sender.trim(),
    purpose: values.purpose.trim(),
    channel: "MESAJ" as const,
    audience: audience === "tag" ? { type: "tag" as const, tag: tag.trim() } : { type: "all" as const },
  };
}
