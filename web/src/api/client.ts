import createClient, { type Middleware } from "openapi-fetch";
import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema";

let csrfToken: string | undefined;
let onLoggedOut: () => void = () => {};

/** Remembers the token that every write must carry; the session answer brings it. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** The token for a write made outside this client; `undefined` when logged out. */
export function currentCsrfToken(): string | undefined {
  return csrfToken;
}

/** Called when the server says that nobody is logged in any more. */
export function whenLoggedOut(act: () => void): void {
  onLoggedOut = act;
}

/** Reports a 401 that came in outside this client. */
export function reportLoggedOut(): void {
  setCsrfToken(undefined);
  onLoggedOut();
}

const session: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && csrfToken) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  async onResponse({ request, response }) {
    const isLogin = new URL(request.url).pathname.endsWith("/session");
    if (response.status === 401 && !isLogin && !(await isWrongPassword(response))) reportLoggedOut();
  },
};

/** Whether a deed asked for the password once more and got a wrong one: the session goes on. */
async function isWrongPassword(response: Response): Promise<boolean> {
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return typeof problem === "object" && problem !== null && "code" in problem && problem.code === "WRONG_CREDENTIALS";
}

/** The typed client; paths and shapes come from `openapi.json`. */
export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });
api.use(session);

/**
 * The body of a call that went well.
 *
 * Throws an `ApiError` with the server's problem document, or one with status 0
 * when the server was not reached.
 */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let outcome: { data?: T; error?: unknown; response: Response };
  try {
    outcome = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreachable();
  }
  if (!outcome.response.ok) {
    throw problemOf(outcome.response.status, outcome.error, outcome.response.headers.get("x-request-id"));
  }
  return outcome.data as T;
}

/**
 * A name for one intention to create something, sent as `Idempotency-Key`: a
 * second click or a repeat after a lost answer creates nothing twice.
 */
export function newIntentionKey(): string {
  // crypto.randomUUID exists only on https and localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
