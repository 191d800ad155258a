//! Changes of a brand: what is absent stays, null empties what may be empty.

use domain::time::HOUR_US;
use domain::{RegistryMode, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Writer;
use store::access::Permission;
use store::brands::Brand;
use utoipa::ToSchema;
use validator::Validate;

use super::Window;
use crate::caller::Caller;
use crate::change::Change;
use crate::problem::{Problem, ProblemKind};
use crate::words;

/// Changes of a brand; what is absent stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrandChange {
    #[validate(
        length(min = 1, max = 100),
        custom(function = "crate::checks::not_blank")
    )]
    pub(super) name: Option<String>,
    #[validate(
        length(min = 1, max = 50),
        custom(function = "crate::checks::not_blank")
    )]
    pub(super) short_name: Option<String>,
    #[validate(
        length(min = 1, max = 200),
        custom(function = "crate::checks::not_blank")
    )]
    pub(super) trade_name: Option<String>,
    #[validate(custom(function = "crate::checks::mersis"))]
    pub(super) mersis: Option<String>,
    /// Only while the firm has no contacts; afterwards see `/registry/{brand_id}/mode`.
    #[schema(value_type = Option<words::RegistryMode>)]
    pub(super) registry_mode: Option<RegistryMode>,
    /// The owner's signed reason to send without İYS; only an owner may give it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) off_reason: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub(super) iys_code: Change<i64>,
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub(super) brand_code: Change<i64>,
    /// `false`: by its own account again. To use the installation's partner account is
    /// for whoever runs the installation, by a command.
    pub(super) uses_partner_account: Option<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) iys_username: Change<String>,
    /// Kept sealed and never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) iys_password: Change<SecretString>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) activation_at: Change<Timestamp>,
    #[validate(range(min = 1, max = 8_760))]
    pub(super) freshness_hours: Option<i64>,
    #[validate(nested)]
    pub(super) window: Option<Window>,
    pub(super) sends_renewals: Option<bool>,
    #[validate(custom(function = "crate::checks::countries"))]
    pub(super) countries: Option<Vec<String>>,
    #[validate(range(min = 0, max = 100))]
    pub(super) brake_percent: Option<i64>,
    pub(super) needs_other_approver: Option<bool>,
}

impl BrandChange {
    /// The reason to send without İYS is a signature: only an owner gives it.
    pub(super) fn may_be_made_by(&self, caller: &Caller) -> Result<(), Problem> {
        if self.off_reason.is_made() {
            caller.needs(Permission::ManageFirm)?;
        }
        Ok(())
    }

    /// The partner account may act for many firms, so which brand it acts for is
    /// not theirs to say.
    pub(super) fn may_change_account(&self, brand: &Brand) -> Result<(), Problem> {
        let leaves = self.uses_partner_account == Some(false);
        let joins = self.uses_partner_account == Some(true) && !brand.uses_partner;
        let moves = brand.uses_partner
            && !leaves
            && (self.iys_code.changes(&brand.iys_code)
                || self.brand_code.changes(&brand.brand_code));
        if joins || moves {
            return Err(Problem::new(ProblemKind::Conflict).with_detail(
                "the installation's partner account speaks for many firms: whoever runs the \
                 installation links brands and their codes, with `izinli registry partner link`",
            ));
        }
        Ok(())
    }

    /// Another mode concerns people, who are counted before it is made.
    pub(super) async fn may_change_mode(
        &self,
        writer: &mut Writer,
        brand: &Brand,
    ) -> Result<(), Problem> {
        let changes_mode = self.registry_mode.is_some_and(|mode| mode != brand.mode);
        if changes_mode && writer.firm_has_people(brand.firm).await? {
            return Err(Problem::new(ProblemKind::Conflict).with_detail(
                "people are concerned: look first with POST /registry/{brand_id}/mode/preview, \
                 then change the mode with POST /registry/{brand_id}/mode",
            ));
        }
        Ok(())
    }

    /// Writes the change over `brand` and notes it in the trail.
    pub(super) async fn apply(
        self,
        writer: &mut Writer,
        mut brand: Brand,
        caller: &Caller,
        action: &str,
    ) -> Result<Brand, Problem> {
        self.may_change_account(&brand)?;
        let detail = self.detail();
        if self.uses_partner_account == Some(false) && brand.uses_partner {
            writer
                .use_partner_account(caller.firm, brand.id, false)
                .await?;
            brand.uses_partner = false;
        }
        let is_another_account = self.changes_account();
        let password = self.over(&mut brand);
        writer.save_brand(&brand).await?;
        if is_another_account {
            writer.end_rests(brand.id).await?;
        }
        if password.is_made() {
            let mut kept = None;
            password.make(&mut kept);
            writer
                .set_brand_password(caller.firm, brand.id, kept.as_ref())
                .await?;
        }
        writer
            .append_audit(
                caller.firm,
                &caller.actor,
                action,
                &brand.id.to_string(),
                &detail,
            )
            .await?;
        Ok(brand)
    }

    /// Whether İYS is called with other words from now on.
    fn changes_account(&self) -> bool {
        self.iys_code.is_made()
            || self.brand_code.is_made()
            || self.iys_username.is_made()
            || self.iys_password.is_made()
            || self.uses_partner_account.is_some()
    }

    /// Lays the change over a brand; what remains is the password.
    fn over(self, brand: &mut Brand) -> Change<SecretString> {
        fn set<T>(field: &mut T, change: Option<T>) {
            if let Some(value) = change {
                *field = value;
            }
        }
        set(&mut brand.name, self.name);
        set(&mut brand.short_name, self.short_name);
        set(&mut brand.trade_name, self.trade_name);
        set(&mut brand.mersis, self.mersis);
        set(&mut brand.mode, self.registry_mode);
        self.off_reason.make(&mut brand.off_reason);
        self.iys_code.make(&mut brand.iys_code);
        self.brand_code.make(&mut brand.brand_code);
        self.iys_username.make(&mut brand.iys_username);
        self.activation_at.make(&mut brand.activation);
        set(
            &mut brand.freshness_us,
            self.freshness_hours.map(|hours| hours * HOUR_US),
        );
        set(
            &mut brand.window,
            self.window.as_ref().and_then(Window::parsed),
        );
        set(&mut brand.sends_renewals, self.sends_renewals);
        set(&mut brand.countries, self.countries);
        set(&mut brand.brake_percent, self.brake_percent);
        set(&mut brand.needs_other_approver, self.needs_other_approver);
        self.iys_password
    }

    /// What the trail keeps: rules in full, the password only as a fact.
    fn detail(&self) -> Value {
        let mut detail = json!({
            "name": self.name,
            "short_name": self.short_name,
            "trade_name": self.trade_name,
            "mersis": self.mersis,
            "registry_mode": self.registry_mode,
            "off_reason": self.off_reason.told(),
            "iys_code": self.iys_code.told(),
            "brand_code": self.brand_code.told(),
            "uses_partner_account": self.uses_partner_account,
            "iys_username": self.iys_username.told(),
            "iys_password_changed": self.iys_password.is_made().then_some(true),
            "activation_at": self.activation_at.told(),
            "freshness_hours": self.freshness_hours,
            "window": self.window,
            "sends_renewals": self.sends_renewals,
            "countries": self.countries,
            "brake_percent": self.brake_percent,
            "needs_other_approver": self.needs_other_approver,
        });
        if let Value::Object(fields) = &mut detail {
            fields.retain(|_, value| !value.is_null());
        }
        detail
    }
}
