import type { Role } from "../api/model";
import { useSession } from "./session";

/** What the panel offers buttons for. */
export type Permission =
  | "upload_files"
  | "apply_uploads"
  | "manage_campaigns"
  | "approve_campaigns"
  | "launch_campaigns"
  | "manage_registry"
  | "manage_tags"
  | "manage_blacklist"
  | "manage_users"
  | "manage_keys"
  | "manage_attributes"
  | "lift_marks"
  | "manage_firm"
  | "manage_brands"
  | "manage_connectors"
  | "manage_templates"
  | "record_consents"
  | "record_events"
  | "send_messages"
  | "read_personal"
  | "read_audit";

/**
 * Who is offered what. The server decides on every call; this only spares
 * people buttons that it would refuse.
 */
const HOLDERS: Record<Permission, Role[]> = {
  upload_files: ["owner", "admin", "marketer", "compliance"],
  apply_uploads: ["owner", "admin", "marketer", "approver", "compliance"],
  manage_campaigns: ["owner", "admin", "marketer"],
  approve_campaigns: ["owner", "admin", "approver"],
  launch_campaigns: ["owner", "admin", "marketer", "approver"],
  manage_registry: ["owner", "admin", "compliance"],
  manage_tags: ["owner", "admin", "marketer"],
  manage_blacklist: ["owner", "admin", "compliance", "support"],
  manage_users: ["owner", "admin"],
  manage_keys: ["owner", "admin", "developer"],
  manage_attributes: ["owner", "admin"],
  lift_marks: ["owner"],
  manage_firm: ["owner"],
  manage_brands: ["owner", "admin"],
  manage_connectors: ["owner", "admin", "developer"],
  manage_templates: ["owner", "admin", "marketer"],
  record_consents: ["owner", "admin", "compliance", "support"],
  record_events: ["owner", "admin", "marketer", "compliance", "support", "developer"],
  send_messages: ["owner", "admin", "marketer", "approver", "developer"],
  read_personal: ["owner", "admin", "approver", "compliance", "support"],
  read_audit: ["owner", "admin", "compliance"],
};

/** Whether a role is offered something. */
export function holds(role: Role, permission: Permission): boolean {
  return HOLDERS[permission].includes(role);
}

/** Whether the logged-in person is offered something. */
export function useMay(): (permission: Permission) => boolean {
  const { user } = useSession();
  return (permission) => holds(user.role, permission);
}
