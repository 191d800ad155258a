import { Button, Group, Select, Table, Text, UnstyledButton } from "@mantine/core";
import { IconAlertCircle, IconCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Upload, UploadColumn } from "../api/model";
import { useMay } from "../app/permissions";
import { ScrollX } from "../app/scroll-x";
import { Problem } from "../app/states";
import { useAttributeLabel, useAttributes } from "../attributes/attributes";
import { CONSENT_CHANNELS, CONSENT_FIELDS, columnsOf, meaningOf, PERSON_FIELDS, takesAnswers } from "./answers";
import { useFieldLabel } from "./field-label";
import classes from "./recognised.module.css";
import { useAnswer } from "./use-answer";

/** Every column beside the field it feeds; those left out stand in red with a choice. */
export function Columns({ upload, columns }: { upload: Upload; columns: UploadColumn[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const [changed, setChanged] = useState<Record<string, string>>({});
  const [opened, setOpened] = useState<string[]>([]);
  const send = useAnswer(upload);
  const isOpen = takesAnswers(upload) && may("upload_files");
  const unmapped = columns.filter(({ field }) => !field).length;
  const imported = columns.filter((column) => column.imported).length;
  const count = Object.keys(changed).length;
  const choose = (column: UploadColumn, meaning: string) =>
    setChanged(({ [column.header]: _, ...rest }) =>
      meaning === meaningOf(column) ? rest : { ...rest, [column.header]: meaning },
    );
  const attributed = columns.filter(({ attribute }) => attribute).map(({ header }) => header);
  const save = () => send.mutate(columnsOf(changed, attributed), { onSuccess: () => setChanged({}) });

  return (
    <>
      <Text px="md" pb="sm" size="sm" c={unmapped > 0 ? "var(--tone-bad)" : "var(--tone-good)"}>
        {unmapped > 0 ? (
          <IconAlertCircle size={16} aria-hidden style={{ verticalAlign: "-3px", marginInlineEnd: 6 }} />
        ) : (
          <IconCheck size={16} aria-hidden style={{ verticalAlign: "-3px", marginInlineEnd: 6 }} />
        )}
        {unmapped > 0
          ? t("uploads.recognised.unmapped_count", { count: unmapped })
          : t("uploads.recognised.all_mapped")}{" "}
        {t("uploads.recognised.imported", { imported, left: columns.length - imported })}
      </Text>
      <ScrollX label={t("uploads.recognised.title")}>
        <Table aria-labelledby="recognised-title">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("uploads.recognised.column")}</Table.Th>
              <Table.Th>{t("uploads.recognised.field")}</Table.Th>
              <Table.Th>{t("uploads.recognised.sample")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {columns.map((column, place) => {
              const { header, field, sample } = column;
              return (
                <Table.Tr key={`${place}:${header}`} className={field ? undefined : classes.unmapped}>
                  <Table.Td fw={550}>{header || t("uploads.columns.nameless", { place: place + 1 })}</Table.Td>
                  <Table.Td miw={200}>
                    {isOpen && header && (!field || opened.includes(header)) ? (
                      <Meaning column={column} value={changed[header]} onChange={(to) => choose(column, to)} />
                    ) : (
                      <Fixed
                        column={column}
                        onChange={isOpen && header ? () => setOpened((old) => [...old, header]) : undefined}
                      />
                    )}
                    <How column={column} />
                  </Table.Td>
                  <Table.Td className={classes.cell}>
                    {sample}
                    <Unread column={column} />
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </ScrollX>
      {(count > 0 || send.error) && (
        <Group px="md" py="sm" gap="sm" role="status">
          {send.error && <Problem error={send.error} />}
          <Button onClick={save} loading={send.isPending} disabled={count === 0}>
            {t("uploads.columns.save", { count })}
          </Button>
          <Button variant="default" onClick={() => setChanged({})}>
            {t("uploads.columns.undo")}
          </Button>
        </Group>
      )}
    </>
  );
}

/** How the cells of a column are read, where they could be read in more than one way. */
function How({ column: { date_order, polarity, field, imported } }: { column: UploadColumn }) {
  const { t, i18n } = useTranslation();
  const said = [date_order, polarity].filter((word) => word != null);
  if (field && !imported) return <Note>{t("uploads.recognised.unmapped")}</Note>;
  return said.map((word) => {
    const key = `uploads.recognised.read_as.${word}`;
    return i18n.exists(key) && <Note key={word}>{t(key as "uploads.recognised.read_as.day_first")}</Note>;
  });
}

function Note({ children }: { children: string }) {
  return (
    <Text size="sm" className="quiet">
      {children}
    </Text>
  );
}

/** Values that do not fit the attribute's type: they were left out, and the rows were not. */
function Unread({ column: { unread, unread_examples } }: { column: UploadColumn }) {
  const { t } = useTranslation();
  if (unread === 0) return null;
  return (
    <Text size="sm" c="var(--tone-bad)">
      {t("uploads.columns.unread", { count: unread, examples: unread_examples.join(" · ") })}
    </Text>
  );
}

function Fixed({ column, onChange }: { column: UploadColumn; onChange?: () => void }) {
  const { t } = useTranslation();
  const label = useMeaningLabel();
  return (
    <Group gap="xs">
      <span>{label(meaningOf(column))}</span>
      {onChange && (
        <UnstyledButton
          onClick={onChange}
          className={classes.change}
          aria-label={t("uploads.columns.change_field", { column: column.header })}
        >
          {t("uploads.columns.change")}
        </UnstyledButton>
      )}
    </Group>
  );
}

interface MeaningProps {
  column: UploadColumn;
  value: string | undefined;
  onChange: (meaning: string) => void;
}

function Meaning({ column, value, onChange }: MeaningProps) {
  const { t } = useTranslation();
  const label = useMeaningLabel();
  const option = (meaning: string) => ({ value: meaning, label: label(meaning) });
  const current = meaningOf(column);
  const attributes = useAttributes().data ?? [];
  const groups = [
    { group: t("uploads.columns.group.none"), items: [option("ignored")] },
    { group: t("uploads.columns.group.person"), items: PERSON_FIELDS.map(option) },
    { group: t("uploads.columns.group.consent"), items: ["channel", ...CONSENT_FIELDS].map(option) },
    ...CONSENT_CHANNELS.map((channel) => ({
      group: t("uploads.columns.group.of_channel", { channel: t(`common.channel.${channel}`) }),
      items: CONSENT_FIELDS.map((field) => option(`${field}:${channel}`)),
    })),
    ...(attributes.length > 0
      ? [
          {
            group: t("uploads.columns.group.attributes"),
            items: attributes.map(({ code }) => option(`attribute:${code}`)),
          },
        ]
      : []),
  ];
  const isListed = groups.some(({ items }) => items.some((item) => item.value === current));
  return (
    <Select
      aria-label={t("uploads.columns.meaning_of", { column: column.header })}
      data={isListed ? groups : [{ group: t("uploads.columns.group.now"), items: [option(current)] }, ...groups]}
      value={value ?? current}
      onChange={(picked) => picked && onChange(picked)}
      allowDeselect={false}
      searchable
      maxDropdownHeight={320}
      miw={190}
    />
  );
}

/** `status:EPOSTA` as "İzin durumu · E-posta". */
function useMeaningLabel(): (meaning: string) => string {
  const { t, i18n } = useTranslation();
  const fieldLabel = useFieldLabel();
  const attributes = useAttributes().data ?? [];
  const attributeLabel = useAttributeLabel();
  return (meaning) => {
    if (meaning === "ignored") return t("uploads.recognised.unmapped");
    const [field = "", channel] = meaning.split(":");
    if (field === "attribute") {
      const defined = attributes.find(({ code }) => code === channel);
      return defined ? attributeLabel(defined) : (channel ?? fieldLabel(field));
    }
    const key = `common.channel.${channel}`;
    if (!channel) return fieldLabel(field);
    return `${fieldLabel(field)} · ${i18n.exists(key) ? t(key as "common.channel.MESAJ") : channel}`;
  };
}
