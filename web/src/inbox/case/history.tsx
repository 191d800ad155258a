import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { CaseDetail } from "../../api/model";
import { useActorName } from "../../app/actor";
import { DataTable } from "../../app/data-table";
import { Section } from "../../app/page";
import { Time } from "../../app/time";

/** Everything that happened to a case, its correspondence among it. */
export function History({ one }: { one: CaseDetail }) {
  const { t } = useTranslation();
  const actorName = useActorName();
  const rows = one.history.map((entry, place) => ({ ...entry, place }));
  return (
    <Section title={t("cases.history.title")} id="history">
      <DataTable
        label={t("cases.history.title")}
        rows={rows}
        keyOf={({ place }) => String(place)}
        columns={[
          { head: t("cases.history.when"), cell: ({ at }) => <Time at={at} /> },
          {
            head: t("cases.history.who"),
            cell: ({ actor }) => (actor === "citizen" ? t("cases.citizen") : actorName(actor)),
          },
          {
            head: t("cases.history.what"),
            width: "14rem",
            cell: ({ deed, text }) => (
              <>
                {t(`cases.history.deeds.${deed}`)}
                {text && (
                  <Text size="sm" className="quiet" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
                    {text}
                  </Text>
                )}
              </>
            ),
          },
        ]}
      />
    </Section>
  );
}
