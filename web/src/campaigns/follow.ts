import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { POLL_MS, RECHECK_MS, useLive } from "../api/live";
import type { Campaign, CampaignReport } from "../api/model";
import { queries } from "../app/queries";
import { isMoving, isSending } from "./campaign-state";

const reportKey = (id: string) => ["campaign", id, "report"] as const;

/** One campaign. */
export function useCampaign(id: string) {
  return useQuery({
    queryKey: ["campaign", id],
    queryFn: () => answer(api.GET("/api/v1/campaigns/{id}", { params: { path: { id } } })),
  });
}

/** A launched campaign's report, kept current by its event stream, or by asking when the stream is away. */
export function useReport(id: string, isFollowed = true) {
  const known = queries.getQueryData<CampaignReport>(reportKey(id));
  const isStreaming = useLive<CampaignReport>(
    `/api/v1/campaigns/${encodeURIComponent(id)}/progress`,
    isFollowed && known !== undefined && isMoving(known),
    rememberReport,
  );
  const query = useQuery({
    queryKey: reportKey(id),
    queryFn: async () => {
      const report = await answer(api.GET("/api/v1/campaigns/{id}/report", { params: { path: { id } } }));
      rememberCampaign(report.campaign);
      return report;
    },
    refetchInterval: ({ state }) => {
      if (!state.data || !isMoving(state.data)) return false;
      // Receipts may come for three days; nobody needs them by the second.
      return isSending(state.data.campaign.state) && !isStreaming ? POLL_MS : RECHECK_MS;
    },
  });
  return { ...query, isStreaming };
}

/** Puts a fresher campaign wherever the browser remembers it. */
export function rememberCampaign(campaign: Campaign): void {
  queries.setQueryData(["campaign", campaign.id], campaign);
  queries.setQueryData<CampaignReport>(reportKey(campaign.id), (report) => report && { ...report, campaign });
}

function rememberReport(report: CampaignReport): void {
  queries.setQueryData(reportKey(report.campaign.id), report);
  queries.setQueryData(["campaign", report.campaign.id], report.campaign);
}
