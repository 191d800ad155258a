import { Button, SegmentedControl, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { ScrollX } from "../app/scroll-x";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";

const BY = ["file", "form", "branch"] as const;
type By = (typeof BY)[number];

/** Which files brought people who refuse or complain, worst first; asked for only when somebody wants to see it. */
export function SourceScores({ brandId }: { brandId: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const [isOpen, open] = useDisclosure(false);
  const [by, setBy] = useState<By>("file");
  const scores = useQuery({
    queryKey: ["upload-scores", brandId],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/uploads/scores", { params: { query: { brand_id: brandId } } }))).items,
    enabled: isOpen && by === "file",
  });
  const percent = (value: number) => formats.percent(value / 100);
  const isFiles = isOpen && by === "file";

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
      {isOpen && (
        <SegmentedControl
          mx="md"
          mb="sm"
          aria-label={t("uploads.scores.by")}
          data={BY.map((value) => ({ value, label: t(`uploads.scores.kind.${value}`) }))}
          value={by}
          onChange={(value) => setBy(value as By)}
        />
      )}
      {isOpen && by !== "file" && <Grouped brandId={brandId} by={by} />}
      {isFiles && scores.isPending && <Loading lines={3} />}
      {isFiles && scores.isError && <Failure error={scores.error} onRetry={() => scores.refetch()} />}
      {isFiles && scores.data?.length === 0 && (
        <Text px="md" pb="md">
          {t("uploads.scores.none")}
        </Text>
      )}
      {isFiles && (scores.data?.length ?? 0) > 0 && (
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

/** The same for what stands behind several files: their form, or the branch that their rows name. */
function Grouped({ brandId, by }: { brandId: string; by: "form" | "branch" }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const scores = useQuery({
    queryKey: ["upload-scores", brandId, by],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/uploads/scores/sources", { params: { query: { brand_id: brandId, by } } }))).items,
  });
  const percent = (value: number) => formats.percent(value / 100);
  if (scores.isPending) return <Loading lines={3} />;
  if (scores.isError) return <Failure error={scores.error} onRetry={() => scores.refetch()} />;
  if (scores.data.length === 0) {
    return (
      <Text px="md" pb="md">
        {t("uploads.scores.none")}
      </Text>
    );
  }
  return (
    <ScrollX label={t("uploads.scores.title")}>
      <Table aria-labelledby="scores-title">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("uploads.scores.source")}</Table.Th>
            <Table.Th ta="end">{t("uploads.scores.files")}</Table.Th>
            <Table.Th ta="end">{t("uploads.scores.consents")}</Table.Th>
            <Table.Th ta="end">{t("uploads.scores.refused")}</Table.Th>
            <Table.Th ta="end">{t("uploads.scores.complained")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {scores.data.map((score, place) => (
            <Table.Tr key={`${place}:${score.name}`}>
              <Table.Td fw={600}>{score.name}</Table.Td>
              <Table.Td ta="end" className="number">
                {formats.number(score.uploads)}
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
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}
