import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { EventType } from "../api/model";

/** The key of the kinds of events among what the browser remembers. */
export const EVENT_TYPES_KEY = ["event-types"] as const;

/** The first kinds of events of the firm, by name; described or only sent. */
export function useEventTypes() {
  return useQuery({
    queryKey: [...EVENT_TYPES_KEY, "first"],
    queryFn: async () => (await answer(api.GET("/api/v1/event-types", { params: { query: { limit: 200 } } }))).items,
    staleTime: 30_000,
  });
}

/** A kind of event as people read it: its label, or its name while nobody described it. */
export function useEventLabel(): (type: Pick<EventType, "name" | "label_tr" | "label_en">) => string {
  const { i18n } = useTranslation();
  return ({ name, label_tr, label_en }) => (i18n.language === "en" ? label_en : label_tr) || name;
}
