import { Progress, Text } from "@mantine/core";
import { IconCircle, IconCircleCheck } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Brand, Campaign, Upload } from "../api/model";
import { TextLink } from "../app/links";
import { Section } from "../app/page";
import { isLaunched } from "../campaigns/campaign-state";
import { useReport } from "../campaigns/follow";
import { useConnectors } from "../connectors/queries";
import classes from "../registry/registry.module.css";
import { checklistOf } from "./checklist-items";

interface ChecklistProps {
  brands: Brand[];
  uploads: Upload[];
  campaigns: Campaign[];
}

/** The way to the first campaign; an item turns green by something that was seen to work, never by a click. Gone when all are. */
export function Checklist({ brands, uploads, campaigns }: ChecklistProps) {
  const { t } = useTranslation();
  const connectors = useConnectors();
  const registries = useQueries({
    queries: brands.map(({ id }) => ({
      queryKey: ["registry", id],
      queryFn: () => answer(api.GET("/api/v1/registry/{brand_id}", { params: { path: { brand_id: id } } })),
    })),
  });
  const launched = campaigns.find(({ state, planned }) => isLaunched(state) && planned > 0);
  const isReady = connectors.isSuccess && registries.every(({ isSuccess }) => isSuccess);
  return (
    <WithReport id={launched?.id}>
      {(report) => {
        if (!isReady || (launched && !report)) return null;
        const items = checklistOf({
          registries: registries.flatMap(({ data }) => data ?? []),
          connectors: connectors.data,
          uploads,
          report,
        });
        const done = items.filter(({ passed }) => passed).length;
        if (done === items.length) return null;
        return (
          <Section
            title={t("dashboard.checklist.title")}
            id="checklist"
            aside={
              <Text size="sm" className="quiet number">
                {t("dashboard.checklist.done", { done, all: items.length })}
              </Text>
            }
          >
            <Progress value={(done / items.length) * 100} mx="md" mb="sm" aria-label={t("dashboard.checklist.title")} />
            <ol className={classes.lights}>
              {items.map(({ name, to, passed }) => (
                <li key={name} data-passed={passed}>
                  {passed ? (
                    <IconCircleCheck
                      size={20}
                      color="var(--tone-good)"
                      role="img"
                      aria-label={t("dashboard.checklist.passed")}
                    />
                  ) : (
                    <IconCircle size={20} color="var(--quiet)" role="img" aria-label={t("dashboard.checklist.open")} />
                  )}
                  <div>
                    <TextLink to={to} fw={550}>
                      {t(`dashboard.checklist.item.${name}`)}
                    </TextLink>
                    {!passed && (
                      <Text size="sm" className="quiet">
                        {t(`dashboard.checklist.how.${name}`)}
                      </Text>
                    )}
                  </div>
                </li>
              ))}
            </ol>
          </Section>
        );
      }}
    </WithReport>
  );
}

type Report = ReturnType<typeof useReport>["data"];

function WithReport({ id, children }: { id: string | undefined; children: (report: Report) => ReactNode }) {
  return id ? <Read id={id}>{children}</Read> : children(undefined);
}

function Read({ id, children }: { id: string; children: (report: Report) => ReactNode }) {
  return children(useReport(id, false).data);
}
