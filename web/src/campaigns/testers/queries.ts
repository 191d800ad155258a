import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Item } from "../../api/model";
import type { Tone } from "../../app/state-badge";

export type Tester = Item<"/api/v1/brands/{id}/test-recipients">;

export const TESTER_TONE: Record<Tester["state"], Tone> = { invited: "held", accepted: "good", left: "neutral" };

/** What the browser remembers a brand's test recipients by. */
export const testersKey = (brand: string) => ["testers", brand] as const;

/** A brand's test recipients; at most 50, so one page holds them. */
export function useTesters(brand: string) {
  return useQuery({
    queryKey: testersKey(brand),
    queryFn: async () =>
      (await answer(api.GET("/api/v1/brands/{id}/test-recipients", { params: { path: { id: brand } } }))).items,
  });
}
