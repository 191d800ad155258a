import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Campaign, ReasonEntry, TextFinding } from "../../api/model";

/** Whom the credit at the provider does not reach, and whom it does. */
export interface CreditShort {
  people: number;
  parts: number;
  reached: number;
}

/** What an approver decides on, as the server wrote it; kept byte for byte once submitted. */
export interface GoPage {
  taken_at: string;
  text: string;
  text_hash: string;
  content_hash: string;
  audience: { tr: string; en: string };
  target: number;
  sendable: number;
  excluded: { code: string; count: number }[];
  /** Of an audience of accounts, those that nobody has; absent on pages kept before it was told. */
  unknown_accounts?: string[];
  measured: {
    parts_total: number;
    by_parts: Record<string, number>;
    by_encoding: Record<string, number>;
    units_min: number;
    units_max: number;
  };
  cost_micros: number | null;
  credit_micros: number | null;
  credit_after_micros: number | null;
  currency: string | null;
  credit_short: CreditShort | null;
  plan: Campaign["plan"];
  routes: { connector_id: string; name: string; obstacle: string | null; is_foreign: boolean }[];
  starts_at: string;
  finishes_at: string | null;
  findings: (Pick<TextFinding, "weight" | "what" | "text_tr" | "text_en"> & { finding: string })[];
  needs_signature: boolean;
  /** Absent on pages kept before there were promotions. */
  promotion?: { name: string; pool: number; meant: number; short: number; expires_at: string } | null;
}

/** The GO page of a campaign that nobody has launched. */
export function useGo(campaign: Campaign) {
  return useQuery({
    queryKey: ["campaign", campaign.id, "go", campaign.state],
    queryFn: async () =>
      (await answer(api.GET("/api/v1/campaigns/{id}/go", { params: { path: { id: campaign.id } } }))) as GoPage,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
  });
}

/** Every reason code with its words; they change only with the program. */
export function useReasons() {
  return useQuery({
    queryKey: ["reasons"],
    queryFn: async () => {
      const { items } = await answer(api.GET("/api/v1/reasons", {}));
      return new Map<string, ReasonEntry>(items.map((entry) => [entry.code, entry]));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
