import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";

/** Tags given by recent uploads, as suggestions. */
export function useKnownTags(): string[] {
  const { data } = useQuery({
    queryKey: ["known-tags"],
    queryFn: () => answer(api.GET("/api/v1/uploads", { params: { query: { limit: 200 } } })),
    staleTime: 60_000,
  });
  const tags = (data?.items ?? []).flatMap(({ tag }) => (tag ? [tag] : []));
  return [...new Set(tags)].sort((one, other) => one.localeCompare(other, "tr"));
}
