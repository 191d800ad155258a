import { Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Upload } from "../api/model";
import { useBrands } from "../app/brands";
import { useFocusBack } from "../app/focus-back";
import { notifyDone, notifyFailed } from "../app/notify";
import { useMay } from "../app/permissions";
import { useSession } from "../app/session";
import { Problem } from "../app/states";
import { rememberUpload } from "./follow";
import { acceptedPairs, applyBlock, canApply, canCancel } from "./upload-state";

/** "Uygula" with a last look at the numbers, or the reason why not; and the way out, before and during it. */
export function UploadActions({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const [isAsking, asking] = useDisclosure(false);
  const [isStopping, stopping] = useDisclosure(false);
  const may = useMay();
  const { user } = useSession();
  const brand = useBrands().data?.find(({ id }) => id === upload.brand_id);
  const isApplying = upload.state === "applying";
  const block = applyBlock(upload, `user:${user.id}`, brand?.needs_other_approver ?? false);
  const path = { params: { path: { id: upload.id } } };
  const cancel = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/uploads/{id}/cancel", path)),
    onSuccess: (fresh) => {
      stopping.close();
      rememberUpload(fresh);
      notifyDone(t(isApplying ? "uploads.detail.stopped" : "uploads.detail.cancelled"));
    },
    onError: notifyFailed,
  });
  const isOffered = canApply(upload) && may("apply_uploads");

  return (
    <Stack gap={6} align="flex-end">
      <Group gap="xs" justify="flex-end">
        {canCancel(upload) && may("upload_files") && (
          <Button
            variant="default"
            onClick={() => (isApplying ? stopping.open() : cancel.mutate())}
            loading={cancel.isPending}
          >
            {t(isApplying ? "uploads.detail.stop" : "uploads.detail.cancel")}
          </Button>
        )}
        {isOffered && (
          <Button
            leftSection={<IconCheck size={18} aria-hidden />}
            onClick={asking.open}
            disabled={block !== undefined && block !== "questions"}
            aria-describedby={block && "apply-block"}
          >
            {t("uploads.detail.apply")}
          </Button>
        )}
      </Group>
      {isOffered && block && (
        <Text id="apply-block" size="sm" ta="end" maw={420} c="var(--tone-out)">
          {t(`uploads.block.${block}`)}
        </Text>
      )}
      {isAsking && <ApplyDialog upload={upload} isUnanswered={block === "questions"} onClose={asking.close} />}
      <Modal
        opened={isStopping}
        onClose={stopping.close}
        title={t("uploads.detail.stop_title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <Text>{t("uploads.detail.stop_explain", { count: upload.records_applied })}</Text>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={stopping.close}>
            {t("uploads.detail.go_on")}
          </Button>
          <Button color="red" onClick={() => cancel.mutate()} loading={cancel.isPending}>
            {t("uploads.detail.stop")}
          </Button>
        </Group>
      </Modal>
    </Stack>
  );
}

interface ApplyDialogProps {
  upload: Upload;
  /** Questions are open: they may be left so, knowingly. */
  isUnanswered: boolean;
  onClose: () => void;
}

function ApplyDialog({ upload, isUnanswered, onClose }: ApplyDialogProps) {
  const { t } = useTranslation();
  useFocusBack(true);
  const [leavesOpen, setLeavesOpen] = useState(false);
  const apply = useMutation({
    mutationFn: () =>
      answer(
        api.POST("/api/v1/uploads/{id}/apply", {
          params: { path: { id: upload.id } },
          body: { leave_open: [], leave_all_open: isUnanswered && leavesOpen },
        }),
      ),
    onSuccess: (fresh) => {
      onClose();
      rememberUpload(fresh);
      notifyDone(t("uploads.detail.started"));
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("uploads.detail.apply_title")}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <Stack gap="sm">
        <Text fw={600}>
          {t(upload.purpose === "promotion" ? "uploads.detail.apply_codes" : "uploads.detail.apply_count", {
            count: acceptedPairs(upload),
          })}
        </Text>
        {upload.pairs_rejected > 0 && (
          <Text>{t("uploads.detail.apply_rejected", { count: upload.pairs_rejected })}</Text>
        )}
        <Text className="quiet">
          {upload.purpose === "contacts"
            ? t(`uploads.action_explain.${upload.action}`)
            : t(`uploads.purpose_explain.${upload.purpose}`)}
        </Text>
        {isUnanswered && (
          <Checkbox
            label={t("uploads.block.leave_open")}
            description={t("uploads.block.leave_open_hint")}
            checked={leavesOpen}
            onChange={(event) => setLeavesOpen(event.currentTarget.checked)}
          />
        )}
        {apply.error && <Problem error={apply.error} />}
        <Group justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose}>
            {t("common.action.cancel")}
          </Button>
          <Button
            onClick={() => apply.mutate()}
            loading={apply.isPending}
            disabled={isUnanswered && !leavesOpen}
            data-autofocus
          >
            {t("uploads.detail.apply")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
