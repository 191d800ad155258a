import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { CodeCount } from "../api/model";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { CodeBadge, useReasonText } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { useFormats } from "../locale/format";

/**
 * Every code the file got, refusals first and the most frequent on top. A refusal's number opens its rows; the others
 * were accepted and name their first lines, and what was repaired or noticed on some of them.
 */
export function Codes({ uploadId, codes }: { uploadId: string; codes: CodeCount[] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const text = useReasonText();
  const sorted = [...codes].sort(
    (one, other) => Number(isRefusal(other.code)) - Number(isRefusal(one.code)) || other.count - one.count,
  );

  return (
    <Section title={t("uploads.codes.title")} id="codes">
      {sorted.length === 0 ? (
        <Text px="md" pb="md">
          {t("uploads.codes.none")}
        </Text>
      ) : (
        <Table aria-labelledby="codes-title">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w="5rem">{t("uploads.codes.code")}</Table.Th>
              <Table.Th>{t("uploads.codes.text")}</Table.Th>
              <Table.Th ta="end">{t("uploads.codes.count")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sorted.map((entry) => (
              <Table.Tr key={entry.code} data-code={entry.code}>
                <Table.Td>
                  <CodeBadge code={entry.code} />
                </Table.Td>
                <Table.Td>
                  {text(entry)}{" "}
                  {!isRefusal(entry.code) && (
                    <StateBadge
                      tone="neutral"
                      label={t(entry.code.startsWith("I") ? "uploads.codes.foreseen" : "uploads.codes.remark")}
                    />
                  )}
                  {!isRefusal(entry.code) && <Where entry={entry} />}
                  {entry.deadlines && (
                    <Text size="sm" className="quiet" mt={4}>
                      {entry.deadlines[0] === entry.deadlines[1]
                        ? t("uploads.codes.too_old_once", { last: entry.deadlines[1] })
                        : t("uploads.codes.too_old", { first: entry.deadlines[0], last: entry.deadlines[1] })}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td ta="end" className="number">
                  {isRefusal(entry.code) ? (
                    <TextLink
                      to="/uploads/$id"
                      params={{ id: uploadId }}
                      search={{ code: entry.code }}
                      hash="rejections"
                      aria-label={t("uploads.codes.show_rows", { code: entry.code })}
                      fw={600}
                    >
                      {formats.number(entry.count)}
                    </TextLink>
                  ) : (
                    formats.number(entry.count)
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  );
}

/** The first lines of a remark, and what it says on some of them. */
function Where({ entry }: { entry: CodeCount }) {
  const { t } = useTranslation();
  const text = useReasonText();
  const { first_lines, examples, count } = entry;
  if (first_lines.length === 0) return null;
  const told = new Set(examples.map(({ line }) => line));
  const others = first_lines.filter((line) => !told.has(line));
  return (
    <Text size="sm" className="quiet" mt={4} component="div">
      {examples.map((example, place) => (
        <div key={`${place}:${example.line}`} style={{ overflowWrap: "anywhere" }}>
          {t("uploads.codes.line", { line: example.line })}: {text(example)}
        </div>
      ))}
      {others.length > 0 &&
        t(count > first_lines.length ? "uploads.codes.lines_and_more" : "uploads.codes.lines", {
          lines: others.join(", "),
        })}
    </Text>
  );
}

/** Whether a code refuses the row. W codes tell what was repaired, I codes what İYS will answer: those rows are in. */
export function isRefusal(code: string): boolean {
  return code.startsWith("R");
}
