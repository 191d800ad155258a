import { currentCsrfToken, reportLoggedOut } from "./client";
import { problemOf, unreachable } from "./problem";

/** A request body on its way. */
export interface Sending<T> {
  /** Settles with the server's answer, or fails with an `ApiError`. */
  answer: Promise<T>;
  /** Gives up; the answer then fails as unreachable. */
  abort: () => void;
}

/**
 * Sends a multipart form and reports the share already sent (0–1). `fetch`
 * cannot report that, and a 2 GB file without a moving bar looks broken.
 */
export function sendForm<T>(
  path: string,
  form: FormData,
  intentionKey: string,
  onSent: (share: number) => void,
): Sending<T> {
  const request = new XMLHttpRequest();
  const answer = new Promise<T>((resolve, reject) => {
    request.open("POST", path);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json, application/problem+json");
    request.setRequestHeader("Idempotency-Key", intentionKey);
    const token = currentCsrfToken();
    if (token) request.setRequestHeader("X-CSRF-Token", token);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onSent(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 401) reportLoggedOut();
      if (request.status >= 200 && request.status < 300) resolve(request.response as T);
      else reject(problemOf(request.status, request.response, request.getResponseHeader("x-request-id")));
    });
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(unreachable()));
    request.send(form);
  });
  return { answer, abort: () => request.abort() };
}
