import { useTranslation } from "react-i18next";
import type { Campaign } from "../api/model";
import { ExportButton } from "../app/export-dialog";
import { type RowGroup, STATES_OF } from "./row-groups";

const OF = ["people", "failed", "excluded", "report"] as const;

/** Takes a campaign's people or numbers out as a file. */
export function CampaignExport({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation();
  return (
    <ExportButton
      choices={OF.map((value) => ({
        value,
        label: t(`reports.export.of.${value}`),
        hint: t(`reports.export.of_hint.${value}`),
      }))}
      hrefOf={(of, form) => `${addressOf(campaign)}?${new URLSearchParams({ of, form })}`}
    />
  );
}

/** Takes the people out that a list shows, where the server has a word for them. */
export function RowsExport({ campaign, group, code }: { campaign: Campaign; group: RowGroup; code?: string }) {
  const { t } = useTranslation();
  const states = STATES_OF[group];
  if (states.length > 1) return null;
  const [state] = states;
  return (
    <ExportButton
      choices={[{ value: "people", label: t("reports.export.of.people") }]}
      hrefOf={(of, form) => {
        const query = new URLSearchParams({ of, form });
        if (state) query.set("state", state);
        if (code) query.set("code", code);
        return `${addressOf(campaign)}?${query}`;
      }}
    />
  );
}

function addressOf({ id }: Campaign): string {
  return `/api/v1/campaigns/${encodeURIComponent(id)}/export`;
}
