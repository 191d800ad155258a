import { Button, Group, Stack, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { DryRun } from "../api/model";
import { Notice } from "../app/notice";
import { Section } from "../app/page";
import { Failure, Loading } from "../app/states";
import { useFormats } from "../locale/format";
import { dryRunSteps } from "./steps";
import { Waterfall } from "./waterfall";

/** The answer to "whom would it reach now?"; asked once, and again only when told to. */
export function useDryRun(id: string, isAsked = true) {
  return useQuery({
    enabled: isAsked,
    queryKey: ["campaign", id, "dry-run"],
    queryFn: () => answer(api.POST("/api/v1/campaigns/{id}/dry-run", { params: { path: { id } } })),
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });
}

/** The waterfall before the launch, with the length of the text. */
export function DryRunPanel({ id }: { id: string }) {
  const { t } = useTranslation();
  const formats = useFormats();
  const run = useDryRun(id);
  return (
    <Section
      title={t("campaigns.dry_run.title")}
      id="dry-run"
      aside={
        <Button
          variant="default"
          size="xs"
          leftSection={<IconRefresh size={16} aria-hidden />}
          onClick={() => run.refetch()}
          loading={run.isFetching}
        >
          {t("campaigns.dry_run.again")}
        </Button>
      }
    >
      {run.isPending && (
        <>
          <Text px="md" className="quiet">
            {t("campaigns.dry_run.running")}
          </Text>
          <Loading />
        </>
      )}
      {run.isError && <Failure error={run.error} onRetry={() => run.refetch()} />}
      {run.data && (
        <>
          <Findings findings={run.data.findings} />
          <Waterfall steps={dryRunSteps(run.data)} campaignId={id} />
          <Group gap="lg" p="md" fz="sm" className="quiet" style={{ borderBlockStart: "1px solid var(--line)" }}>
            <span>{t("campaigns.dry_run.at", { when: formats.dateTime(run.data.at) })}</span>
            <span>
              {t("campaigns.dry_run.parts", { count: run.data.length.parts })} (
              {t("campaigns.dry_run.length", {
                encoding: run.data.length.encoding,
                units: run.data.length.units,
              })}
              )
            </span>
          </Group>
        </>
      )}
    </Section>
  );
}

/** What the text lacks and should not hold, the gravest first, each with the sentence that would settle it. */
function Findings({ findings }: { findings: DryRun["findings"] }) {
  const { t, i18n } = useTranslation();
  if (findings.length === 0) return null;
  const isEnglish = i18n.language === "en";
  return (
    <Stack gap="xs" p="md">
      {findings.map(({ code, weight, text_tr, text_en, what, proposal }) => (
        <Notice key={code} tone={TONE[weight]} title={t(`campaigns.dry_run.weight.${weight}`)}>
          {isEnglish ? text_en : text_tr}
          {what.length > 0 && <span className="quiet"> ({what.join(", ")})</span>}
          {proposal && <div>{t("campaigns.dry_run.proposal", { text: proposal })}</div>}
        </Notice>
      ))}
    </Stack>
  );
}

const TONE = { blocks: "bad", needs_approval: "held", warns: "out", remarks: "neutral" } as const;
