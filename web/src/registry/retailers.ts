import { useInfiniteQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import type { Answer, Brand } from "../api/model";
import { isConnected } from "./frame";

export type Retailer = Answer<"/api/v1/registry/{brand_id}/retailers", "get">["items"][number];

/** Retailers that the server tells of at once. */
const PAGE = 100;

export const retailersKey = (brandId: string) => ["registry", brandId, "retailers"];

/** The retailers of a brand at İYS, page after page; asked only where the brand works with İYS. */
export function useRetailers(brand: Brand) {
  return useInfiniteQuery({
    queryKey: retailersKey(brand.id),
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/registry/{brand_id}/retailers", {
          params: { path: { brand_id: brand.id }, query: { offset: pageParam } },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (last.items.length === PAGE ? all.length * PAGE : undefined),
    enabled: isConnected(brand),
    retry: false,
  });
}
