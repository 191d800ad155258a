import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";
import { useMay } from "./permissions";
import { useSession } from "./session";

/**
 * Turns the server's `user:usr_…` or `key:key_…` into a name. Who may not list
 * users sees their own name and, for everybody else, the kind and the id.
 */
export function useActorName(): (actor: string) => string {
  const { t } = useTranslation();
  const { user } = useSession();
  const may = useMay();
  const users = useQuery({
    queryKey: ["users"],
    queryFn: async () => (await answer(api.GET("/api/v1/users", { params: { query: { limit: 200 } } }))).items,
    staleTime: 5 * 60_000,
    enabled: may("manage_users"),
  });
  return (actor) => {
    const [kind, id] = actor.split(":", 2);
    if (!id) return actor;
    if (kind === "key") return t("common.actor.key", { id });
    if (kind !== "user") return actor;
    const known = [user, ...(users.data ?? [])].find((one) => one.id === id);
    return known?.name ?? t("common.actor.user", { id });
  };
}
