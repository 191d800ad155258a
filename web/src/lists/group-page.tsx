import { Button, Group, Modal, Table, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePages } from "../api/pages";
import { useFocusBack } from "../app/focus-back";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { notifyDone } from "../app/notify";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { ScrollX } from "../app/scroll-x";
import { Empty, Failure, Loading, Problem } from "../app/states";
import { CALLS, type GroupKind } from "./calls";
import { MembersDialog } from "./members-dialog";

/** Who is on a distribution list. */
export function ListPage() {
  return <Members kind="list" />;
}

/** Who carries a tag. */
export function TagPage() {
  return <Members kind="tag" />;
}

function Members({ kind }: { kind: GroupKind }) {
  const { t } = useTranslation();
  const may = useMay();
  const { name = "" } = useParams({ strict: false });
  const [dialog, setDialog] = useState<"add" | "forget">();
  const list = usePages(["groups", kind, name], (after) => CALLS[kind].members(name, after));
  const remove = useMutation({
    mutationFn: (address: string) => CALLS[kind].change(name, { remove: [address] }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["groups", kind] });
      notifyDone(t("lists.removed"));
    },
  });
  const mayChange = may("manage_tags");
  // A masked address names nobody: it cannot be sent back.
  const mayRemove = (address: string) => mayChange && !address.includes("*");
  const actions = mayChange && (
    <>
      <Button variant="default" leftSection={<IconTrash size={18} aria-hidden />} onClick={() => setDialog("forget")}>
        {t(`lists.forget.${kind}`)}
      </Button>
      <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setDialog("add")}>
        {t("lists.add")}
      </Button>
    </>
  );
  return (
    <Page
      title={name}
      back={
        kind === "list" ? (
          <TextLink to="/lists">{t("lists.title.list")}</TextLink>
        ) : (
          <TextLink to="/tags">{t("lists.title.tag")}</TextLink>
        )
      }
      actions={actions}
    >
      {remove.error && <Problem error={remove.error} />}
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && <Empty title={t("lists.nobody")} />}
        {list.items.length > 0 && (
          <ScrollX label={name}>
            <Table aria-label={name}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t("lists.column.name")}</Table.Th>
                  <Table.Th>{t("lists.blacklist.address")}</Table.Th>
                  {mayChange && <Table.Th />}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.items.map(({ address, contact_id: id, full_name: fullName }, place) => (
                  <Table.Tr key={`${place}:${address}`}>
                    <Table.Td>
                      <TextLink to="/contacts/$id" params={{ id }} search={{}} fw={600}>
                        {fullName ?? t("contacts.unnamed")}
                      </TextLink>
                    </Table.Td>
                    <Table.Td className="number">{address}</Table.Td>
                    {mayChange && (
                      <Table.Td ta="end">
                        {mayRemove(address) && (
                          <Button
                            variant="default"
                            size="xs"
                            onClick={() => remove.mutate(address)}
                            loading={remove.isPending && remove.variables === address}
                            aria-label={t("lists.remove_label", { address })}
                          >
                            {t("lists.remove")}
                          </Button>
                        )}
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </ScrollX>
        )}
        <MoreButton list={list} />
      </div>
      {dialog === "add" && <MembersDialog kind={kind} name={name} onClose={() => setDialog(undefined)} />}
      {dialog === "forget" && <Forget kind={kind} name={name} onClose={() => setDialog(undefined)} />}
    </Page>
  );
}

function Forget({ kind, name, onClose }: { kind: GroupKind; name: string; onClose: () => void }) {
  const { t } = useTranslation();
  useFocusBack(true);
  const navigate = useNavigate();
  const forget = useMutation({
    mutationFn: () => CALLS[kind].forget(name),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["groups", kind] });
      if (kind === "list") void navigate({ to: "/lists" });
      else void navigate({ to: "/tags" });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`lists.forget_title.${kind}`, { name })}
      closeButtonProps={{ "aria-label": t("common.action.close") }}
    >
      <Text mb="md">{t("lists.forget_explain")}</Text>
      {forget.error && <Problem error={forget.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("common.action.cancel")}
        </Button>
        <Button color="red" onClick={() => forget.mutate()} loading={forget.isPending}>
          {t(`lists.forget.${kind}`)}
        </Button>
      </Group>
    </Modal>
  );
}
