import type { CampaignReport, Connector, RegistryStatus, Upload } from "../api/model";

export interface ChecklistItem {
  name: "registry" | "connector" | "sender" | "list" | "trial";
  to: "/registry" | "/connectors" | "/campaigns" | "/uploads";
  /** Whether it was seen to work. */
  passed: boolean;
}

interface Seen {
  registries: Pick<RegistryStatus, "mode" | "lights">[];
  connectors: Pick<Connector, "state">[];
  uploads: Pick<Upload, "state">[];
  report: Pick<CampaignReport, "batches" | "delivered"> | undefined;
}

/** What must work before the first campaign, and whether it was seen to. */
export function checklistOf({ registries, connectors, uploads, report }: Seen): ChecklistItem[] {
  const isConnected = ({ mode, lights }: Seen["registries"][number]) =>
    mode !== "off" && (mode === "provider" || (lights.length > 0 && lights.every(({ ok }) => ok)));
  return [
    { name: "registry", to: "/registry", passed: registries.some(isConnected) },
    { name: "connector", to: "/connectors", passed: connectors.some(({ state }) => state === "active") },
    { name: "list", to: "/uploads", passed: uploads.some(({ state }) => state === "applied") },
    // Only the provider knows whether a sender's name is approved: by taking a message that bears it.
    { name: "sender", to: "/campaigns", passed: (report?.batches.accepted ?? 0) > 0 },
    { name: "trial", to: "/campaigns", passed: (report?.delivered ?? 0) > 0 },
  ];
}
