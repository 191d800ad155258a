import { Button, Group, Select, Table, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { POLL_MS } from "../api/live";
import { usePages } from "../api/pages";
import { useBrands } from "../app/brands";
import { MoreButton } from "../app/more-button";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { ScrollX } from "../app/scroll-x";
import { Empty, Failure, Loading } from "../app/states";
import { SourceScores } from "./source-scores";
import { UploadRow } from "./upload-row";
import { isMoving } from "./upload-state";

const UploadDialog = lazy(() => import("./upload-dialog"));
const route = getRouteApi("/shell/uploads");

/** A browser opens six connections to a server; streams must leave some for everything else. */
const STREAMS_AT_ONCE = 3;

/** All uploads, newest first; those under way move before one's eyes. */
export function UploadsPage() {
  const { t } = useTranslation();
  const { brand, new: isUploading, again } = route.useSearch();
  const navigate = route.useNavigate();
  const brands = useBrands();
  const list = usePages(
    ["uploads", { brand }],
    (after) => answer(api.GET("/api/v1/uploads", { params: { query: { brand_id: brand, after } } })),
    POLL_MS * 2,
  );
  const followed = list.items.filter(isMoving).slice(0, STREAMS_AT_ONCE);
  const openDialog = () => navigate({ search: (old) => ({ ...old, new: true }) });
  const may = useMay();
  const scored = brand ?? (brands.data?.length === 1 ? brands.data[0]?.id : undefined);
  const newButton = may("upload_files") && (
    <Button leftSection={<IconUpload size={18} aria-hidden />} onClick={openDialog}>
      {t("uploads.new")}
    </Button>
  );

  return (
    <Page title={t("uploads.title")} lead={t("uploads.lead")} actions={newButton}>
      {(brands.data?.length ?? 0) > 1 && (
        <Group>
          <Select
            label={t("uploads.filter.brand")}
            placeholder={t("uploads.filter.all_brands")}
            data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            value={brand ?? null}
            onChange={(chosen) => navigate({ search: { brand: chosen ?? undefined } })}
            clearable
            clearButtonProps={{ "aria-label": t("common.action.clear") }}
          />
        </Group>
      )}
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Empty title={t("uploads.empty.title")} text={t("uploads.empty.text")} action={newButton} />
        )}
        {list.items.length > 0 && (
          <ScrollX label={t("uploads.title")}>
            <Table highlightOnHover aria-label={t("uploads.title")}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("uploads.column.name")}</Table.Th>
                  <Table.Th>{t("uploads.column.state")}</Table.Th>
                  <Table.Th visibleFrom="md">{t("uploads.column.action")}</Table.Th>
                  <Table.Th ta="end" visibleFrom="xs">
                    {t("uploads.column.rows")}
                  </Table.Th>
                  <Table.Th ta="end" visibleFrom="md">
                    {t("uploads.column.applied")}
                  </Table.Th>
                  <Table.Th ta="end" visibleFrom="xs">
                    {t("uploads.column.rejected")}
                  </Table.Th>
                  <Table.Th ta="end" visibleFrom="lg">
                    {t("uploads.column.registry")}
                  </Table.Th>
                  <Table.Th visibleFrom="sm">{t("uploads.column.when")}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.items.map((upload) => (
                  <UploadRow key={upload.id} upload={upload} isFollowed={followed.includes(upload)} />
                ))}
              </Table.Tbody>
            </Table>
          </ScrollX>
        )}
        <MoreButton list={list} />
      </div>
      {list.items.length > 0 && (
        <Text size="sm" className="quiet">
          {t("uploads.counter.pairs_hint")}
        </Text>
      )}
      {scored && <SourceScores brandId={scored} />}
      <Suspense>
        {isUploading && may("upload_files") && (
          <UploadDialog
            again={again}
            onClose={() => navigate({ search: (old) => ({ ...old, new: undefined, again: undefined }) })}
          />
        )}
      </Suspense>
    </Page>
  );
}
