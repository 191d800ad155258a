/** The steps of the builder, in their order. */
export const BUILDER_STEPS = ["setup", "what", "who", "when", "go"] as const;
export type BuilderStep = (typeof BUILDER_STEPS)[number];

/** Whether a query parameter is a day such as `2026-10-29`. */
export function isDay(value: unknown): value is string {
  return (
    typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(`${value}T00:00:00Z`))
  );
}
