import { Button, Group, Select, Table, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Upload } from "../api/model";
import { usePages } from "../api/pages";
import { MoreButton } from "../app/more-button";
import { Section } from "../app/page";
import { useMay } from "../app/permissions";
import { CodeBadge, useReasonText } from "../app/reason-text";
import { ScrollX } from "../app/scroll-x";
import { Failure, Loading } from "../app/states";
import { isRefusal } from "./codes";
import { useFieldLabel } from "./field-label";
import { ReuploadLink } from "./reupload-link";

/** The refused rows with line, field, reason and next step; filtered by the code in the address. */
export function Rejections({ upload, code }: { upload: Upload; code: string | undefined }) {
  const { t, i18n } = useTranslation();
  const text = useReasonText();
  const fieldLabel = useFieldLabel();
  const navigate = useNavigate();
  const may = useMay();
  const list = usePages(["upload", upload.id, "rejections", { code, count: upload.pairs_rejected }], (after) =>
    answer(api.GET("/api/v1/uploads/{id}/rejections", { params: { path: { id: upload.id }, query: { code, after } } })),
  );
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
          <Button
            component="a"
            href={`/api/v1/uploads/${encodeURIComponent(upload.id)}/rejections.csv`}
            download
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
          >
            {t("uploads.rejections.download")}
          </Button>
          {may("upload_files") && <ReuploadLink upload={upload} />}
        </Group>
      }
    >
      <Text px="md" pb="sm" size="sm" className="quiet">
        {t("uploads.rejections.hint")}
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
                <Table.Tr key={row.number} data-code={row.code}>
                  <Table.Td ta="end" className="number">
                    {row.line}
                  </Table.Td>
                  <Table.Td>
                    {fieldLabel(row.field)}
                    {row.channel && (
                      <Text size="sm" className="quiet">
                        {t(`common.channel.${row.channel}`)}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Group gap={8} wrap="nowrap" align="flex-start">
                      <CodeBadge code={row.code} />
                      <div>
                        {text(row)}
                        {row.value && (
                          <Text size="sm" className="quiet" style={{ overflowWrap: "anywhere" }}>
                            {t("uploads.rejections.value")}: <q>{row.value}</q>
                          </Text>
                        )}
                      </div>
                    </Group>
                  </Table.Td>
                  <Table.Td>{i18n.language === "en" ? row.next_en : row.next_tr}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
      <MoreButton list={list} />
    </Section>
  );
}
