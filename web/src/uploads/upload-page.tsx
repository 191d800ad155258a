import { Group, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { useActorName } from "../app/actor";
import { Counters } from "../app/counters";
import { TextLink } from "../app/links";
import { Notice } from "../app/notice";
import { Page } from "../app/page";
import { CodeBadge, ReasonText, useReasonText } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { Codes } from "./codes";
import { useUpload } from "./follow";
import { Recognised } from "./recognised";
import { Rejections } from "./rejections";
import { Stages } from "./stages";
import { UploadActions } from "./upload-actions";
import { acceptedPairs, isMoving, mergedPairs, rejectedWhileApplying, summaryOf, TONE } from "./upload-state";

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
      <Notices upload={data} />
      <UploadCounters upload={data} />
      {summary && <Codes uploadId={data.id} codes={summary.codes} />}
      {summary && <Recognised upload={data} summary={summary} />}
      {summary && data.pairs_rejected > 0 && <Rejections upload={data} code={code} />}
    </Page>
  );
}

function Lead({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const actorName = useActorName();
  return (
    <>
      {upload.file_name} · {t(`uploads.action.${upload.action}`)}
      {upload.tag && ` · #${upload.tag}`}
      <br />
      {actorName(upload.actor)}, <Time at={upload.created_at} />
      {upload.approver && ` · ${t("uploads.detail.approved_by", { who: actorName(upload.approver) })}`}
    </>
  );
}

function Notices({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const text = useReasonText();
  const formats = useFormats();
  const questions = upload.summary?.questions ?? [];
  return (
    <>
      {upload.refusal && (
        <Notice tone="bad" title={t("uploads.file_refused")} isUrgent>
          <Group gap={8} wrap="nowrap" align="flex-start" mt={4}>
            <CodeBadge code={upload.refusal.code} />
            <ReasonText reason={upload.refusal} />
          </Group>
        </Notice>
      )}
      {upload.state === "waiting_for_person" && (
        <Notice tone="out">
          {t("uploads.over_brake", { percent: formats.percent((upload.summary.rejected_percent ?? 0) / 100) })}
        </Notice>
      )}
      {questions.length > 0 && (
        <Notice tone="out" title={t("uploads.questions")}>
          <ul style={{ margin: 0, paddingInlineStart: "1.2em" }}>
            {questions.map((question) => (
              <li key={`${question.code}:${question.column ?? ""}`}>{text(question)}</li>
            ))}
          </ul>
          <Text size="sm" className="quiet" mt={4}>
            {t("uploads.questions_hint")}
          </Text>
        </Notice>
      )}
      {upload.registry.last_error && (
        <Notice tone="out" title={t("registry.queue.last_error")}>
          {upload.registry.last_error}
        </Notice>
      )}
    </>
  );
}

function UploadCounters({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const isApplied = ["applying", "applied"].includes(upload.state);
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
                { label: t("uploads.counter.refused_later"), value: rejectedWhileApplying(upload) },
              ]
            : []),
        ]}
      />
      <Text size="sm" className="quiet" mt={6}>
        {t("uploads.counter.pairs_hint")}
      </Text>
    </div>
  );
}
