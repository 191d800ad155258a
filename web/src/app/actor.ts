import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import { answer, api } from "../api/client";

/** Most people and keys of a page, and most pages: whoever stands behind them keeps their number. */
const LIMIT = 200;
const PAGES_MAX = 10;
const STALE_MS = 5 * 60_000;

/** Somebody who is no person: a command, a folder, or a worker, which bears its process's number. */
function actorOfHouse(actor: string, t: TFunction): string {
  if (actor === "command") return t("common.actor.command");
  if (actor === "drop-folder") return t("common.actor.folder");
  if (actor.startsWith("con_")) return t("common.actor.provider");
  return /^w\d+-/.test(actor) ? t("common.actor.worker") : actor;
}

/** Everybody of the firm who does things, by what the server calls them. */
async function readNames(): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { items, next } = await answer(api.GET("/api/v1/actors", { params: { query: { limit: LIMIT, after } } }));
    for (const { actor, name } of items) names.set(actor, name);
    if (!next) break;
    after = next;
  }
  return names;
}

/** Turns the server's `user:usr_…` or `key:key_…` into a name, for every role. */
export function useActorName(): (actor: string) => string {
  const { t } = useTranslation();
  const names = useQuery({ queryKey: ["actors"], queryFn: readNames, staleTime: STALE_MS });
  return (actor) => {
    const [kind, id] = actor.split(":", 2);
    if (!id) return actorOfHouse(actor, t);
    const name = names.data?.get(actor);
    if (kind === "key") return t("common.actor.key", { name: name ?? id });
    if (kind !== "user") return actor;
    if (names.isPending) return "…";
    return name ?? t("common.actor.user", { id });
  };
}
