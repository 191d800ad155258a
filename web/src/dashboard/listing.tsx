import type { ReactNode } from "react";
import { Failure, Loading } from "../app/states";
import classes from "./dashboard.module.css";

interface ListingProps<T> {
  query: { isPending: boolean; error: Error | null; data: T[] | undefined; refetch: () => unknown };
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}

/** Some lines of a list in each of its states. */
export function Listing<T>({ query, empty, children }: ListingProps<T>) {
  if (query.isPending) return <Loading lines={3} />;
  if (query.error && !query.data) return <Failure error={query.error} onRetry={() => query.refetch()} />;
  if (!query.data || query.data.length === 0) return empty;
  return <ul className={classes.lines}>{children(query.data)}</ul>;
}
