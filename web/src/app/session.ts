import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { answer, api, setCsrfToken, whenLoggedOut } from "../api/client";
import type { Session } from "../api/model";
import { ApiError } from "../api/problem";
import { preferLanguage } from "../locale";
import { queries } from "./queries";

const SESSION = ["session"] as const;

/** The session together with when it was read, so that a simulated clock can be told on. */
export interface Presence {
  session: Session;
  readAt: number;
}

/** Who is logged in; `null` when nobody is. */
export function useSessionQuery() {
  return useQuery({ queryKey: SESSION, queryFn: readSession, staleTime: 5 * 60_000 });
}

/** Logs in; fails with an `ApiError` (401 when e-mail or password is wrong). */
export async function logIn(email: string, password: string): Promise<void> {
  const session = await answer(api.POST("/api/v1/session", { body: { email, password } }));
  queries.clear();
  queries.setQueryData(SESSION, enter(session));
}

/** Logs out here and at the server. */
export async function logOut(): Promise<void> {
  await answer(api.DELETE("/api/v1/session"));
  leave();
}

whenLoggedOut(leave);

/** The logged-in person, for everything inside the shell. */
export const SessionContext = createContext<Presence | undefined>(undefined);

/** The session of the logged-in person. */
export function useSession(): Session {
  return usePresence().session;
}

/** The server's clock now, in milliseconds: the simulated one where the clock is simulated. */
export function useServerNow(): () => number {
  const { session, readAt } = usePresence();
  return () => new Date(session.clock.now).getTime() + (Date.now() - readAt);
}

function usePresence(): Presence {
  const presence = useContext(SessionContext);
  if (!presence) throw new Error("a screen that needs a session stands outside the shell");
  return presence;
}

async function readSession(): Promise<Presence | null> {
  try {
    return enter(await answer(api.GET("/api/v1/session")));
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 401) return null;
    throw cause;
  }
}

function enter(session: Session): Presence {
  setCsrfToken(session.csrf_token);
  preferLanguage(session.user.language);
  return { session, readAt: Date.now() };
}

function leave(): void {
  setCsrfToken(undefined);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
  queries.setQueryData(SESSION, null);
}
