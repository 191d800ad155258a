/** What the address of the audit trail may ask. Days are Turkish ones, `2025-06-23`. */
export const AUDIT_SEARCH = ["actor", "action", "subject", "from", "to"] as const;

export type AuditSearch = { [name in (typeof AUDIT_SEARCH)[number]]?: string };

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** The instants between which the days lie, the last one whole; nothing for what is no day. */
export function between({ from, to }: AuditSearch): { from?: string; to?: string } {
  const begin = (day: string | undefined) => {
    if (!day || !DAY.test(day)) return undefined;
    const instant = new Date(`${day}T00:00:00+03:00`);
    return Number.isNaN(instant.getTime()) ? undefined : instant;
  };
  const last = begin(to);
  return {
    from: begin(from)?.toISOString(),
    to: last && new Date(last.getTime() + DAY_MS).toISOString(),
  };
}
