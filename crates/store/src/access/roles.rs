//! Roles (*rol*) and the permissions of each, as one table to read down.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a person or a key is to the firm.
    Role {
        /// Owner (*sahip*): signs for the firm; everything.
        Owner = 1, "owner";
        /// Administrator (*yönetici*): everything but the firm itself.
        Admin = 2, "admin";
        /// Marketer (*pazarlamacı*): files, texts and campaigns, with masked addresses.
        Marketer = 3, "marketer";
        /// Approver (*onaylayan*): the second pair of eyes on files and campaigns.
        Approver = 4, "approver";
        /// Compliance (*uyum*): consents, İYS, complaints and the audit trail.
        Compliance = 5, "compliance";
        /// Support (*destek*): answers the person who calls.
        Support = 6, "support";
        /// Viewer (*izleyici*): reports, with masked addresses.
        Viewer = 7, "viewer";
        /// Developer (*geliştirici*): connectors, keys and what passes through them.
        Developer = 8, "developer";
    }
}

vocabulary! {
    /// One thing that needs permission.
    Permission {
        /// The firm's name and its owners.
        ManageFirm = 1, "manage_firm";
        /// Brands, their İYS account, sending window and countries.
        ManageBrands = 2, "manage_brands";
        /// People and their roles.
        ManageUsers = 3, "manage_users";
        /// Keys of the programming interface.
        ManageKeys = 4, "manage_keys";
        /// Provider accounts.
        ManageConnectors = 5, "manage_connectors";
        /// Uploading a file and seeing what was judged from it.
        UploadFiles = 6, "upload_files";
        /// Letting a judged file into the ledger.
        ApplyUploads = 7, "apply_uploads";
        /// Recording single consents and refusals.
        RecordConsents = 8, "record_consents";
        /// Drafting campaigns and asking for a dry run.
        ManageCampaigns = 9, "manage_campaigns";
        /// Approving the campaign of somebody else.
        ApproveCampaigns = 10, "approve_campaigns";
        /// Launching, pausing and stopping.
        LaunchCampaigns = 11, "launch_campaigns";
        /// Message texts.
        ManageTemplates = 12, "manage_templates";
        /// Blacklist and complaint stops.
        ManageBlacklist = 13, "manage_blacklist";
        /// Tags and lists of contacts.
        ManageTags = 14, "manage_tags";
        /// Asking, comparing and sending at İYS.
        ManageRegistry = 15, "manage_registry";
        /// Lists, counts and reports.
        ReadReports = 16, "read_reports";
        /// Addresses and names unmasked.
        ReadPersonal = 17, "read_personal";
        /// The audit trail.
        ReadAudit = 18, "read_audit";
        /// Telling what people did.
        RecordEvents = 19, "record_events";
        /// Sending a template's message by its key: never a commercial one.
        SendMessages = 20, "send_messages";
    }
}

impl Permission {
    /// The roles that have it.
    const fn holders(self) -> &'static [Role] {
        use Role::{Admin, Approver, Compliance, Developer, Marketer, Owner, Support};
        match self {
            Self::ManageFirm => &[Owner],
            Self::ManageBrands | Self::ManageUsers => &[Owner, Admin],
            Self::ManageKeys | Self::ManageConnectors => &[Owner, Admin, Developer],
            Self::UploadFiles => &[Owner, Admin, Marketer, Compliance],
            Self::ApplyUploads => &[Owner, Admin, Marketer, Approver, Compliance],
            Self::RecordConsents | Self::ManageBlacklist => &[Owner, Admin, Compliance, Support],
            Self::ManageCampaigns | Self::ManageTemplates | Self::ManageTags => {
                &[Owner, Admin, Marketer]
            }
            Self::ApproveCampaigns => &[Owner, Admin, Approver],
            Self::LaunchCampaigns => &[Owner, Admin, Marketer, Approver],
            Self::SendMessages => &[Owner, Admin, Marketer, Approver, Developer],
            Self::ManageRegistry | Self::ReadAudit => &[Owner, Admin, Compliance],
            Self::RecordEvents => &[Owner, Admin, Marketer, Compliance, Support, Developer],
            Self::ReadReports => Role::ALL,
            Self::ReadPersonal => &[Owner, Admin, Approver, Compliance, Support],
        }
    }
}

impl Role {
    /// Whether this role has the permission.
    pub fn may(self, permission: Permission) -> bool {
        permission.holders().contains(&self)
    }

    /// Everything this role may do.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |permission| self.may(*permission))
    }

    /// Whether this role may give `other` to somebody: nobody makes a person
    /// or key that may do more than they may.
    pub fn may_give(self, other: Self) -> bool {
        other.permissions().all(|permission| self.may(permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_everything_and_an_administrator_everything_but_the_firm() {
        for permission in Permission::ALL {
            assert!(Role::Owner.may(*permission), "{permission}");
            assert_eq!(
                Role::Admin.may(*permission),
                *permission != Permission::ManageFirm
            );
        }
    }

    #[test]
    fn a_viewer_reads_reports_and_nothing_else() {
        assert_eq!(
            Role::Viewer.permissions().collect::<Vec<_>>(),
            [Permission::ReadReports]
        );
    }

    #[test]
    fn marketers_viewers_and_developers_see_masked_addresses() {
        for role in [Role::Marketer, Role::Viewer, Role::Developer] {
            assert!(!role.may(Permission::ReadPersonal), "{role}");
        }
    }

    #[test]
    fn nobody_gives_a_role_that_may_more_than_their_own() {
        assert!(Role::Owner.may_give(Role::Owner));
        assert!(Role::Admin.may_give(Role::Marketer));
        for (giver, given) in [
            (Role::Admin, Role::Owner),
            (Role::Developer, Role::Admin),
            (Role::Developer, Role::Marketer),
            (Role::Marketer, Role::Compliance),
        ] {
            assert!(!giver.may_give(given), "{giver} gave {given}");
        }
    }

    #[test]
    fn words_and_numbers_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
            assert_eq!(Role::from_db(role.as_db()), Some(*role));
            assert_eq!(serde_json::to_string(role).unwrap(), format!("\"{role}\""));
        }
        assert_eq!(Role::parse("Owner"), None);
        assert!("root".parse::<Role>().is_err());
    }
}
