import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import type { Campaign } from "../../api/model";

/** How long nothing is written before a text is read, milliseconds. */
const REST_MS = 350;

type Question = Pick<Campaign, "brand_id" | "channel" | "basis" | "body">;

/** What a text lacks and should not hold, and how long it is, while it is being written. */
export function useTextCheck({ brand_id, channel, basis, body }: Question) {
  const [rested] = useDebouncedValue(body, REST_MS);
  const question = { brand_id, channel, basis, body: rested };
  return useQuery({
    queryKey: ["text-check", question],
    queryFn: () => answer(api.POST("/api/v1/texts/check", { body: question })),
    enabled: rested.trim() !== "" && brand_id !== "",
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });
}
