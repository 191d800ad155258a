import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useActorName } from "../app/actor";
import { useBrands } from "../app/brands";
import { TextLink } from "../app/links";
import { MoreButton } from "../app/more-button";
import { Section } from "../app/page";
import { ScrollX } from "../app/scroll-x";
import { StateBadge } from "../app/state-badge";
import { Failure, Loading } from "../app/states";
import { Time } from "../app/time";
import { useRecords } from "./records";

/** Everything the person said to any brand, newest first; nothing in it is ever changed or removed. */
export function Timeline({ contactId }: { contactId: string }) {
  const { t, i18n } = useTranslation();
  const brands = useBrands();
  const actorName = useActorName();
  const list = useRecords(contactId);
  const brandName = (id: string) => brands.data?.find((brand) => brand.id === id)?.name ?? id;
  return (
    <Section title={t("contacts.timeline.title")} id="timeline">
      {list.isPending && <Loading lines={3} />}
      {list.isError && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && (
        <Text px="md" pb="md">
          {t("contacts.timeline.none")}
        </Text>
      )}
      {list.items.length > 0 && (
        <ScrollX label={t("contacts.timeline.title")}>
          <Table aria-labelledby="timeline-title" miw={640}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("contacts.local.date")}</Table.Th>
                <Table.Th>{t("contacts.local.status")}</Table.Th>
                <Table.Th>{t("contacts.timeline.for")}</Table.Th>
                <Table.Th>{t("contacts.local.source")}</Table.Th>
                <Table.Th>{t("contacts.local.origin")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {list.items.map((record) => (
                <Table.Tr key={record.event_id}>
                  <Table.Td>
                    <Time at={record.consent_at} />
                  </Table.Td>
                  <Table.Td>
                    <StateBadge
                      tone={record.status === "ONAY" ? "good" : "bad"}
                      label={t(`contacts.local.${record.status}`)}
                    />
                  </Table.Td>
                  <Table.Td>
                    {brandName(record.brand_id)} · {t(`common.channel.${record.channel}`)} ·{" "}
                    {t(`common.kind.${record.kind}`)}
                    <Text size="sm" className="quiet">
                      {record.address}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    {i18n.exists(`contacts.source.${record.source}`)
                      ? t(`contacts.source.${record.source as "HS_WEB"}`)
                      : record.source}
                    <Text size="sm" className="quiet">
                      {record.source}
                    </Text>
                    {record.evidence && (
                      <Text size="sm" className="quiet">
                        {record.evidence}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    {record.upload_id ? (
                      <TextLink to="/uploads/$id" params={{ id: record.upload_id }} search={{}}>
                        {t(`contacts.origin.${record.origin}`)}
                      </TextLink>
                    ) : (
                      t(`contacts.origin.${record.origin}`)
                    )}
                    {record.origin_line != null && `, ${t("contacts.timeline.line", { line: record.origin_line })}`}
                    <Text size="sm" className="quiet">
                      {actorName(record.actor)}, <Time at={record.recorded_at} />
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
      <MoreButton list={list} />
    </Section>
  );
}
