import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { usePages } from "../api/pages";
import { DataTable } from "../app/data-table";
import { ButtonLink, TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";

/** The firm's segments: rules that say whom a campaign is for, each as a sentence. */
export function SegmentsPage() {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const list = usePages(["segments", "pages"], (after) =>
    answer(api.GET("/api/v1/segments", { params: { query: { after } } })),
  );
  const actions = may("manage_campaigns") && (
    <ButtonLink to="/segments/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t("lists.segments.new")}
    </ButtonLink>
  );
  return (
    <Page title={t("lists.segments.title")} lead={t("lists.segments.lead")} actions={actions}>
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Empty title={t("lists.segments.empty")} text={t("lists.segments.empty_hint")} />
        )}
        {list.items.length > 0 && (
          <DataTable
            label={t("lists.segments.title")}
            rows={list.items}
            keyOf={({ id }) => id}
            columns={[
              {
                head: t("lists.column.name"),
                width: "140px",
                cell: ({ id, name }) => (
                  <TextLink to="/segments/$id" params={{ id }} fw={600}>
                    {name}
                  </TextLink>
                ),
              },
              {
                head: t("lists.segments.rules"),
                width: "220px",
                cell: ({ text_tr, text_en }) => (i18n.language === "en" ? text_en : text_tr),
              },
              {
                head: t("lists.segments.changed"),
                from: "md",
                cell: ({ updated_at }) => <Time at={updated_at} />,
              },
            ]}
          />
        )}
        <MoreButton list={list} />
      </div>
    </Page>
  );
}
