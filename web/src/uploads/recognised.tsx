import { Button, Table } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import type { Upload } from "../api/model";
import { Section } from "../app/page";
import { ScrollX } from "../app/scroll-x";
import { useFormats } from "../locale/format";
import { Columns } from "./columns";
import { GivenAnswers } from "./given";
import { DELIMITERS, ENCODINGS, Reading } from "./reading";
import { ReadingRules } from "./reading-rules";
import classes from "./recognised.module.css";

type Summary = Upload["summary"];

/** What a file comes packed in, by the server's names. */
const PACKINGS: Record<string, string> = { gzip: ".gz", zip: ".zip" };

/** How the file was understood: encoding, separator, and every column beside its field; columns left out in red. */
export function Recognised({ upload, summary }: { upload: Upload; summary: Summary }) {
  const { t, i18n } = useTranslation();
  const formats = useFormats();
  const delimiter = Object.entries(DELIMITERS).find(([character]) => character === summary.delimiter)?.[1];
  const layoutKey = `uploads.recognised.layouts.${summary.layout}`;
  const isWorkbook = summary.format === "workbook";
  const repairKey = `uploads.recognised.repairs.${summary.repair}`;
  const facts = [
    ...(isWorkbook
      ? [[t("uploads.recognised.sheet"), summary.sheet ?? t("uploads.recognised.workbook")] as const]
      : [
          [t("uploads.recognised.encoding"), ENCODINGS[summary.encoding] ?? summary.encoding] as const,
          [
            t("uploads.recognised.delimiter"),
            delimiter
              ? t(`uploads.recognised.delimiters.${delimiter}`)
              : summary.delimiter || t("uploads.recognised.one_column"),
          ] as const,
        ]),
    ...(summary.repair && i18n.exists(repairKey)
      ? [[t("uploads.recognised.repair"), t(repairKey as "uploads.recognised.repairs.twice_encoded")] as const]
      : []),
    [
      t("uploads.recognised.layout"),
      i18n.exists(layoutKey) ? t(layoutKey as "uploads.recognised.layouts.long") : summary.layout,
    ],
    ...(summary.title_rows > 0
      ? [[t("uploads.recognised.title_rows"), formats.number(summary.title_rows)] as const]
      : []),
    [
      t("uploads.recognised.size"),
      summary.packing
        ? `${formats.bytes(upload.size_bytes)} · ${PACKINGS[summary.packing] ?? summary.packing}`
        : formats.bytes(upload.size_bytes),
    ],
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
      <div className={classes.reading}>
        <Reading upload={upload} />
        <ReadingRules upload={upload} />
        <GivenAnswers upload={upload} />
      </div>
      <Columns upload={upload} columns={summary.columns} />
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
