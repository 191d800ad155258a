import { Button, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertCircle, IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { Section } from "../app/page";
import { ScrollX } from "../app/scroll-x";
import { useFormats } from "../locale/format";
import { useFieldLabel } from "./field-label";
import classes from "./recognised.module.css";

type Summary = Upload["summary"];

const DELIMITERS: Record<string, "semicolon" | "comma" | "tab" | "pipe"> = {
  ";": "semicolon",
  semicolon: "semicolon",
  ",": "comma",
  comma: "comma",
  "\t": "tab",
  tab: "tab",
  "|": "pipe",
  pipe: "pipe",
};

const ENCODINGS: Record<string, string> = {
  "utf-8": "UTF-8",
  "windows-1254": "Windows-1254",
  "utf-16le": "UTF-16 LE",
  "utf-16be": "UTF-16 BE",
};

/** How the file was understood: encoding, separator, and every column beside its field; columns left out in red. */
export function Recognised({ upload, summary }: { upload: Upload; summary: Summary }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const fieldLabel = useFieldLabel();
  const delimiter = DELIMITERS[summary.delimiter];
  const layoutKey = `uploads.recognised.layouts.${summary.layout}`;
  const unmapped = summary.columns.filter(({ field }) => !field).length;
  const facts = [
    [t("uploads.recognised.encoding"), ENCODINGS[summary.encoding] ?? summary.encoding],
    [
      t("uploads.recognised.delimiter"),
      delimiter ? t(`uploads.recognised.delimiters.${delimiter}`) : summary.delimiter,
    ],
    [
      t("uploads.recognised.layout"),
      i18n.exists(layoutKey) ? t(layoutKey as "uploads.recognised.layouts.long") : summary.layout,
    ],
    [t("uploads.recognised.size"), formats.bytes(upload.size_bytes)],
  ] as const;

  return (
    <Section title={t("uploads.recognised.title")} id="recognised">
      <dl className={classes.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Text px="md" pb="sm" size="sm" c={unmapped > 0 ? "var(--tone-bad)" : "var(--tone-good)"}>
        {unmapped > 0 ? (
          <IconAlertCircle size={16} aria-hidden style={{ verticalAlign: "-3px", marginInlineEnd: 6 }} />
        ) : (
          <IconCheck size={16} aria-hidden style={{ verticalAlign: "-3px", marginInlineEnd: 6 }} />
        )}
        {unmapped > 0
          ? t("uploads.recognised.unmapped_count", { count: unmapped })
          : t("uploads.recognised.all_mapped")}
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
            {summary.columns.map(({ header, field, sample }, place) => (
              <Table.Tr key={`${place}:${header}`} className={field ? undefined : classes.unmapped}>
                <Table.Td fw={550}>{header}</Table.Td>
                <Table.Td>{field ? fieldLabel(field) : t("uploads.recognised.unmapped")}</Table.Td>
                <Table.Td className={classes.cell}>{sample}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      <FirstRows summary={summary} />
    </Section>
  );
}

function FirstRows({ summary }: { summary: Summary }) {
  const { t } = useTranslation();
  const [isOpen, rows] = useDisclosure(false);
  if (summary.first_rows.length === 0) return null;
  return (
    <>
      <Button variant="subtle" m="xs" onClick={rows.toggle} aria-expanded={isOpen}>
        {t("uploads.recognised.first_rows")}
      </Button>
      {isOpen && (
        <ScrollX label={t("uploads.recognised.first_rows_label")}>
          <Table aria-label={t("uploads.recognised.first_rows_label")} striped fz="sm">
            <Table.Thead>
              <Table.Tr>
                {summary.columns.map(({ header }, place) => (
                  <Table.Th key={`${place}:${header}`}>{header}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {summary.first_rows.map((row, line) => (
                <Table.Tr key={line}>
                  {row.map((cell, place) => (
                    <Table.Td key={place} className={classes.cell}>
                      {cell}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
    </>
  );
}
