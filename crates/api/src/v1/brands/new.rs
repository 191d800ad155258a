//! A brand to be made: its identity, and the settings it may also change later.

use domain::{RegistryMode, Timestamp};
use secrecy::SecretString;
use serde::Deserialize;
use store::brands;
use utoipa::ToSchema;
use validator::Validate;

use super::{BrandChange, Window};
use crate::words;

/// A brand to be made. Without settings it is not connected to İYS, and
/// nothing commercial leaves in its name.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBrand {
    #[validate(
        length(min = 1, max = 100),
        custom(function = "crate::checks::not_blank")
    )]
    name: String,
    #[validate(
        length(min = 1, max = 50),
        custom(function = "crate::checks::not_blank")
    )]
    short_name: String,
    #[validate(
        length(min = 1, max = 200),
        custom(function = "crate::checks::not_blank")
    )]
    trade_name: String,
    #[validate(custom(function = "crate::checks::mersis"))]
    mersis: String,
    #[schema(value_type = Option<words::RegistryMode>)]
    registry_mode: Option<RegistryMode>,
    /// The owner's signed reason to send without İYS; only an owner may give it.
    off_reason: Option<String>,
    iys_code: Option<i64>,
    brand_code: Option<i64>,
    iys_username: Option<String>,
    /// Kept sealed and never shown again.
    #[schema(value_type = Option<String>, format = Password)]
    iys_password: Option<SecretString>,
    #[schema(value_type = Option<String>, format = DateTime)]
    activation_at: Option<Timestamp>,
    #[validate(range(min = 1, max = 8_760))]
    freshness_hours: Option<i64>,
    #[validate(nested)]
    window: Option<Window>,
    sends_renewals: Option<bool>,
    #[validate(custom(function = "crate::checks::countries"))]
    countries: Option<Vec<String>>,
    #[validate(range(min = 0, max = 100))]
    brake_percent: Option<i64>,
    /// Whether a file must be let in by somebody else than its uploader.
    needs_other_approver: Option<bool>,
}

impl NewBrand {
    /// What the brand begins with, and what is changed at once.
    pub(super) fn split(self, path_key: String) -> (brands::NewBrand, BrandChange) {
        let identity = brands::NewBrand {
            name: self.name,
            short_name: self.short_name,
            trade_name: self.trade_name,
            mersis: self.mersis,
            path_key,
        };
        let settings = BrandChange {
            registry_mode: self.registry_mode,
            off_reason: self.off_reason.into(),
            iys_code: self.iys_code.into(),
            brand_code: self.brand_code.into(),
            iys_username: self.iys_username.into(),
            iys_password: self.iys_password.into(),
            activation_at: self.activation_at.into(),
            freshness_hours: self.freshness_hours,
            window: self.window,
            sends_renewals: self.sends_renewals,
            countries: self.countries,
            brake_percent: self.brake_percent,
            needs_other_approver: self.needs_other_approver,
            ..BrandChange::default()
        };
        (identity, settings)
    }
}
