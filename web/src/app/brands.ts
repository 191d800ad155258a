import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";

/** The firm's brands; few, so one page holds them. */
export function useBrands() {
  return useQuery({
    queryKey: ["brands"],
    queryFn: async () => (await answer(api.GET("/api/v1/brands", { params: { query: { limit: 200 } } }))).items,
    staleTime: 60_000,
  });
}
