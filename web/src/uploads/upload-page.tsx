import { Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { useActorName } from "../app/actor";
import { Counters } from "../app/counters";
import { TextLink } from "../app/links";
import { Page } from "../app/page";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { Codes } from "./codes";
import { useUpload } from "./follow";
import { Questions } from "./questions";
import { Recognised } from "./recognised";
import { Rejections } from "./rejections";
import { Stages } from "./stages";
import { UploadActions } from "./upload-actions";
import { UploadNotices } from "./upload-notices";
import { acceptedPairs, isMoving, mergedPairs, summaryOf, TONE } from "./upload-state";

const route = getRouteApi("/shell/uploads/$id");

/** One upload: what was understood, what was refused and why, and the button that applies it. */
export function UploadPage() {
  const { t } = useTranslation();
  const { id } = route.useParams();
  const { code } = route.useSearch();
  const upload = useUpload(id);
  if (upload.isPending) return <Loading />;
  if (upload.isError) return <Failure isPage error={upload.error} onRetry={() => upload.refetch()} />;
  const { data } = upload;
  const summary = summaryOf(data);

  return (
    <Page
      title={data.name}
      back={<TextLink to="/uploads">{t("uploads.detail.back")}</TextLink>}
      mark={
        <span role="status">
          <StateBadge tone={TONE[data.state]} label={t(`uploads.state.${data.state}`)} live={isMoving(data)} />
        </span>
      }
      lead={<Lead upload={data} />}
      actions={<UploadActions upload={data} />}
    >
      <div className="surface" style={{ padding: "var(--mantine-spacing-md)" }}>
        <Stages upload={data} />
      </div>
      <UploadNotices upload={data} />
      <Questions upload={data} />
      {data.state !== "refused" && <UploadCounters upload={data} />}
      {summary && data.state !== "refused" && <Codes uploadId={data.id} codes={summary.codes} />}
      {summary && <Recognised upload={data} summary={summary} />}
      {summary && (data.pairs_rejected > 0 || data.registry.refused > 0) && (
        <Rejections key={data.id} upload={data} code={code} />
      )}
    </Page>
  );
}

/** Whether the name of the file's tag is that of a list or a promotion. */
function isNamed({ purpose }: Upload): boolean {
  return purpose === "list" || purpose === "promotion";
}

function Lead({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  return (
    <>
      {upload.file_name} ·{" "}
      {upload.purpose === "contacts" ? t(`uploads.action.${upload.action}`) : t(`uploads.purpose.${upload.purpose}`)}
      {upload.stop_channel && ` · ${t(`common.channel.${upload.stop_channel}`)}`}
      {upload.tag && ` · ${isNamed(upload) ? "" : "#"}${upload.tag}`}
      {upload.expires_on && ` · ${t("uploads.dialog.expires_on")}: ${formats.date(upload.expires_on)}`}
      <br />
      {actorName(upload.actor)}, <Time at={upload.created_at} />
      {upload.approver && ` · ${t("uploads.detail.approved_by", { who: actorName(upload.approver) })}`}
    </>
  );
}

function UploadCounters({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const isApplied = ["applying", "applied"].includes(upload.state) || upload.records_applied > 0;
  const toRejections = (number: ReactNode) => (
    <TextLink
      to="/uploads/$id"
      params={{ id: upload.id }}
      search={{}}
      hash="rejections"
      inherit
      c="inherit"
      underline="always"
    >
      {number}
    </TextLink>
  );
  return (
    <div>
      <Counters
        label={t("uploads.counter.label")}
        counters={[
          { label: t("uploads.counter.rows"), value: upload.rows_read },
          { label: t("uploads.counter.accepted"), value: acceptedPairs(upload), tone: "good" },
          {
            label: t("uploads.counter.rejected"),
            value: upload.pairs_rejected,
            tone: upload.pairs_rejected > 0 ? "bad" : undefined,
            wrap: upload.pairs_rejected > 0 ? toRejections : undefined,
          },
          ...(mergedPairs(upload) > 0 ? [{ label: t("uploads.counter.merged"), value: mergedPairs(upload) }] : []),
          ...(isApplied
            ? [
                { label: t("uploads.counter.created"), value: upload.created },
                { label: t("uploads.counter.updated"), value: upload.updated },
                { label: t("uploads.counter.unchanged"), value: upload.unchanged },
                { label: t("uploads.counter.refused_later"), value: upload.rejected_late },
              ]
            : []),
        ]}
      />
      {upload.purpose !== "promotion" && (
        <Text size="sm" className="quiet" mt={6}>
          {t("uploads.counter.pairs_hint")}
        </Text>
      )}
    </div>
  );
}
