import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMay } from "./permissions";
import { useSession } from "./session";

const PAGE = { params: { query: { limit: 200 } } };
const STALE_MS = 5 * 60_000;

/** Somebody who is no person: a command, a folder, or a worker, which bears its process's number. */
function actorOfHouse(actor: string, t: TFunction): string {
  if (actor === "command") return t("common.actor.command");
  if (actor === "drop-folder") return t("common.actor.folder");
  if (actor.startsWith("con_")) return t("common.actor.provider");
  return /^w\d+-/.test(actor) ? t("common.actor.worker") : actor;
}

/**
 * Turns the server's `user:usr_…` or `key:key_…` into a name. Who may not list
 * users or keys sees their own name and, for everybody else, the kind and the id.
 */
export function useActorName(): (actor: string) => string {
  const { t } = useTranslation();
  const { user } = useSession();
  const may = useMay();
  const users = useQuery({
    queryKey: ["users"],
    queryFn: async () => (await answer(api.GET("/api/v1/users", PAGE))).items,
    staleTime: STALE_MS,
    enabled: may("manage_users"),
  });
  const keys = useQuery({
    queryKey: ["api-keys"],
    queryFn: async () => (await answer(api.GET("/api/v1/api-keys", PAGE))).items,
    staleTime: STALE_MS,
    enabled: may("manage_keys"),
  });
  return (actor) => {
    const [kind, id] = actor.split(":", 2);
    if (!id) return actorOfHouse(actor, t);
    if (kind === "key") return t("common.actor.key", { name: keys.data?.find((key) => key.id === id)?.name ?? id });
    if (kind !== "user") return actor;
    const known = [user, ...(users.data ?? [])].find((one) => one.id === id);
    return known?.name ?? t("common.actor.user", { id });
  };
}
