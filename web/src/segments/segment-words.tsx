import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";

/** A segment by its name and the sentence that its rules make. */
export function SegmentWords({ id }: { id: string }) {
  const { t, i18n } = useTranslation();
  const { data } = useQuery({
    queryKey: ["segment", id],
    queryFn: () => answer(api.GET("/api/v1/segments/{id}", { params: { path: { id } } })),
    staleTime: 60_000,
  });
  if (!data) return t("campaigns.detail.audience_segment", { name: id, rule: "…" });
  const rule = i18n.language === "en" ? data.text_en : data.text_tr;
  return t("campaigns.detail.audience_segment", { name: data.name, rule });
}
