import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";

/** The key of the attributes among what the browser remembers. */
export const ATTRIBUTES_KEY = ["attributes"] as const;

/** The firm's attributes; few, so one answer holds them all. */
export function useAttributes() {
  return useQuery({
    queryKey: ATTRIBUTES_KEY,
    queryFn: async () => (await answer(api.GET("/api/v1/attributes", {}))).items,
    staleTime: 60_000,
  });
}

/** An attribute's label in the language on screen. */
export function useAttributeLabel(): (attribute: { label_tr: string; label_en: string }) => string {
  const { i18n } = useTranslation();
  return ({ label_tr, label_en }) => (i18n.language === "en" ? label_en : label_tr);
}
