import { Button, SegmentedControl, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { type Column, DataTable } from "../app/data-table";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";

const BY = ["file", "form", "branch"] as const;
type By = (typeof BY)[number];

/** Which files brought people who refuse or complain, worst first; asked for only when somebody wants to see it. */
export function SourceScores({ brandId }: { brandId: string }) {
  const { t } = useTranslation();
  const [isOpen, open] = useDisclosure(false);
  const [by, setBy] = useState<By>("file");
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
      {isOpen && by === "file" && <OfFiles brandId={brandId} />}
      {isOpen && by !== "file" && <OfSources key={by} brandId={brandId} by={by} />}
    </Section>
  );
}

/** File by file. */
function OfFiles({ brandId }: { brandId: string }) {
  const { t } = useTranslation();
  const { percent, consents, share } = useFigures();
  const scores = useQuery({
    queryKey: ["upload-scores", brandId],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/uploads/scores", { params: { query: { brand_id: brandId } } }))).items,
  });
  return (
    <Scores
      scores={scores}
      keyOf={({ upload_id }) => upload_id}
      columns={[
        {
          head: t("uploads.column.name"),
          width: "160px",
          cell: ({ upload_id, name }) => (
            <TextLink to="/uploads/$id" params={{ id: upload_id }} fw={600}>
              {name}
            </TextLink>
          ),
        },
        consents,
        share("refused"),
        share("complained"),
        { head: t("uploads.scores.invalid"), isNumber: true, cell: ({ invalid_percent }) => percent(invalid_percent) },
      ]}
    />
  );
}

/** The same for what stands behind several files: their form, or the branch that their rows name. */
function OfSources({ brandId, by }: { brandId: string; by: "form" | "branch" }) {
  const { t } = useTranslation();
  const { count, consents, share } = useFigures();
  const scores = useQuery({
    queryKey: ["upload-scores", brandId, by],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/uploads/scores/sources", { params: { query: { brand_id: brandId, by } } }))).items,
  });
  return (
    <Scores
      scores={scores}
      keyOf={({ name }) => name}
      columns={[
        { head: t("uploads.scores.source"), cell: ({ name }) => <strong>{name}</strong> },
        { head: t("uploads.scores.files"), isNumber: true, cell: ({ uploads }) => count(uploads) },
        consents,
        share("refused"),
        share("complained"),
      ]}
    />
  );
}

interface Figures {
  consents: number;
  refused_percent: number;
  complained_percent: number;
}

/** The columns that every score has. */
function useFigures() {
  const { t } = useTranslation();
  const formats = useFormats();
  const consents: Column<Figures> = {
    head: t("uploads.scores.consents"),
    isNumber: true,
    cell: ({ consents }) => formats.number(consents),
  };
  const share = (what: "refused" | "complained"): Column<Figures> => ({
    head: t(`uploads.scores.${what}`),
    isNumber: true,
    cell: (score) => formats.percent(score[`${what}_percent`] / 100),
  });
  return { count: formats.number, percent: (value: number) => formats.percent(value / 100), consents, share };
}

interface ScoresProps<T> {
  scores: UseQueryResult<T[]>;
  columns: Column<T>[];
  keyOf: (score: T) => string;
}

function Scores<T>({ scores, columns, keyOf }: ScoresProps<T>) {
  const { t } = useTranslation();
  if (scores.isPending) return <Loading lines={3} />;
  if (scores.isError) return <Failure error={scores.error} onRetry={() => scores.refetch()} />;
  if (scores.data.length === 0) {
    return (
      <Text px="md" pb="md">
        {t("uploads.scores.none")}
      </Text>
    );
  }
  return <DataTable label={t("uploads.scores.title")} rows={scores.data} columns={columns} keyOf={keyOf} />;
}
