import { Checkbox, Group, Table, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Rejection } from "../api/model";
import { CodeBadge, useReasonText } from "../app/reason-text";
import { type Edit, type Edits, holdsWords, keyOf } from "./corrections";
import { useFieldLabel } from "./field-label";

interface RejectedRowProps {
  row: Rejection;
  /** What was changed so far; none while nothing is mended. */
  edits: Edits | undefined;
  onEdit: (edit: Edit) => void;
}

/** A refused row: where, why, what to do, and its cell to be written anew. */
export function RejectedRow({ row, edits, onEdit }: RejectedRowProps) {
  const { t, i18n } = useTranslation();
  const text = useReasonText();
  const fieldLabel = useFieldLabel();
  const isMending = edits !== undefined && row.column != null;
  return (
    <Table.Tr data-code={row.code}>
      <Table.Td ta="end" className="number">
        {row.line}
      </Table.Td>
      <Table.Td>
        {fieldLabel(row.field)}
        {row.channel && (
          <Text size="sm" className="quiet">
            {t(`common.channel.${row.channel}`)}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap={8} wrap="nowrap" align="flex-start">
          <CodeBadge code={row.code} />
          <div style={{ flex: 1 }}>
            {text(row)}
            {row.value && !isMending && (
              <Text size="sm" className="quiet" style={{ overflowWrap: "anywhere" }}>
                {t("uploads.rejections.value")}: <q>{row.value}</q>
              </Text>
            )}
            {isMending && <Cell row={row} column={row.column ?? 0} edits={edits} onEdit={onEdit} />}
            {edits && row.cells && (
              <Text size="sm" className="quiet" style={{ overflowWrap: "anywhere" }}>
                {t("uploads.rejections.row")}: {row.cells.filter((cell) => cell.trim() !== "").join(" · ")}
              </Text>
            )}
          </div>
        </Group>
      </Table.Td>
      <Table.Td>{i18n.language === "en" ? row.next_en : row.next_tr}</Table.Td>
    </Table.Tr>
  );
}

interface CellProps {
  row: Rejection;
  column: number;
  edits: Edits;
  onEdit: (edit: Edit) => void;
}

function Cell({ row, column, edits, onEdit }: CellProps) {
  const { t } = useTranslation();
  const fieldLabel = useFieldLabel();
  const { line, code } = row;
  const from = row.value ?? "";
  const held = edits.get(keyOf(line, column));
  const edit = held ?? { line, column, code, from, to: from, everywhere: false };
  return (
    <>
      <TextInput
        size="xs"
        my={4}
        maw={360}
        aria-label={t("uploads.rejections.new_value", { line, field: fieldLabel(row.field) })}
        value={edit.to}
        maxLength={500}
        onChange={({ currentTarget: { value } }) => onEdit({ ...edit, to: value })}
      />
      {held && holdsWords(row) && (
        <Checkbox
          size="xs"
          mb={4}
          label={t("uploads.rejections.everywhere", { value: from })}
          checked={edit.everywhere}
          onChange={({ currentTarget: { checked } }) => onEdit({ ...edit, everywhere: checked })}
        />
      )}
    </>
  );
}
