import { IconUpload } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { ButtonLink } from "../app/links";

/** Opens the dialog for the mended file, filled in as it was for this one. */
export function ReuploadLink({ upload }: { upload: Upload }) {
  const { t } = useTranslation();
  return (
    <ButtonLink
      to="/uploads"
      search={{ new: true, again: upload.id }}
      variant="default"
      leftSection={<IconUpload size={18} aria-hidden />}
    >
      {t("uploads.rejections.reupload")}
    </ButtonLink>
  );
}
