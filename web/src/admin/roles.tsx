import { VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Role } from "../api/model";
import { DataTable } from "../app/data-table";
import { Section } from "../app/page";
import { holds, type Permission } from "../app/permissions";

export const ROLES: Role[] = ["owner", "admin", "marketer", "approver", "compliance", "support", "developer", "viewer"];

const SHOWN = [
  "upload_files",
  "apply_uploads",
  "manage_campaigns",
  "approve_campaigns",
  "launch_campaigns",
  "send_messages",
  "manage_templates",
  "manage_tags",
  "record_consents",
  "record_events",
  "manage_blacklist",
  "manage_registry",
  "read_personal",
  "read_audit",
  "manage_connectors",
  "manage_keys",
  "manage_brands",
  "manage_users",
  "manage_firm",
] as const satisfies Permission[];

/** What each role may do, for whoever gives them. */
export function RoleTable() {
  const { t } = useTranslation();
  return (
    <Section title={t("admin.roles.title")} id="roles">
      <DataTable
        label={t("admin.roles.title")}
        rows={[...SHOWN]}
        keyOf={(permission) => permission}
        columns={[
          { head: t("admin.roles.may"), width: "12rem", cell: (permission) => t(`admin.may.${permission}`) },
          ...ROLES.map((role) => ({
            head: t(`common.role.${role}`),
            cell: (permission: (typeof SHOWN)[number]) =>
              holds(role, permission) ? (
                <>
                  <IconCheck size={18} color="var(--tone-good)" aria-hidden />
                  <VisuallyHidden>{t("admin.roles.yes")}</VisuallyHidden>
                </>
              ) : (
                <span className="quiet">{t("common.none")}</span>
              ),
          })),
        ]}
      />
    </Section>
  );
}
