import { Button, Group, Table } from "@mantine/core";
import { IconPlus, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Group as StaticGroup } from "../api/model";
import { usePages } from "../api/pages";
import { ButtonLink, TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { ScrollX } from "../app/scroll-x";
import { Empty, Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useFormats } from "../locale/format";
import { CALLS, type GroupKind } from "./calls";
import { MembersDialog } from "./members-dialog";

/** Distribution lists, by name. */
export function ListsPage() {
  return <Groups kind="list" />;
}

/** Tags, by name. */
export function TagsPage() {
  return <Groups kind="tag" />;
}

function Groups({ kind }: { kind: GroupKind }) {
  const { t } = useTranslation();
  const may = useMay();
  const [isAdding, setAdding] = useState(false);
  const list = usePages(["groups", kind], (after) => CALLS[kind].all(after));
  const actions = may("manage_tags") && (
    <>
      <ButtonLink
        to="/uploads"
        search={{ new: true }}
        variant="default"
        leftSection={<IconUpload size={18} aria-hidden />}
      >
        {t("lists.from_file")}
      </ButtonLink>
      <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setAdding(true)}>
        {t(`lists.new.${kind}`)}
      </Button>
    </>
  );
  return (
    <Page title={t(`lists.title.${kind}`)} lead={t(`lists.lead.${kind}`)} actions={actions}>
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Empty
            title={t(`lists.empty.${kind}`)}
            text={t("lists.empty_hint")}
            action={<Group gap="xs">{actions}</Group>}
          />
        )}
        {list.items.length > 0 && <GroupTable kind={kind} groups={list.items} />}
        <MoreButton list={list} />
      </div>
      {isAdding && <MembersDialog kind={kind} onClose={() => setAdding(false)} />}
    </Page>
  );
}

function GroupTable({ kind, groups }: { kind: GroupKind; groups: StaticGroup[] }) {
  const { t } = useTranslation();
  const formats = useFormats();
  return (
    <ScrollX label={t(`lists.title.${kind}`)}>
      <Table highlightOnHover aria-label={t(`lists.title.${kind}`)}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("lists.column.name")}</Table.Th>
            <Table.Th ta="end">{t("lists.column.members")}</Table.Th>
            <Table.Th visibleFrom="sm">{t("lists.column.since")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {groups.map((group) => (
            <Table.Tr key={group.name}>
              <Table.Td>
                <GroupLink kind={kind} name={group.name} />
              </Table.Td>
              <Table.Td ta="end" className="number">
                {formats.number(group.member_count)}
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <Time at={group.created_at} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

function GroupLink({ kind, name }: { kind: GroupKind; name: string }) {
  if (kind === "list") {
    return (
      <TextLink to="/lists/$name" params={{ name }} fw={600}>
        {name}
      </TextLink>
    );
  }
  return (
    <TextLink to="/tags/$name" params={{ name }} fw={600}>
      {name}
    </TextLink>
  );
}
