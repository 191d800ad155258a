import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import { MoreButton } from "./more-button";
import { ScrollX } from "./scroll-x";
import { Failure, Loading } from "./states";

/** One column: its heading and what stands in it. */
export interface Column<T> {
  head: ReactNode;
  cell: (row: T) => ReactNode;
  /** Numbers stand at the end of their column. */
  isNumber?: boolean;
  /** Narrower windows leave it out. */
  from?: "xs" | "sm" | "md" | "lg";
  /** At least this wide, any CSS width. */
  width?: string;
}

interface DataTableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
}

/** Rows under headings; scrolls sideways in its own box when it must. */
export function DataTable<T>({ label, columns, rows, keyOf }: DataTableProps<T>) {
  return (
    <ScrollX label={label}>
      <Table highlightOnHover aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ head, isNumber, from }, place) => (
              <Table.Th key={place} ta={isNumber ? "end" : undefined} visibleFrom={from}>
                {head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={keyOf(row)}>
              {columns.map(({ cell, isNumber, from, width }, place) => (
                <Table.Td
                  key={place}
                  ta={isNumber ? "end" : undefined}
                  className={isNumber ? "number" : undefined}
                  visibleFrom={from}
                  style={{ minWidth: width }}
                >
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollX>
  );
}

interface ListedProps<T> extends Omit<DataTableProps<T>, "rows"> {
  list: {
    items: T[];
    isPending: boolean;
    isSuccess: boolean;
    error: Error | null;
    refetch: () => unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
  /** Stands there when the list has nobody and nothing. */
  empty: ReactNode;
}

/** A list of the server in each of its states: coming, failed, empty, or there with more behind it. */
export function Listed<T>({ list, empty, ...table }: ListedProps<T>) {
  return (
    <>
      {list.isPending && <Loading />}
      {list.error && <Failure error={list.error} onRetry={() => list.refetch()} />}
      {list.isSuccess && list.items.length === 0 && empty}
      {list.items.length > 0 && <DataTable {...table} rows={list.items} />}
      <MoreButton list={list} />
    </>
  );
}
