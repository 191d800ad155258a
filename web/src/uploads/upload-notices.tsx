import { Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { useMay } from "../app/permissions";
import { CodeBadge, ReasonText, useReasonText } from "../app/reason-text";
import { useFormats } from "../locale/format";
import { HowToTextColumn } from "./how-to-text-column";
import { Reading } from "./reading";
import { ReuploadLink } from "./reupload-link";

/** What must be known about the file as a whole: why it stopped, why it waits, what it will not do. */
export function UploadNotices({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const text = useReasonText();
  const formats = useFormats();
  const decides = ["judged", "waiting_for_person"].includes(upload.state);
  return (
    <>
      <Refused upload={upload} />
      <Waiting upload={upload} />
      {upload.state === "cancelled" && upload.records_applied > 0 && (
        <Notice tone="out" title={t("uploads.detail.stopped_midway")}>
          {t("uploads.detail.stopped_kept", { count: upload.records_applied })}
        </Notice>
      )}
      <Differences upload={upload} />
      {decides &&
        upload.notices.map((notice) => (
          <Notice key={`${notice.code}:${notice.text_en}`} tone={TELLS_RISK.includes(notice.code) ? "out" : "neutral"}>
            {text(notice)}
          </Notice>
        ))}
      {upload.registry.last_error && (
        <Notice tone="out" title={t("registry.queue.last_error")}>
          {upload.registry.last_error}
          {upload.registry.next_try_at && (
            <Text mt={4}>
              {t("uploads.detail.next_try", {
                place: upload.registry.tries + 1,
                when: formats.dateTime(upload.registry.next_try_at),
              })}
            </Text>
          )}
        </Notice>
      )}
    </>
  );
}

/** Notices after which a careful person looks again. */
const TELLS_RISK = ["blocks_mandatory", "uniform_column", "office_hours_only", "one_source", "consents_ignored"];

/** Codes that other reading settings may mend. */
const MISREAD = ["F103", "F104", "F106"];
/** Phones that a spreadsheet has turned into rounded numbers. */
const BROKEN_NUMBERS = "F113";
/** Codes that mapping the columns may mend. */
const MISMAPPED = ["F110", "F111", "F117"];

function Refused({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const may = useMay();
  const { refusal } = upload;
  if (!refusal) return null;
  const hasQuestions = (upload.summary?.questions?.length ?? 0) > 0;
  const hasColumns = (upload.summary?.columns?.length ?? 0) > 0;
  return (
    <Notice
      tone={hasQuestions ? "out" : "bad"}
      title={t(hasQuestions ? "uploads.refused.needs_answer" : "uploads.file_refused")}
      isUrgent
    >
      <Group gap={8} wrap="nowrap" align="flex-start" mt={4}>
        <CodeBadge code={refusal.code} />
        <ReasonText reason={refusal} />
      </Group>
      {refusal.code === BROKEN_NUMBERS && <HowToTextColumn />}
      {MISMAPPED.includes(refusal.code) && hasColumns && (
        <Text mt="xs">
          <a href="#recognised">{t("uploads.refused.map_columns")}</a>
        </Text>
      )}
      {MISREAD.includes(refusal.code) && (
        <>
          <Text mt="xs">{t("uploads.refused.read_otherwise")}</Text>
          <Reading upload={upload} isOpenAtFirst />
        </>
      )}
      {may("upload_files") && !hasQuestions && (
        <Group mt="sm">
          <ReuploadLink upload={upload} />
        </Group>
      )}
    </Notice>
  );
}

/** Why somebody must look before the file is applied, with its three biggest reasons. */
function Waiting({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const text = useReasonText();
  const formats = useFormats();
  if (upload.state !== "waiting_for_person" || upload.holds.length === 0) return null;
  const reasons = upload.summary.biggest_reasons ?? [];
  const isBraked = upload.holds.some(({ code }) => code === "brake");
  return (
    <Notice tone="out" title={t("uploads.waits.title")}>
      <ul style={{ margin: "4px 0", paddingInlineStart: "1.2em" }}>
        {upload.holds.map((hold) => (
          <li key={`${hold.code}:${hold.text_en}`} data-hold={hold.code}>
            {text(hold)}
          </li>
        ))}
      </ul>
      {isBraked && reasons.length > 0 && (
        <>
          <Text size="sm" fw={600} mt="xs">
            {t("uploads.waits.reasons")}
          </Text>
          <ol style={{ margin: 0, paddingInlineStart: "1.4em" }}>
            {reasons.map((reason) => (
              <li key={reason.code}>
                <TextLink
                  to="/uploads/$id"
                  params={{ id: upload.id }}
                  search={{ code: reason.code }}
                  hash="rejections"
                  inherit
                  underline="always"
                >
                  {reason.code}
                </TextLink>{" "}
                {text(reason)} ({formats.number(reason.count)})
              </li>
            ))}
          </ol>
        </>
      )}
      <Text size="sm" className="quiet" mt="xs">
        {t("uploads.waits.hint")}
      </Text>
    </Notice>
  );
}

/** Where what was applied differs from what the preview said. */
function Differences({ upload }: { upload: Upload }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  if (upload.discrepancies.length === 0) return null;
  const name = (figure: string) => {
    const key = `uploads.discrepancy.figure.${figure}`;
    return i18n.exists(key) ? t(key as "uploads.discrepancy.figure.records") : figure;
  };
  return (
    <Notice tone="bad" title={t("uploads.discrepancy.title")} isUrgent>
      <ul style={{ margin: "4px 0", paddingInlineStart: "1.2em" }}>
        {upload.discrepancies.map(({ figure, foreseen, actual }) => (
          <li key={figure}>
            {t("uploads.discrepancy.line", {
              figure: name(figure),
              foreseen: formats.number(foreseen),
              actual: formats.number(actual),
            })}
          </li>
        ))}
      </ul>
      <Text size="sm">{t("uploads.discrepancy.hint")}</Text>
    </Notice>
  );
}
