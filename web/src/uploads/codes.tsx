import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { CodeCount } from "../api/model";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { CodeBadge, useReasonText } from "../app/reason-text";
import { StateBadge } from "../app/state-badge";
import { useFormats } from "../locale/format";

/** Every code the file got, refusals first and the most frequent on top; a refusal's number opens its rows. */
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
                  {!isRefusal(entry.code) && <StateBadge tone="neutral" label={t("uploads.codes.remark")} />}
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

/** Whether a code refuses the row; W codes only tell what was repaired. */
export function isRefusal(code: string): boolean {
  return code.startsWith("R") || code.startsWith("I");
}
