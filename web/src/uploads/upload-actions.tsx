import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCheck } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Upload } from "../api/model";
import { notifyDone, notifyFailed } from "../app/notify";
import { useMay } from "../app/permissions";
import { Problem } from "../app/states";
import { rememberUpload } from "./follow";
import { acceptedPairs, canApply, canCancel } from "./upload-state";

/** "Uygula" with a last look at the numbers, and the way out before it. */
export function UploadActions({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  const [isAsking, asking] = useDisclosure(false);
  const may = useMay();
  const path = { params: { path: { id: upload.id } } };
  const apply = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/uploads/{id}/apply", path)),
    onSuccess: (fresh) => {
      asking.close();
      rememberUpload(fresh);
      notifyDone(t("uploads.detail.started"));
    },
  });
  const cancel = useMutation({
    mutationFn: () => answer(api.POST("/api/v1/uploads/{id}/cancel", path)),
    onSuccess: (fresh) => {
      rememberUpload(fresh);
      notifyDone(t("uploads.detail.cancelled"));
    },
    onError: notifyFailed,
  });

  return (
    <>
      {canCancel(upload) && may("upload_files") && (
        <Button variant="default" onClick={() => cancel.mutate()} loading={cancel.isPending}>
          {t("uploads.detail.cancel")}
        </Button>
      )}
      {canApply(upload) && may("apply_uploads") && (
        <Button leftSection={<IconCheck size={18} aria-hidden />} onClick={asking.open}>
          {t("uploads.detail.apply")}
        </Button>
      )}
      <Modal
        opened={isAsking}
        onClose={asking.close}
        title={t("uploads.detail.apply_title")}
        closeButtonProps={{ "aria-label": t("common.action.close") }}
      >
        <Stack gap="sm">
          <Text fw={600}>{t("uploads.detail.apply_count", { count: acceptedPairs(upload) })}</Text>
          {upload.pairs_rejected > 0 && (
            <Text>{t("uploads.detail.apply_rejected", { count: upload.pairs_rejected })}</Text>
          )}
          <Text className="quiet">{t(`uploads.action_explain.${upload.action}`)}</Text>
          {apply.error && <Problem error={apply.error} />}
          <Group justify="flex-end" mt="xs">
            <Button variant="default" onClick={asking.close}>
              {t("common.action.cancel")}
            </Button>
            <Button onClick={() => apply.mutate()} loading={apply.isPending} data-autofocus>
              {t("uploads.detail.apply")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
