import { Badge, Button, Checkbox, Group, Select, SimpleGrid, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Brand, Template } from "../api/model";
import { ApiError } from "../api/problem";
import { useAct } from "../app/act";
import { useBrands } from "../app/brands";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { Failure, Loading, Problem } from "../app/states";
import { Time } from "../app/time";
import { currentLanguage } from "../locale";
import { useFormats } from "../locale/format";
import { ByKeySection } from "./by-key-section";
import { Chips } from "./chips";
import { MailSection } from "./mail-section";
import { Measure } from "./measure";
import { convertPasted, insertAt } from "./variables";
import { Versions } from "./versions";

const route = getRouteApi("/shell/templates/$id");
const CHANNELS = ["MESAJ", "EPOSTA", "WHATSAPP"] as const;

/** A new text. */
export function NewTemplatePage() {
  const { t } = useTranslation();
  const brands = useBrands();
  const may = useMay();
  return (
    <Page title={t("templates.add")} back={<TextLink to="/templates">{t("templates.back")}</TextLink>}>
      {brands.isPending && <Loading />}
      {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
      {brands.data?.length === 0 && <Notice tone="out">{t("registry.no_brand.text")}</Notice>}
      {!may("manage_templates") && <Notice tone="out">{t("templates.not_allowed")}</Notice>}
      {brands.data && brands.data.length > 0 && may("manage_templates") && <Editor brands={brands.data} />}
    </Page>
  );
}

/** One text, and how a person would read it. */
export function TemplatePage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const brands = useBrands();
  const template = useQuery({
    queryKey: ["template", id],
    queryFn: () => answer(api.GET("/api/v1/templates/{id}", { params: { path: { id } } })),
  });
  if (template.isPending || brands.isPending) return <Loading />;
  if (template.isError) return <Failure isPage error={template.error} onRetry={() => template.refetch()} />;
  const { data } = template;
  return (
    <Page
      title={data.name}
      back={<TextLink to="/templates">{t("templates.back")}</TextLink>}
      lead={
        <>
          {t(`common.channel.${data.channel}`)} · {brands.data?.find(({ id }) => id === data.brand_id)?.name} ·{" "}
          {t("templates.version", { version: data.version })} · <Time at={data.updated_at} />
        </>
      }
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} style={{ alignItems: "start" }}>
        <Editor key={data.version} template={data} brands={brands.data ?? []} />
        <Preview template={data} />
      </SimpleGrid>
      {data.channel === "EPOSTA" && <MailSection template={data} />}
      <Measure template={data} />
      {data.channel !== "WHATSAPP" && <ByKeySection template={data} />}
      <Versions template={data} />
    </Page>
  );
}

function Editor({ template, brands }: { template?: Template; brands: Brand[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const intention = useRef(newIntentionKey());
  const area = useRef<HTMLTextAreaElement>(null);
  const [name, setName] = useState(template?.name ?? "");
  const [body, setBody] = useState(template?.body ?? "");
  const [channel, setChannel] = useState<Template["channel"]>("MESAJ");
  const [brand, setBrand] = useState(brands[0]?.id ?? "");
  const [wasConverted, setConverted] = useState(false);
  const [tried, setTried] = useState(false);
  const [isApproved, approve] = useState(false);
  const canWrite = may("manage_templates");
  const save = useAct(
    () =>
      template
        ? answer<Template>(
            api.PATCH("/api/v1/templates/{id}", {
              params: { path: { id: template.id } },
              body: { version: template.version, name: name.trim(), body, health_approval: isApproved },
            }),
          )
        : answer<Template>(
            api.POST("/api/v1/templates", {
              body: { brand_id: brand, channel, name: name.trim(), body, health_approval: isApproved },
              headers: { "Idempotency-Key": intention.current },
            }),
          ),
    {
      done: t("common.saved"),
      refresh: [["templates"]],
      showsError: true,
      onDone: (saved) => {
        queries.setQueryData(["template", saved.id], saved);
        void queries.invalidateQueries({ queryKey: ["template", saved.id, "preview"] });
        if (!template) void navigate({ to: "/templates/$id", params: { id: saved.id } });
      },
    },
  );
  const faults = save.error instanceof ApiError ? save.error.fields(currentLanguage()) : {};
  const needsOwner = save.error instanceof ApiError && save.error.problem.code === "S405";
  const change = (next: string) => {
    intention.current = newIntentionKey();
    const { body: fresh, converted } = convertPasted(next);
    if (converted) setConverted(true);
    setBody(fresh);
  };
  const add = (variable: string) => {
    const box = area.current;
    const place = insertAt(body, variable, box?.selectionStart ?? body.length, box?.selectionEnd ?? body.length);
    change(place.body);
    requestAnimationFrame(() => {
      box?.focus();
      box?.setSelectionRange(place.cursor, place.cursor);
    });
  };
  return (
    <Section title={t("templates.text")} id="text">
      <form
        noValidate
        style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (name.trim() !== "" && body.trim() !== "") save.mutate(undefined);
        }}
      >
        <Stack gap="md" maw={760}>
          {!template && (
            <SimpleGrid cols={{ base: 1, xs: 2 }}>
              <Select
                label={t("registry.brand")}
                data={brands.map(({ id, name }) => ({ value: id, label: name }))}
                value={brand}
                onChange={(value) => setBrand(value ?? brand)}
                allowDeselect={false}
                error={faults.brand_id}
              />
              <Select
                label={t("templates.channel")}
                data={CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
                value={channel}
                onChange={(value) => setChannel(CHANNELS.find((one) => one === value) ?? channel)}
                allowDeselect={false}
              />
            </SimpleGrid>
          )}
          <TextInput
            label={t("templates.name")}
            value={name}
            onChange={(event) => {
              intention.current = newIntentionKey();
              setName(event.currentTarget.value);
            }}
            readOnly={!canWrite}
            maxLength={100}
            withAsterisk
            error={faults.name ?? (tried && name.trim() === "" && t("common.required"))}
          />
          <Textarea
            ref={area}
            label={t("templates.body")}
            description={t("templates.body_hint")}
            value={body}
            onChange={(event) => change(event.currentTarget.value)}
            readOnly={!canWrite}
            autosize
            minRows={5}
            maxLength={2_048}
            lang="tr"
            withAsterisk
            error={faults.body ?? (tried && body.trim() === "" && t("common.required"))}
          />
          {canWrite && <Chips body={body} onAdd={add} />}
          <Text size="sm" className="quiet number">
            {t("templates.length", { count: [...body].length })}
          </Text>
          {wasConverted && <Notice tone="neutral">{t("templates.converted")}</Notice>}
          {save.error && <Problem error={save.error} />}
          {(needsOwner || isApproved) &&
            (may("manage_firm") ? (
              <Checkbox
                label={t("templates.health_approve")}
                description={t("templates.health_approve_hint")}
                checked={isApproved}
                onChange={(event) => {
                  intention.current = newIntentionKey();
                  approve(event.currentTarget.checked);
                }}
              />
            ) : (
              <Notice tone="held">{t("templates.health_owner")}</Notice>
            ))}
          {canWrite && (
            <Group justify="flex-end">
              <Button
                type="submit"
                loading={save.isPending}
                disabled={template && name.trim() === template.name && body === template.body}
              >
                {t("common.action.save")}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Section>
  );
}

/** The saved text with the values typed beside it; its length is the server's count, which is what is billed. */
function Preview({ template }: { template: Template }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [values, setValues] = useState<Record<string, string>>({});
  const preview = useQuery({
    queryKey: ["template", template.id, "preview", template.version, values],
    queryFn: () =>
      answer(api.POST("/api/v1/templates/{id}/preview", { params: { path: { id: template.id } }, body: { values } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Section title={t("templates.preview")} id="preview">
      <Stack gap="md" px="md" pb="md">
        {template.variables.map((name) => (
          <TextInput
            key={name}
            label={t("templates.value_of", { name })}
            value={values[name] ?? ""}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setValues((old) => ({ ...old, [name]: value }));
            }}
          />
        ))}
        {preview.isPending && <Loading lines={3} />}
        {preview.isError && <Failure error={preview.error} onRetry={() => preview.refetch()} />}
        {preview.data && (
          <>
            <Text
              component="blockquote"
              m={0}
              p="md"
              lang="tr"
              style={{
                whiteSpace: "pre-wrap",
                overflowWrap: "anywhere",
                borderRadius: "var(--mantine-radius-lg)",
                background: "var(--track)",
              }}
            >
              {preview.data.text ?? template.body}
            </Text>
            <Group gap="xs" aria-live="polite">
              <Badge variant="default" tt="none" radius="sm" data-parts={preview.data.length.parts}>
                {t("templates.parts", { count: preview.data.length.parts })}
              </Badge>
              <Text size="sm" className="quiet">
                {t("templates.units", {
                  units: formats.number(preview.data.length.units),
                  encoding: preview.data.length.encoding,
                })}
              </Text>
            </Group>
            {preview.data.missing.length > 0 && (
              <Notice tone="out">{t("templates.missing", { names: preview.data.missing.join(", ") })}</Notice>
            )}
          </>
        )}
      </Stack>
    </Section>
  );
}
