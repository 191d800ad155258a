import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import type { Connector, ConnectorKind } from "../api/model";
import type { Tone } from "../app/state-badge";

export const CONNECTOR_TONE: Record<Connector["state"], Tone> = {
  untested: "neutral",
  tested: "held",
  active: "good",
  broken: "bad",
};

/** The firm's provider accounts; few, so one page holds them. */
export function useConnectors() {
  return useQuery({
    queryKey: ["connectors"],
    queryFn: async () => (await answer(api.GET("/api/v1/connectors", { params: { query: { limit: 200 } } }))).items,
  });
}

/** The providers there are, with what each needs. They change only with the program. */
export function useKinds() {
  return useQuery({
    queryKey: ["connector-kinds"],
    queryFn: () => answer(api.GET("/api/v1/connector-kinds")),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** What is left on an account, as the provider says; asked at most once a minute. */
export function useBalance(id: string, enabled: boolean) {
  return useQuery({
    queryKey: ["connector", id, "balance"],
    queryFn: () => answer(api.GET("/api/v1/connectors/{id}/balance", { params: { path: { id } } })),
    staleTime: 60_000,
    retry: false,
    enabled,
  });
}

/** A kind's title in the language on screen; its own name where it is not known. */
export function useKindTitle(): (kind: string) => string {
  const { i18n } = useTranslation();
  const kinds = useKinds();
  return (kind) => {
    const known = kinds.data?.find((one: ConnectorKind) => one.kind === kind);
    if (!known) return kind;
    return i18n.language === "en" ? known.title_en : known.title_tr;
  };
}
