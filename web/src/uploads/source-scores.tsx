import { Button, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { ScrollX } from "../app/scroll-x";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";

/** Which files brought people who refuse or complain, worst first; asked for only when somebody wants to see it. */
export function SourceScores({ brandId }: { brandId: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [isOpen, open] = useDisclosure(false);
  const scores = useQuery({
    queryKey: ["upload-scores", brandId],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/uploads/scores", { params: { query: { brand_id: brandId } } }))).items,
    enabled: isOpen,
  });
  const percent = (value: number) => formats.percent(value / 100);

  return (
    <Section
      title={t("uploads.scores.title")}
      id="scores"
      aside={
        <Button variant="default" size="xs" onClick={open.toggle} aria-expanded={isOpen}>
          {t(isOpen ? "uploads.scores.hide" : "uploads.scores.show")}
        </Button>
      }
    >
      <Text px="md" pb="sm" size="sm" className="quiet">
        {t("uploads.scores.hint")}
      </Text>
      {isOpen && scores.isPending && <Loading lines={3} />}
      {isOpen && scores.isError && <Failure error={scores.error} onRetry={() => scores.refetch()} />}
      {isOpen && scores.data?.length === 0 && (
        <Text px="md" pb="md">
          {t("uploads.scores.none")}
        </Text>
      )}
      {isOpen && (scores.data?.length ?? 0) > 0 && (
        <ScrollX label={t("uploads.scores.title")}>
          <Table aria-labelledby="scores-title">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("uploads.column.name")}</Table.Th>
                <Table.Th ta="end">{t("uploads.scores.consents")}</Table.Th>
                <Table.Th ta="end">{t("uploads.scores.refused")}</Table.Th>
                <Table.Th ta="end">{t("uploads.scores.complained")}</Table.Th>
                <Table.Th ta="end">{t("uploads.scores.invalid")}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {scores.data?.map((score) => (
                <Table.Tr key={score.upload_id}>
                  <Table.Td miw={160}>
                    <TextLink to="/uploads/$id" params={{ id: score.upload_id }} fw={600}>
                      {score.name}
                    </TextLink>
                  </Table.Td>
                  <Table.Td ta="end" className="number">
                    {formats.number(score.consents)}
                  </Table.Td>
                  <Table.Td ta="end" className="number">
                    {percent(score.refused_percent)}
                  </Table.Td>
                  <Table.Td ta="end" className="number">
                    {percent(score.complained_percent)}
                  </Table.Td>
                  <Table.Td ta="end" className="number">
                    {percent(score.invalid_percent)}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollX>
      )}
    </Section>
  );
}
