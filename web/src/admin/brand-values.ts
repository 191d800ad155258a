import type { Brand, BrandChange } from "../api/model";
import { instantOf, wallClockOf } from "../campaigns/builder/turkish-time";

/** A brand as its form holds it: everything that is typed is text. */
export interface BrandValues {
  name: string;
  trade_name: string;
  short_name: string;
  mersis: string;
  iys_code: string;
  brand_code: string;
  iys_username: string;
  iys_password: string;
  /** As `2026-03-01T00:00`, in Turkish time. */
  activation: string;
  uses_partner_account: boolean;
  from: string;
  to: string;
  freshness_hours: number | string;
  brake_percent: number | string;
  countries: string;
  needs_other_approver: boolean;
  sends_renewals: boolean;
}

/** The form of a brand; of a new one, with what usually holds. */
export function valuesOf(brand: Brand | undefined): BrandValues {
  return {
    name: brand?.name ?? "",
    trade_name: brand?.trade_name ?? "",
    short_name: brand?.short_name ?? "",
    mersis: brand?.mersis ?? "",
    iys_code: brand?.iys_code?.toString() ?? "",
    brand_code: brand?.brand_code?.toString() ?? "",
    iys_username: brand?.iys_username ?? "",
    iys_password: "",
    activation: clockText(brand?.activation_at),
    uses_partner_account: brand?.uses_partner_account ?? false,
    from: brand?.window.from ?? "09:00",
    to: brand?.window.to ?? "20:00",
    freshness_hours: brand?.freshness_hours ?? 24,
    brake_percent: brand?.brake_percent ?? 20,
    countries: brand?.countries.join(", ") ?? "TR",
    needs_other_approver: brand?.needs_other_approver ?? false,
    sends_renewals: brand?.sends_renewals ?? false,
  };
}

function clockText(instant: string | null | undefined): string {
  if (!instant) return "";
  const { day, time } = wallClockOf(instant);
  return `${day}T${time}`;
}

/** What was changed, and nothing else: what two people change at once stays both. */
export function brandChange(now: BrandValues, before: BrandValues): BrandChange {
  const change: BrandChange = {};
  for (const key of ["name", "trade_name", "short_name", "mersis"] as const) {
    if (now[key].trim() !== before[key].trim()) change[key] = now[key].trim();
  }
  for (const key of ["iys_code", "brand_code"] as const) {
    if (now[key].trim() !== before[key].trim()) change[key] = now[key].trim() === "" ? null : Number(now[key].trim());
  }
  if (now.iys_username.trim() !== before.iys_username.trim()) change.iys_username = now.iys_username.trim() || null;
  if (now.iys_password !== "") change.iys_password = now.iys_password;
  if (now.activation !== before.activation) {
    const [day = "", time = ""] = now.activation.split("T");
    change.activation_at = instantOf({ day, time });
  }
  // Only whoever runs the installation joins a brand to its partner account.
  if (before.uses_partner_account && !now.uses_partner_account) change.uses_partner_account = false;
  if (now.from !== before.from || now.to !== before.to) change.window = { from: now.from.trim(), to: now.to.trim() };
  for (const key of ["freshness_hours", "brake_percent"] as const) {
    if (now[key] !== before[key] && now[key] !== "") change[key] = Number(now[key]);
  }
  if (now.countries !== before.countries) {
    change.countries = now.countries
      .toUpperCase()
      .split(/[\s,;]+/)
      .filter(Boolean);
  }
  for (const key of ["needs_other_approver", "sends_renewals"] as const) {
    if (now[key] !== before[key]) change[key] = now[key];
  }
  return change;
}
