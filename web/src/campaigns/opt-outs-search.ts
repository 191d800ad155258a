/** By what messages are told apart. */
export const OPT_OUTS_BY = ["campaign", "text", "list", "hour", "source"] as const;
export type OptOutsBy = (typeof OPT_OUTS_BY)[number];

/** How far back, in days. */
export const SPANS = [30, 92, 366] as const;

/** The filters of the opt-out analysis, as they stand in the address. */
export interface OptOutsSearch {
  brand?: string;
  by?: OptOutsBy;
  days?: number;
  within?: number;
}

/** What of an address's search the analysis takes. */
export function optOutsSearch(search: Record<string, unknown>): OptOutsSearch {
  const within = Number(search.within);
  return {
    brand: typeof search.brand === "string" ? search.brand : undefined,
    by: OPT_OUTS_BY.find((one) => one === search.by),
    days: SPANS.find((one) => one === Number(search.days)),
    within: Number.isInteger(within) && within >= 1 && within <= 30 ? within : undefined,
  };
}
