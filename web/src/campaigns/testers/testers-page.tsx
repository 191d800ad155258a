import { Button, Group, Select, Text } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../../api/client";
import type { Brand } from "../../api/model";
import { useAct } from "../../app/act";
import { useActorName } from "../../app/actor";
import { Ask } from "../../app/ask";
import { useBrands } from "../../app/brands";
import { DataTable } from "../../app/data-table";
import { TextLink } from "../../app/links";
import { Notice } from "../../app/notice";
import { Page } from "../../app/page";
import { useMay } from "../../app/permissions";
import { StateBadge } from "../../app/state-badge";
import { Empty, Failure, Loading } from "../../app/states";
import { Time } from "../../app/time";
import { InviteDialog } from "./invite-dialog";
import { TESTER_TONE, type Tester, testersKey, useTesters } from "./queries";

const route = getRouteApi("/shell/campaigns/testers");

/** Who gets a campaign's text before everybody else does, because they said yes to that. */
export function TestersPage() {
  const { t } = useTranslation();
  const brands = useBrands();
  const { brand: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const brand = brands.data?.find(({ id }) => id === chosen) ?? brands.data?.[0];
  const may = useMay();
  const [isInviting, invite] = useState(false);
  return (
    <Page
      title={t("reports.testers.title")}
      lead={t("reports.testers.lead")}
      back={<TextLink to="/campaigns">{t("campaigns.detail.back")}</TextLink>}
      actions={
        brand &&
        may("manage_campaigns") && (
          <Button leftSection={<IconUserPlus size={18} aria-hidden />} onClick={() => invite(true)}>
            {t("reports.testers.add")}
          </Button>
        )
      }
    >
      {brands.isPending && <Loading />}
      {brands.isError && <Failure error={brands.error} onRetry={() => brands.refetch()} />}
      {brands.isSuccess && !brand && (
        <div className="surface">
          <Empty title={t("registry.no_brand.title")} text={t("registry.no_brand.text")} />
        </div>
      )}
      {(brands.data?.length ?? 0) > 1 && (
        <Group>
          <Select
            label={t("registry.brand")}
            data={brands.data?.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            value={brand?.id ?? null}
            onChange={(value) => navigate({ search: { brand: value ?? undefined } })}
            allowDeselect={false}
          />
        </Group>
      )}
      {brand && <List brand={brand} />}
      {brand && <InviteDialog key={brand.id} brand={brand} opened={isInviting} onClose={() => invite(false)} />}
    </Page>
  );
}

function List({ brand }: { brand: Brand }) {
  const { t } = useTranslation();
  const may = useMay();
  const actorName = useActorName();
  const testers = useTesters(brand.id);
  const [leaving, leave] = useState<Tester>();
  const remove = useAct(
    () => answer<unknown>(api.DELETE("/api/v1/test-recipients/{id}", { params: { path: { id: leaving?.id ?? "" } } })),
    {
      done: t("reports.testers.removed"),
      refresh: [testersKey(brand.id)],
      showsError: true,
      onDone: () => leave(undefined),
    },
  );
  return (
    <>
      <Notice tone="neutral">{t("reports.testers.explain")}</Notice>
      <div className="surface">
        {testers.isPending && <Loading />}
        {testers.isError && <Failure error={testers.error} onRetry={() => testers.refetch()} />}
        {testers.data?.length === 0 && (
          <Empty title={t("reports.testers.none")} text={t("reports.testers.none_text")} />
        )}
        {testers.data && testers.data.length > 0 && (
          <DataTable
            label={t("reports.testers.title")}
            rows={testers.data}
            keyOf={({ id }) => id}
            columns={[
              {
                head: t("reports.testers.name"),
                width: "9rem",
                cell: ({ name, address }) => (
                  <>
                    {name}
                    <Text size="sm" className="quiet number">
                      {address}
                    </Text>
                  </>
                ),
              },
              {
                head: t("campaigns.column.state"),
                cell: ({ state, accepted_at }) => (
                  <>
                    <StateBadge tone={TESTER_TONE[state]} label={t(`reports.testers.state.${state}`)} />
                    {accepted_at && (
                      <Text size="sm" className="quiet">
                        <Time at={accepted_at} />
                      </Text>
                    )}
                  </>
                ),
              },
              {
                head: t("reports.testers.invited"),
                from: "sm",
                cell: ({ invited_by, invited_at }) => (
                  <>
                    {actorName(invited_by)}
                    <Text size="sm" className="quiet">
                      <Time at={invited_at} />
                    </Text>
                  </>
                ),
              },
              {
                head: "",
                cell: (tester) =>
                  may("manage_campaigns") &&
                  tester.state !== "left" && (
                    <Button
                      variant="default"
                      size="xs"
                      onClick={() => leave(tester)}
                      aria-label={t("reports.testers.remove_named", { name: tester.name })}
                    >
                      {t("reports.testers.remove")}
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </div>
      <Ask
        opened={leaving !== undefined}
        title={t("reports.testers.remove_ask", { name: leaving?.name ?? "" })}
        confirm={t("reports.testers.remove")}
        isDangerous
        isPending={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate(undefined)}
        onClose={() => {
          remove.reset();
          leave(undefined);
        }}
      >
        <Text>{t("reports.testers.remove_text")}</Text>
      </Ask>
    </>
  );
}
