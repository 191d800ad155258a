import { Badge, Button, Code, Group, Table } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Attribute } from "../api/model";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { ScrollX } from "../app/scroll-x";
import { Empty, Failure, Loading } from "../app/states";
import { AttributeDialog } from "./attribute-dialog";
import { useAttributeLabel, useAttributes } from "./attributes";

/** What the firm keeps of people beyond name and address. */
export function AttributesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const list = useAttributes();
  const [open, setOpen] = useState<Attribute | "new">();
  const add = may("manage_attributes") && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpen("new")}>
      {t("attributes.new")}
    </Button>
  );
  return (
    <Page title={t("attributes.title")} lead={t("attributes.lead")} actions={add}>
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.data?.length === 0 && (
          <Empty title={t("attributes.empty.title")} text={t("attributes.empty.text")} action={add} />
        )}
        {(list.data?.length ?? 0) > 0 && <AttributeTable attributes={list.data ?? []} onOpen={setOpen} />}
      </div>
      {open && <AttributeDialog attribute={open === "new" ? undefined : open} onClose={() => setOpen(undefined)} />}
    </Page>
  );
}

function AttributeTable({ attributes, onOpen }: { attributes: Attribute[]; onOpen: (one: Attribute) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const label = useAttributeLabel();
  return (
    <ScrollX label={t("attributes.title")}>
      <Table aria-label={t("attributes.title")}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("attributes.column.label")}</Table.Th>
            <Table.Th>{t("attributes.column.variable")}</Table.Th>
            <Table.Th>{t("attributes.column.kind")}</Table.Th>
            <Table.Th>{t("attributes.column.marks")}</Table.Th>
            {may("manage_attributes") && <Table.Th />}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attributes.map((attribute) => (
            <Table.Tr key={attribute.id}>
              <Table.Td fw={600}>{label(attribute)}</Table.Td>
              <Table.Td>
                <Code>{`{{${attribute.code}}}`}</Code>
              </Table.Td>
              <Table.Td>
                {t(`attributes.kind.${attribute.kind}`)}
                {attribute.is_array && ` · ${t("attributes.several")}`}
                {attribute.choices.length > 0 && <div className="quiet">{attribute.choices.join(", ")}</div>}
              </Table.Td>
              <Table.Td>
                <Group gap={6}>
                  {attribute.is_personal && <Badge variant="light">{t("attributes.mark.personal")}</Badge>}
                  {attribute.is_health && (
                    <Badge variant="light" color="red">
                      {t("attributes.mark.health")}
                    </Badge>
                  )}
                </Group>
              </Table.Td>
              {may("manage_attributes") && (
                <Table.Td ta="end">
                  <Button
                    variant="default"
                    size="xs"
                    onClick={() => onOpen(attribute)}
                    aria-label={t("attributes.change_label", { label: label(attribute) })}
                  >
                    {t("attributes.change")}
                  </Button>
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
