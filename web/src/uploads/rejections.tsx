import { Button, Group, Select, Table, Text } from "@mantine/core";
import { IconDownload, IconPencil } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api, newIntentionKey } from "../api/client";
import type { Upload } from "../api/model";
import { usePages } from "../api/pages";
import { MoreButton } from "../app/more-button";
import { notifyDone } from "../app/notify";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { useReasonText } from "../app/reason-text";
import { ScrollX } from "../app/scroll-x";
import { Failure, Loading, Problem } from "../app/states";
import { isRefusal } from "./codes";
import { bodyOf, CELLS_MAX, type Edit, type Edits, withEdit } from "./corrections";
import { RejectedRow } from "./rejected-row";
import classes from "./rejections.module.css";
import { ReuploadLink } from "./reupload-link";

/** As what kind of file the report can be had, by its ending. */
const REPORT_FORMS = ["csv", "xlsx"] as const;

/** The refused rows with line, field, reason and next step; filtered by the code in the address. */
export function Rejections({ upload, code }: { upload: Upload; code: string | undefined }) {
  const { t } = useTranslation();
  const text = useReasonText();
  const navigate = useNavigate();
  const may = useMay();
  const list = usePages(["upload", upload.id, "rejections", { code, count: upload.pairs_rejected }], (after) =>
    answer(api.GET("/api/v1/uploads/{id}/rejections", { params: { path: { id: upload.id }, query: { code, after } } })),
  );
  const [edits, setEdits] = useState<Edits>();
  const intention = useRef(newIntentionKey());
  const save = useMutation({
    mutationFn: (mended: Edits) =>
      answer<Upload>(
        api.POST("/api/v1/uploads/{id}/corrections", {
          params: { path: { id: upload.id } },
          headers: { "Idempotency-Key": intention.current },
          body: bodyOf(mended),
        }),
      ),
    onSuccess: (made) => {
      void queries.invalidateQueries({ queryKey: ["uploads"] });
      notifyDone(t("uploads.rejections.mended_done"));
      void navigate({ to: "/uploads/$id", params: { id: made.id }, search: {} });
    },
  });
  const edit = (change: Edit) => {
    intention.current = newIntentionKey();
    setEdits((held) => withEdit(held ?? new Map(), change));
  };
  const isMendable = may("upload_files") && list.items.some(({ column }) => column != null);
  const counted = (upload.summary.codes ?? []).filter(({ code }) => isRefusal(code));
  const options = counted.map((entry) => ({ value: entry.code, label: `${entry.code} · ${text(entry)}` }));
  const setCode = (chosen: string | null) =>
    navigate({
      to: "/uploads/$id",
      params: { id: upload.id },
      search: { code: chosen ?? undefined },
      resetScroll: false,
    });

  return (
    <Section
      title={t("uploads.rejections.title")}
      id="rejections"
      aside={
        <Group gap="xs">
          <Select
            aria-label={t("uploads.rejections.filter")}
            placeholder={t("uploads.rejections.all")}
            data={
              code && !counted.some((entry) => entry.code === code)
                ? [{ value: code, label: code }, ...options]
                : options
            }
            value={code ?? null}
            onChange={setCode}
            clearable
            clearButtonProps={{ "aria-label": t("common.action.clear") }}
            w={240}
            comboboxProps={{ width: 340, position: "bottom-end" }}
          />
          {REPORT_FORMS.map((form) => (
            <Button
              key={form}
              component="a"
              href={`/api/v1/uploads/${encodeURIComponent(upload.id)}/rejections.${form}`}
              download
              variant="default"
              leftSection={<IconDownload size={18} aria-hidden />}
            >
              {t(`uploads.rejections.download.${form}`)}
            </Button>
          ))}
          {isMendable && !edits && (
            <Button
              variant="default"
              leftSection={<IconPencil size={18} aria-hidden />}
              onClick={() => setEdits(new Map())}
            >
              {t("uploads.rejections.mend")}
            </Button>
          )}
          {may("upload_files") && <ReuploadLink upload={upload} />}
        </Group>
      }
    >
      <Text px="md" pb="sm" size="sm" className="quiet">
        {t(edits ? "uploads.rejections.mend_hint" : "uploads.rejections.hint")}
        {upload.registry.refused > 0 && ` ${t("uploads.rejections.with_registry")}`}
      </Text>
      {list.isPending && <Loading lines={4} />}
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <Text px="md" pb="md">
          {t(code ? "uploads.rejections.none_for_code" : "uploads.rejections.none")}
        </Text>
      )}
      {list.items.length > 0 && (
        <ScrollX label={t("uploads.rejections.title")}>
          <Table aria-labelledby="rejections-title" miw={640}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th ta="end">{t("uploads.rejections.line")}</Table.Th>
                <Table.Th>{t("uploads.rejections.field")}</Table.Th>
                <Table.Th>{t("uploads.rejections.why")}</Table.Th>
                <Table.Th>{t("uploads.rejections.next")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody style={{ verticalAlign: "top" }}>
              {list.items.map((row) => (
                <RejectedRow key={`${row.line}.${row.number}`} row={row} edits={edits} onEdit={edit} />
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
      <MoreButton list={list} />
      {edits && (
        <div className={classes.bar}>
          {save.error && <Problem error={save.error} />}
          <Group justify="space-between">
            <Text role="status">{t("uploads.rejections.mended", { count: edits.size })}</Text>
            <Group gap="xs">
              <Button variant="default" onClick={() => setEdits(undefined)}>
                {t("common.action.cancel")}
              </Button>
              <Button
                onClick={() => save.mutate(edits)}
                loading={save.isPending}
                disabled={edits.size === 0 || edits.size > CELLS_MAX}
              >
                {t("uploads.rejections.judge_mended")}
              </Button>
            </Group>
          </Group>
        </div>
      )}
    </Section>
  );
}
