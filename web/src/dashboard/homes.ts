import type { Role } from "../api/model";

/** A part of the home page. */
export type Part =
  | "checklist"
  | "today"
  | "duties"
  | "coverage"
  | "inbox"
  | "approvals"
  | "find"
  | "campaigns"
  | "uploads"
  | "registry"
  | "balances"
  | "keys";

/** Parts that take the whole width; the others stand side by side. */
export const WIDE: ReadonlySet<Part> = new Set(["checklist", "today", "duties", "coverage", "find"]);

/** What each role sees first, in this order; nobody is shown what they cannot act on. */
export const HOME: Record<Role, Part[]> = {
  owner: ["checklist", "today", "duties", "campaigns", "registry", "coverage", "inbox", "uploads", "balances"],
  admin: ["checklist", "today", "duties", "campaigns", "registry", "coverage", "inbox", "uploads", "balances"],
  marketer: ["checklist", "campaigns", "balances", "coverage", "today", "uploads", "registry"],
  approver: ["approvals", "campaigns", "today", "coverage", "balances"],
  compliance: ["duties", "inbox", "registry", "coverage", "uploads", "campaigns"],
  support: ["find", "inbox", "campaigns", "today"],
  developer: ["balances", "keys", "registry", "today"],
  viewer: ["today", "campaigns", "uploads", "coverage"],
};

/** The parts in rows: a wide one alone, the others in pairs as they come. */
export function rowsOf(parts: Part[]): Part[][] {
  const rows: Part[][] = [];
  for (const part of parts) {
    const last = rows.at(-1);
    const first = last?.[0];
    if (first && last.length === 1 && !WIDE.has(first) && !WIDE.has(part)) last.push(part);
    else rows.push([part]);
  }
  return rows;
}
