import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { POLL_MS, RECHECK_MS, useLive } from "../api/live";
import type { Upload } from "../api/model";
import { type ListPage, replaceItem } from "../api/pages";
import { queries } from "../app/queries";
import { isMoving } from "./upload-state";

/** The address of an upload's event stream. */
function progressPath(id: string): string {
  return `/api/v1/uploads/${encodeURIComponent(id)}/progress`;
}

/** Puts a fresher upload wherever the browser remembers it. */
export function rememberUpload(upload: Upload): void {
  queries.setQueryData(["upload", upload.id], upload);
  queries.setQueriesData<{ pages: ListPage<Upload>[] }>({ queryKey: ["uploads"] }, (cached) =>
    replaceItem(cached, upload),
  );
}

/** One upload, kept current by its event stream, or by asking when the stream is away. */
export function useUpload(id: string) {
  const known = queries.getQueryData<Upload>(["upload", id]);
  const isStreaming = useLive<Upload>(progressPath(id), known !== undefined && isMoving(known), rememberUpload);
  const query = useQuery({
    queryKey: ["upload", id],
    queryFn: () => answer(api.GET("/api/v1/uploads/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) => {
      if (!state.data || !isMoving(state.data)) return false;
      return isStreaming ? RECHECK_MS : POLL_MS;
    },
  });
  return { ...query, isStreaming };
}

/** Follows an upload that stands in a list. */
export function useFollowedInList(upload: Upload, isFollowed: boolean): void {
  useLive<Upload>(progressPath(upload.id), isFollowed && isMoving(upload), rememberUpload);
}
