import { Progress, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { useActorName } from "../app/actor";
import { TextLink } from "../app/links";
import { StateBadge } from "../app/state-badge";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { useFollowedInList } from "./follow";
import { isMoving, registryOpen, stagesOf, TONE } from "./upload-state";

/** One upload in the list, with a bar while it is under way. */
export function UploadRow({ upload, isFollowed }: { upload: Upload; isFollowed: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  useFollowedInList(upload, isFollowed);
  const stage = stagesOf(upload).find(({ state }) => state === "current");

  return (
    <Table.Tr>
      <Table.Td style={{ minWidth: "11rem" }}>
        <TextLink to="/uploads/$id" params={{ id: upload.id }} fw={600} style={{ overflowWrap: "anywhere" }}>
          {upload.name}
        </TextLink>
        <Text size="sm" className="quiet" style={{ overflowWrap: "anywhere" }}>
          {upload.file_name}
          <Text span inherit visibleFrom="sm">
            {" · "}
            {actorName(upload.actor)}
            {upload.approver && ` · ${t("uploads.detail.approved_by", { who: actorName(upload.approver) })}`}
          </Text>
        </Text>
        <Text size="sm" className="quiet" hiddenFrom="sm">
          <Time at={upload.created_at} />
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge tone={TONE[upload.state]} label={t(`uploads.state.${upload.state}`)} live={isMoving(upload)} />
        {stage?.share !== undefined && (
          <Progress
            value={stage.share * 100}
            size="sm"
            mt={6}
            miw={96}
            aria-label={`${t(`uploads.stage.${stage.name}`)}: ${formats.percent(stage.share)}`}
          />
        )}
      </Table.Td>
      <Table.Td visibleFrom="md">
        {upload.purpose === "contacts" ? t(`uploads.action.${upload.action}`) : t(`uploads.purpose.${upload.purpose}`)}
      </Table.Td>
      <Table.Td ta="end" className="number" visibleFrom="xs">
        {formats.number(upload.rows_read)}
      </Table.Td>
      <Table.Td ta="end" className="number" visibleFrom="md">
        {formats.number(upload.records_applied)}
      </Table.Td>
      <Table.Td ta="end" className="number" visibleFrom="xs">
        {formats.number(upload.pairs_rejected)}
      </Table.Td>
      <Table.Td ta="end" className="number" visibleFrom="lg">
        {formats.number(registryOpen(upload))}
        {upload.registry.confirmed > 0 && (
          <Text size="sm" className="quiet">
            {t("uploads.column.confirmed", { count: upload.registry.confirmed })}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Time at={upload.created_at} />
        {upload.started_at && (
          <Text size="sm" className="quiet">
            {t("uploads.column.started")} <Time at={upload.started_at} />
          </Text>
        )}
        {upload.finished_at && (
          <Text size="sm" className="quiet">
            {t("uploads.column.finished")} <Time at={upload.finished_at} />
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
