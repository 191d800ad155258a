import { VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { useActorName } from "../app/actor";
import { useFormats } from "../locale/format";
import classes from "./stages.module.css";
import { registryOpen, registryTotal, type Stage, stagesOf } from "./upload-state";

/** The upload's way from file to İYS as a line of stages; the one under way moves. */
export function Stages({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  return (
    <ol className={classes.stages} aria-label={t("uploads.stage.label")}>
      {stagesOf(upload).map((stage) => (
        <li
          key={stage.name}
          className={classes.stage}
          data-name={stage.name}
          data-state={stage.state}
          aria-current={stage.state === "current" ? "step" : undefined}
        >
          <div className={classes.bar} aria-hidden>
            <div
              className={classes.fill}
              style={stage.share === undefined ? undefined : { width: `${stage.share * 100}%` }}
            />
          </div>
          <div className={classes.name}>
            {t(`uploads.stage.${stage.name}`)}
            <VisuallyHidden>: {t(`uploads.stage.${stage.state}`)}</VisuallyHidden>
          </div>
          <div className={classes.note}>
            <StageNote upload={upload} stage={stage} />
          </div>
        </li>
      ))}
    </ol>
  );
}

function StageNote({ upload, stage }: { upload: Upload; stage: Stage }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const actorName = useActorName();
  if (stage.state === "open") return null;
  switch (stage.name) {
    case "receive":
      return formats.bytes(upload.size_bytes);
    case "judge":
      return t("uploads.stage.rows", { count: upload.rows_read });
    case "decide":
      return stage.state === "current"
        ? t(`uploads.state.${upload.state}`)
        : upload.approver && actorName(upload.approver);
    case "apply":
      return t("uploads.stage.of", { done: upload.records_applied, total: upload.records_total });
    case "registry":
      return (
        <>
          {registryTotal(upload) > 0 &&
            t("uploads.stage.asked", { done: upload.registry.done, total: registryTotal(upload) })}
          {upload.registry.confirmed + upload.registry.refused > 0 && (
            <div>
              {t("uploads.stage.answers", {
                confirmed: upload.registry.confirmed,
                refused: upload.registry.refused,
                open: registryOpen(upload) + upload.registry.parked,
              })}
            </div>
          )}
          {upload.registry.parked > 0 && <div>{t("uploads.stage.parked", { count: upload.registry.parked })}</div>}
        </>
      );
  }
}
