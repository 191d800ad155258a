import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

/** One page of a list call. */
export interface ListPage<T> {
  items: T[];
  next?: string | null;
}

/**
 * A list that grows page by page with the server's cursor. `follow` asks again
 * every so many milliseconds; `false` leaves the list alone.
 */
export function usePages<T>(
  key: QueryKey,
  read: (after?: string) => Promise<ListPage<T>>,
  follow: number | false = false,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: follow,
  });
  return { ...query, items: query.data?.pages.flatMap((page) => page.items) ?? [] };
}

/** Cached pages with one item replaced; the shape `useInfiniteQuery` keeps. */
export function replaceItem<T extends { id: string }>(cached: { pages: ListPage<T>[] } | undefined, item: T) {
  if (!cached) return cached;
  const pages = cached.pages.map((page) => ({
    ...page,
    items: page.items.map((old) => (old.id === item.id ? item : old)),
  }));
  return { ...cached, pages };
}
