import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import type { RegistryStatus } from "../api/model";

const POLL_MS = 10_000;

/** How a brand stands with İYS; asked again every ten seconds while it is on screen. */
export function useRegistry(brandId: string) {
  return useQuery({
    queryKey: ["registry", brandId],
    queryFn: () => answer(api.GET("/api/v1/registry/{brand_id}", { params: { path: { brand_id: brandId } } })),
    refetchInterval: POLL_MS,
  });
}

/** Calls waiting for İYS, those set aside included. */
export function queueLength({ queue }: RegistryStatus): number {
  return queue.pending + queue.in_flight + queue.waiting + queue.parked;
}
