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
  | "lift_marks";

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
};

/** Whether the logged-in person is offered something. */
export function useMay(): (permission: Permission) => boolean {
  const { user } = useSession();
  return (permission) => HOLDERS[permission].includes(user.role);
}
