import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";

const FIRST = { params: { query: { limit: 200 } } };

/** The first tags of the firm, as suggestions; any other name may be typed. */
export function useTags() {
  return useQuery({
    queryKey: ["tags", "suggested"],
    queryFn: async () => (await answer(api.GET("/api/v1/tags", FIRST))).items,
    staleTime: 30_000,
  });
}

/** The first distribution lists, likewise. */
export function useLists() {
  return useQuery({
    queryKey: ["groups", "suggested"],
    queryFn: async () => (await answer(api.GET("/api/v1/groups", FIRST))).items,
    staleTime: 30_000,
  });
}

/** The firm's segments. */
export function useSegments() {
  return useQuery({
    queryKey: ["segments"],
    queryFn: async () => (await answer(api.GET("/api/v1/segments", FIRST))).items,
    staleTime: 10_000,
  });
}
