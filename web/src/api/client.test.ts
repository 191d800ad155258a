import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answer, api, newIntentionKey, setCsrfToken, whenLoggedOut } from "./client";
import { ApiError } from "./problem";

const fetched = vi.fn<(request: Request) => Promise<Response>>();

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
});

afterEach(() => {
  vi.unstubAllGlobals();
  setCsrfToken(undefined);
  whenLoggedOut(() => {});
});

function json(body: unknown, status = 200, type = "application/json"): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
}

function stop() {
  return answer(
    api.POST("/api/v1/campaigns/{id}/stop", {
      params: { path: { id: "cmp_1" } },
      fetch: (request) => fetched(request),
    }),
  );
}

function read() {
  return answer(
    api.GET("/api/v1/campaigns/{id}", { params: { path: { id: "cmp_1" } }, fetch: (request) => fetched(request) }),
  );
}

test("a_write_carries_the_csrf_token_and_a_read_does_not", async () => {
  setCsrfToken("secret");
  fetched.mockImplementation(async () => json({ id: "cmp_1" }));
  await stop();
  await read();
  expect(fetched.mock.calls.map(([request]) => request.headers.get("X-CSRF-Token"))).toEqual(["secret", null]);
});

test("a_refusal_arrives_with_the_server_words_in_both_languages_and_the_fields", async () => {
  fetched.mockResolvedValue(
    json(
      {
        status: 409,
        code: "STATE",
        title_tr: "Kampanya zaten bitti.",
        title_en: "The campaign is over.",
        where: [{ field: "name", code: "LONG", text_tr: "Çok uzun.", text_en: "Too long." }],
      },
      409,
      "application/problem+json",
    ),
  );
  const error = await stop().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(ApiError);
  const refusal = error as ApiError;
  expect([refusal.status, refusal.title("tr"), refusal.title("en")]).toEqual([
    409,
    "Kampanya zaten bitti.",
    "The campaign is over.",
  ]);
  expect(refusal.fields("tr")).toEqual({ name: "Çok uzun." });
});

test("an_answer_that_is_no_problem_document_still_gets_a_text", async () => {
  fetched.mockResolvedValue(new Response("<html>bad gateway</html>", { status: 502 }));
  await expect(read()).rejects.toMatchObject({ status: 502, problem: { code: "HTTP_502" } });
});

test("a_server_that_cannot_be_reached_is_told_apart_from_one_that_refuses", async () => {
  fetched.mockRejectedValue(new TypeError("Failed to fetch"));
  await expect(read()).rejects.toMatchObject({ status: 0, problem: { code: "UNREACHABLE" } });
});

test("a_401_on_any_call_reports_that_nobody_is_logged_in_any_more", async () => {
  const loggedOut = vi.fn();
  whenLoggedOut(loggedOut);
  fetched.mockResolvedValue(json({}, 401));
  await read().catch(() => {});
  expect(loggedOut).toHaveBeenCalledOnce();
});

test("a_wrong_password_in_the_middle_of_a_deed_logs_nobody_out", async () => {
  const loggedOut = vi.fn();
  whenLoggedOut(loggedOut);
  fetched.mockResolvedValue(json({ code: "WRONG_CREDENTIALS" }, 401));
  await read().catch(() => {});
  expect(loggedOut).not.toHaveBeenCalled();
});

test("every_intention_has_a_key_of_its_own", () => {
  const keys = new Set(Array.from({ length: 100 }, newIntentionKey));
  expect(keys.size).toBe(100);
  expect([...keys].every((key) => /^[0-9a-f]{32}$/.test(key))).toBe(true);
});
