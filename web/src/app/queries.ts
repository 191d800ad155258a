import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "../api/problem";

/** What the browser remembers of the server's answers. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      // A refusal stays a refusal; only an unreachable or failing server is asked again.
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || isPassing(error.status)),
    },
  },
});

function isPassing(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}
