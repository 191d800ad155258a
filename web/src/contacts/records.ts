import { answer, api } from "../api/client";
import { usePages } from "../api/pages";

/** Everything a person said to any brand, newest first. */
export function useRecords(contactId: string) {
  return usePages(["contact", contactId, "timeline"], (after) =>
    answer(api.GET("/api/v1/contacts/{id}/timeline", { params: { path: { id: contactId }, query: { after } } })),
  );
}
