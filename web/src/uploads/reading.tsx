import { Button, Group, Select } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { useMay } from "../app/permissions";
import { Problem } from "../app/states";
import { takesAnswers } from "./answers";
import { useAnswer } from "./use-answer";

/** Encodings by the server's names. */
export const ENCODINGS: Record<string, string> = {
  "utf-8": "UTF-8",
  "windows-1254": "Windows-1254",
  "utf-16le": "UTF-16 LE",
  "utf-16be": "UTF-16 BE",
  cp857: "CP857 (DOS)",
  "mac-turkish": "Mac",
};

/** Separators by the character that the server names. */
export const DELIMITERS = {
  ";": "semicolon",
  ",": "comma",
  "\t": "tab",
  "|": "pipe",
  "~": "tilde",
} as const;

/** Says how the file is to be read when it was read wrongly, or not at all. */
export function Reading({ upload, isOpenAtFirst = false }: { upload: Upload; isOpenAtFirst?: boolean }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isOpen, open] = useDisclosure(isOpenAtFirst);
  const [encoding, setEncoding] = useState<string | null>(null);
  const [delimiter, setDelimiter] = useState<string | null>(null);
  const send = useAnswer(upload);
  if (!takesAnswers(upload) || !may("upload_files")) return null;
  const save = () => send.mutate({ mapping: { ...(encoding && { encoding }), ...(delimiter && { delimiter }) } });

  return (
    <div>
      {!isOpenAtFirst && (
        <Button variant="subtle" size="compact-sm" onClick={open.toggle} aria-expanded={isOpen}>
          {t("uploads.reading.wrong")}
        </Button>
      )}
      {isOpen && (
        <Group align="flex-end" gap="sm" mt="xs">
          <Select
            label={t("uploads.recognised.encoding")}
            placeholder={t("uploads.reading.as_found")}
            data={Object.entries(ENCODINGS).map(([value, label]) => ({ value, label }))}
            value={encoding}
            onChange={setEncoding}
            w={200}
          />
          <Select
            label={t("uploads.recognised.delimiter")}
            placeholder={t("uploads.reading.as_found")}
            data={Object.entries(DELIMITERS).map(([value, name]) => ({
              value,
              label: t(`uploads.recognised.delimiters.${name}`),
            }))}
            value={delimiter}
            onChange={setDelimiter}
            w={200}
          />
          <Button onClick={save} loading={send.isPending} disabled={!encoding && !delimiter}>
            {t("uploads.reading.save")}
          </Button>
        </Group>
      )}
      {send.error && <Problem error={send.error} />}
    </div>
  );
}
