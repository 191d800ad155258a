import { Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { DataTable } from "../app/data-table";
import { ButtonLink, TextLink } from "../app/links";
import { Page } from "../app/page";
import { useMay } from "../app/permissions";
import { StateBadge } from "../app/state-badge";
import { Empty, Failure, Loading } from "../app/states";
import { useHalts } from "../campaigns/halt";
import { BalanceText } from "./balance";
import { CONNECTOR_TONE, useConnectors, useKindTitle } from "./queries";

/** The provider accounts of the firm: whether each works, and what is left on it. */
export function ConnectorsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const list = useConnectors();
  const halts = useHalts();
  const kindTitle = useKindTitle();
  const add = may("manage_connectors") && (
    <ButtonLink to="/connectors/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t("connectors.add")}
    </ButtonLink>
  );
  return (
    <Page title={t("connectors.title")} lead={t("connectors.lead")} actions={add}>
      <div className="surface">
        {list.isPending && <Loading />}
        {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
        {list.data?.length === 0 && (
          <Empty title={t("connectors.empty.title")} text={t("connectors.empty.text")} action={add} />
        )}
        {(list.data?.length ?? 0) > 0 && (
          <DataTable
            label={t("connectors.title")}
            rows={list.data ?? []}
            keyOf={({ id }) => id}
            columns={[
              {
                head: t("connectors.name"),
                width: "10rem",
                cell: ({ id, name, kind }) => (
                  <>
                    <TextLink to="/connectors/$id" params={{ id }} fw={600}>
                      {name}
                    </TextLink>
                    <Text size="sm" className="quiet">
                      {kindTitle(kind)}
                    </Text>
                  </>
                ),
              },
              {
                head: t("connectors.state"),
                cell: ({ id, state, state_reason }) => (
                  <>
                    <StateBadge tone={CONNECTOR_TONE[state]} label={t(`connectors.states.${state}`)} />{" "}
                    {halts.some(({ subject_id }) => subject_id === id) && (
                      <StateBadge tone="bad" label={t("admin.account.halted")} />
                    )}
                    {state_reason && (
                      <Text size="sm" className="quiet" maw={360}>
                        {state_reason}
                      </Text>
                    )}
                  </>
                ),
              },
              {
                head: t("connectors.balance"),
                isNumber: true,
                cell: ({ id, state }) => <BalanceText id={id} enabled={state === "active"} />,
              },
            ]}
          />
        )}
      </div>
    </Page>
  );
}
