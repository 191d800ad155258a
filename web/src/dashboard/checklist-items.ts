import type { CampaignReport, Connector, RegistryStatus, Upload } from "../api/model";

export interface ChecklistItem {
  name: "registry" | "connector" | "sender" | "list" | "trial";
  to: "/registry" | "/connectors" | "/campaigns" | "/uploads";
  /** Whether it was seen to work. */
  passed: boolean;
}

interface Seen {
  registries: Pick<RegistryStatus, "mode" | "lights">[];
  connectors: Pick<Connector, "state" | "senders">[];
  uploads: Pick<Upload, "state">[];
  report: Pick<CampaignReport, "batches" | "delivered"> | undefined;
}

/** What must work before the first campaign, and whether it was seen to. */
export function checklistOf({ registries, connectors, uploads, report }: Seen): ChecklistItem[] {
  const isConnected = ({ mode, lights }: Seen["registries"][number]) =>
    mode !== "off" && (mode === "provider" || (lights.length > 0 && lights.every(({ ok }) => ok)));
  // Only the provider knows which names are approved: it lists them, or takes a message that bears one.
  const hasSender = ({ state, senders }: Seen["connectors"][number]) =>
    state === "active" && (senders?.length ?? 0) > 0;
  return [
    { name: "registry", to: "/registry", passed: registries.some(isConnected) },
    { name: "connector", to: "/connectors", passed: connectors.some(({ state }) => state === "active") },
    { name: "sender", to: "/connectors", passed: connectors.some(hasSender) || (report?.batches.accepted ?? 0) > 0 },
    { name: "list", to: "/uploads", passed: uploads.some(({ state }) => state === "applied") },
    { name: "trial", to: "/campaigns", passed: (report?.delivered ?? 0) > 0 },
  ];
}
