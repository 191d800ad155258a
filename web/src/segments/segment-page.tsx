import { Group, Select, SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Segment } from "../api/model";
import { usePages } from "../api/pages";
import { useBrands } from "../app/brands";
import { DataTable } from "../app/data-table";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Page, Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge, useReasonText } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import type { About } from "./segment-builder";
import { SegmentForm } from "./segment-form";

const CHANNELS = ["MESAJ", "EPOSTA", "WHATSAPP"] as const;
const KINDS = ["BIREYSEL", "TACIR"] as const;

/** A segment: its rules, and whom they find now. */
export function SegmentPage() {
  const { id = "" } = useParams({ strict: false });
  const segment = useQuery({
    queryKey: ["segment", id],
    queryFn: () => answer(api.GET("/api/v1/segments/{id}", { params: { path: { id } } })),
  });
  if (segment.isPending) return <Loading />;
  if (segment.isError) return <Failure isPage error={segment.error} onRetry={() => segment.refetch()} />;
  return <Rules key={id} segment={segment.data} />;
}

/** A segment that is not saved yet. */
export function NewSegmentPage() {
  return <Rules />;
}

function Rules({ segment }: { segment?: Segment }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const brands = useBrands();
  const [chosen, choose] = useState<Partial<About>>({});
  const brand = chosen.brand_id ?? brands.data?.[0]?.id;
  const about = brand
    ? { brand_id: brand, channel: chosen.channel ?? "MESAJ", kind: chosen.kind ?? "BIREYSEL" }
    : undefined;
  const sentence = segment && (i18n.language === "en" ? segment.text_en : segment.text_tr);
  return (
    <Page
      title={segment?.name ?? t("lists.segments.new")}
      lead={sentence ?? t("lists.segments.lead")}
      back={<TextLink to="/segments">{t("lists.segments.all")}</TextLink>}
    >
      {brands.isPending && <Loading />}
      {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
      {brands.isSuccess && !about && (
        <div className="surface">
          <Empty title={t("lists.segments.no_brand")} text={t("lists.segments.no_brand_hint")} />
        </div>
      )}
      {about && (
        <>
          <AboutFields
            about={about}
            brands={brands.data ?? []}
            onChange={(change) => choose({ ...chosen, ...change })}
          />
          {may("manage_campaigns") && (
            <Section title={t("lists.segments.rules")} id="rules">
              <div style={{ padding: "0 var(--mantine-spacing-md) var(--mantine-spacing-md)" }}>
                <SegmentForm
                  about={about}
                  segment={segment}
                  saveLabel={t("lists.segments.save")}
                  onSaved={({ id }) => {
                    if (!segment) void navigate({ to: "/segments/$id", params: { id } });
                  }}
                />
              </div>
            </Section>
          )}
          {segment && <People id={segment.id} changed={segment.updated_at} about={about} />}
        </>
      )}
    </Page>
  );
}

interface AboutFieldsProps {
  about: About;
  brands: Brand[];
  onChange: (change: Partial<About>) => void;
}

/** For which brand, channel and capacity people are counted: consent differs in each. */
function AboutFields({ about, brands, onChange }: AboutFieldsProps) {
  const { t } = useTranslation();
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} maw={720}>
      <Select
        label={t("campaigns.form.brand")}
        data={brands.map(({ id, name }) => ({ value: id, label: name }))}
        value={about.brand_id}
        onChange={(brand_id) => brand_id && onChange({ brand_id })}
        allowDeselect={false}
      />
      <Select
        label={t("builder.setup.channel")}
        data={CHANNELS.map((value) => ({ value, label: t(`common.channel.${value}`) }))}
        value={about.channel}
        onChange={(value) => onChange({ channel: CHANNELS.find((one) => one === value) ?? "MESAJ" })}
        allowDeselect={false}
      />
      <Select
        label={t("campaigns.form.kind")}
        data={KINDS.map((value) => ({ value, label: t(`common.kind.${value}`) }))}
        value={about.kind}
        onChange={(value) => onChange({ kind: KINDS.find((one) => one === value) ?? "BIREYSEL" })}
        allowDeselect={false}
      />
    </SimpleGrid>
  );
}

function People({ id, changed, about }: { id: string; changed: string; about: About }) {
  const { t } = useTranslation();
  const text = useReasonText();
  const list = usePages(["segment", id, "people", changed, about], (after) =>
    answer(api.GET("/api/v1/segments/{id}/people", { params: { path: { id }, query: { ...about, after } } })),
  );
  return (
    <Section title={t("lists.segments.people")} id="people">
      {list.isPending && <Loading lines={4} />}
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && <Empty title={t("lists.segments.nobody")} />}
      {list.items.length > 0 && (
        <DataTable
          label={t("lists.segments.people")}
          rows={list.items}
          keyOf={({ contact_id, address }) => `${contact_id}:${address}`}
          columns={[
            {
              head: t("lists.column.name"),
              width: "140px",
              cell: ({ contact_id, full_name }) => (
                <TextLink to="/contacts/$id" params={{ id: contact_id }} search={{}} fw={600}>
                  {full_name ?? t("contacts.unnamed")}
                </TextLink>
              ),
            },
            { head: t("lists.blacklist.address"), cell: ({ address }) => <span className="number">{address}</span> },
            {
              head: t("lists.segments.now"),
              width: "220px",
              cell: ({ reason }) =>
                reason ? (
                  <Group gap={8} wrap="nowrap" align="flex-start">
                    <CodeBadge code={reason.code} />
                    <span>{text(reason)}</span>
                  </Group>
                ) : (
                  <StateBadge tone="good" label={t("lists.segments.sendable")} />
                ),
            },
          ]}
        />
      )}
      <MoreButton list={list} />
    </Section>
  );
}
