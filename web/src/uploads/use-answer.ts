import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Upload, UploadAnswers } from "../api/model";
import { notifyDone } from "../app/notify";
import { rememberUpload } from "./follow";

/** Gives answers about a file; the server then judges it again. */
export function useAnswer({ id }: Upload) {
  const { t } = useTranslation();
  return useMutation({
    mutationFn: (body: UploadAnswers) =>
      answer(api.POST("/api/v1/uploads/{id}/answers", { params: { path: { id } }, body })),
    onSuccess: (fresh) => {
      rememberUpload(fresh);
      notifyDone(t("uploads.answers.judging_again"));
    },
  });
}
