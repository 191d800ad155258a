import { Button, Group, Menu, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconCalendar, IconDots, IconDownload, IconTrash, IconUpload } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Promotion } from "../api/model";
import { usePages } from "../api/pages";
import { useAct } from "../app/act";
import { Ask } from "../app/ask";
import { MoreButton } from "../app/more-button";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { queries } from "../app/queries";
import { ScrollX } from "../app/scroll-x";
import { StateBadge, type Tone } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";

const UploadDialog = lazy(() => import("../uploads/upload-dialog"));

/** Lists of codes, by name: what was given, what is left, and until when it is of use. */
export function PromotionsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [isUploading, setUploading] = useState(false);
  const list = usePages(["promotions"], (after) =>
    answer(api.GET("/api/v1/promotions", { params: { query: { after } } })),
  );
  const mayChange = may("manage_campaigns");
  const upload = mayChange && may("upload_files") && (
    <Button leftSection={<IconUpload size={18} aria-hidden />} onClick={() => setUploading(true)}>
      {t("promotions.upload")}
    </Button>
  );
  return (
    <Page title={t("promotions.title")} lead={t("promotions.lead")} actions={upload}>
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.isSuccess && list.items.length === 0 && (
          <Empty title={t("promotions.empty.title")} text={t("promotions.empty.text")} action={upload} />
        )}
        {list.items.length > 0 && <Rows promotions={list.items} mayChange={mayChange} />}
        <MoreButton list={list} />
      </div>
      {isUploading && (
        <Suspense>
          <UploadDialog purpose="promotion" onClose={() => setUploading(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function Rows({ promotions, mayChange }: { promotions: Promotion[]; mayChange: boolean }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [asked, ask] = useState<{ what: "end" | "forget"; promotion: Promotion }>();
  return (
    <>
      <ScrollX label={t("promotions.title")}>
        <Table highlightOnHover aria-label={t("promotions.title")}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("promotions.column.name")}</Table.Th>
              <Table.Th ta="end">{t("promotions.column.codes")}</Table.Th>
              <Table.Th ta="end">{t("promotions.column.given")}</Table.Th>
              <Table.Th ta="end">{t("promotions.column.left")}</Table.Th>
              <Table.Th>{t("promotions.column.expires_on")}</Table.Th>
              {mayChange && <Table.Th aria-label={t("promotions.column.actions")} />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {promotions.map((promotion) => (
              <Table.Tr key={promotion.id} data-promotion={promotion.name}>
                <Table.Td fw={600}>{promotion.name}</Table.Td>
                <Table.Td ta="end" className="number">
                  {formats.number(promotion.codes)}
                </Table.Td>
                <Table.Td ta="end" className="number">
                  {formats.number(promotion.given)}
                </Table.Td>
                <Table.Td ta="end">
                  <span className="number">{formats.number(promotion.left)}</span>
                  {promotion.left > promotion.pool_left && (
                    <Text size="xs" className="quiet">
                      {t("promotions.meant", { count: promotion.left - promotion.pool_left })}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <Group gap={8} wrap="nowrap">
                    <span>{formats.date(promotion.expires_on)}</span>
                    <State promotion={promotion} />
                  </Group>
                </Table.Td>
                {mayChange && (
                  <Table.Td ta="end">
                    <Actions promotion={promotion} onAsk={(what) => ask({ what, promotion })} />
                  </Table.Td>
                )}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollX>
      {asked?.what === "end" && <MoveEnd promotion={asked.promotion} onClose={() => ask(undefined)} />}
      {asked?.what === "forget" && <Forget promotion={asked.promotion} onClose={() => ask(undefined)} />}
    </>
  );
}

/** What stands against using it; nothing where nothing does. */
function State({ promotion }: { promotion: Promotion }) {
  const { t } = useTranslation();
  const [state, tone]: [("expired" | "spent")?, Tone?] = promotion.is_expired
    ? ["expired", "bad"]
    : promotion.left === 0
      ? ["spent", "held"]
      : [];
  return state ? <StateBadge tone={tone ?? "neutral"} label={t(`promotions.state.${state}`)} /> : null;
}

function Actions({ promotion, onAsk }: { promotion: Promotion; onAsk: (what: "end" | "forget") => void }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-label={t("promotions.actions_of", { name: promotion.name })}
          data-actions={promotion.name}
        >
          <IconDots size={18} aria-hidden />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          component="a"
          href={`/api/v1/promotions/${encodeURIComponent(promotion.id)}/codes`}
          download
          leftSection={<IconDownload size={16} aria-hidden />}
          disabled={promotion.given === 0}
        >
          {t("promotions.export")}
        </Menu.Item>
        <Menu.Item leftSection={<IconCalendar size={16} aria-hidden />} onClick={() => onAsk("end")}>
          {t("promotions.move_end")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => onAsk("forget")}
          disabled={promotion.given > 0}
        >
          {t("promotions.forget")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const refresh = () => queries.invalidateQueries({ queryKey: ["promotions"] });

function MoveEnd({ promotion, onClose }: { promotion: Promotion; onClose: () => void }) {
  const { t } = useTranslation();
  const [day, setDay] = useState(promotion.expires_on);
  const move = useAct(
    () =>
      answer(
        api.PATCH("/api/v1/promotions/{id}", {
          params: { path: { id: promotion.id } },
          body: { expires_on: day },
        }),
      ),
    { showsError: true, onDone: () => void refresh().then(onClose) },
  );
  return (
    <Ask
      opened
      onClose={onClose}
      title={t("promotions.move_end")}
      confirm={t("common.action.save")}
      isPending={move.isPending}
      error={move.error}
      onConfirm={() => move.mutate(undefined)}
    >
      <Stack gap="sm">
        <Text size="sm">{t("promotions.move_end_explain", { name: promotion.name })}</Text>
        <TextInput
          type="date"
          label={t("promotions.column.expires_on")}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
          withAsterisk
        />
      </Stack>
    </Ask>
  );
}

function Forget({ promotion, onClose }: { promotion: Promotion; onClose: () => void }) {
  const { t } = useTranslation();
  const forget = useAct(
    () => answer(api.DELETE("/api/v1/promotions/{id}", { params: { path: { id: promotion.id } } })),
    { showsError: true, onDone: () => void refresh().then(onClose) },
  );
  return (
    <Ask
      opened
      onClose={onClose}
      title={t("promotions.forget")}
      confirm={t("promotions.forget")}
      isDangerous
      isPending={forget.isPending}
      error={forget.error}
      onConfirm={() => forget.mutate(undefined)}
    >
      <Text size="sm">{t("promotions.forget_explain", { name: promotion.name, count: promotion.codes })}</Text>
    </Ask>
  );
}
