//! `/registry/{brand_id}/mode`: another mode is looked at first and made
//! afterwards.

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, ModeChangeId};
use domain::{Channel, RecipientKind, RegistryMode, Timestamp};
use engine::registry::mode::ModePreview;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::registry_modes;
use utoipa::ToSchema;
use validator::Validate;

use super::{RegistryStatus, look};
use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::problem::Problem;
use crate::v1::session::{CallerAddress, confirmed_by_password};
use crate::words;

/// A mode to be looked at.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModeWanted {
    #[schema(value_type = words::RegistryMode)]
    mode: RegistryMode,
    /// In mode off: the owner's signed reason to send without İYS.
    #[validate(length(min = 1, max = 1_000))]
    off_reason: Option<String>,
}

/// A change that was looked at, to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModeMade {
    /// The preview's id.
    #[schema(value_type = String)]
    preview_id: ModeChangeId,
    /// In mode off: the owner's signed reason; only an owner may give it.
    #[validate(length(min = 1, max = 1_000))]
    off_reason: Option<String>,
    /// Let the first load pass business hours.
    #[serde(default)]
    rests_in_business_hours: bool,
    /// The password of the person who confirms the change; a key needs none.
    #[schema(value_type = Option<String>)]
    password: Option<SecretString>,
}

/// What another mode would do to the people of one channel and capacity.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModeFigures {
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    /// Sendable as it is, by consent and registry alone.
    sendable_now: i64,
    /// Sendable the moment the mode is changed.
    sendable_then: i64,
    become_sendable: i64,
    become_unsendable: i64,
    /// A record may be made for them at İYS (*oluşturulabilir*).
    creatable: i64,
    /// Said ONAY so long ago that İYS refuses the record (H467).
    too_old: i64,
    /// İYS will be asked about them.
    to_be_asked: i64,
}

/// What a change of mode would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModeChangePreview {
    /// Give this to make the change.
    #[schema(value_type = String)]
    id: ModeChangeId,
    #[schema(value_type = words::RegistryMode)]
    from: RegistryMode,
    #[schema(value_type = words::RegistryMode)]
    to: RegistryMode,
    figures: Vec<ModeFigures>,
    become_sendable: i64,
    become_unsendable: i64,
    creatable: i64,
    /// Until when it may be made.
    #[schema(value_type = String, format = DateTime)]
    valid_until: Timestamp,
}

impl From<registry_modes::ModeFigures> for ModeFigures {
    fn from(seen: registry_modes::ModeFigures) -> Self {
        Self {
            channel: seen.channel,
            kind: seen.kind,
            sendable_now: seen.sendable_now,
            sendable_then: seen.sendable_then,
            become_sendable: seen.become_sendable,
            become_unsendable: seen.become_unsendable,
            creatable: seen.creatable,
            too_old: seen.too_old,
            to_be_asked: seen.to_be_asked,
        }
    }
}

impl From<ModePreview> for ModeChangePreview {
    fn from(preview: ModePreview) -> Self {
        let sum =
            |part: fn(&registry_modes::ModeFigures) -> i64| preview.figures.iter().map(part).sum();
        Self {
            id: ModeChangeId::from_db(preview.id),
            from: preview.brand.mode,
            to: preview.to,
            become_sendable: sum(|seen| seen.become_sendable),
            become_unsendable: sum(|seen| seen.become_unsendable),
            creatable: sum(|seen| seen.creatable),
            valid_until: preview.valid_until,
            figures: preview.figures.into_iter().map(ModeFigures::from).collect(),
        }
    }
}

/// What another mode would do; changes nothing.
#[utoipa::path(
    post, path = "/registry/{brand_id}/mode/preview", operation_id = "preview_registry_mode",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = ModeWanted,
    responses((status = 200, description = "How many people it concerns", body = ModeChangePreview)),
)]
pub(crate) async fn preview_registry_mode(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(wanted): Checked<ModeWanted>,
) -> Result<Json<ModeChangePreview>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let preview = app
        .engine
        .preview_mode(
            caller.firm,
            brand,
            wanted.mode,
            wanted.off_reason.as_deref(),
            &caller.actor,
        )
        .await?;
    Ok(Json(preview.into()))
}

/// Makes a change of mode that was looked at.
#[utoipa::path(
    post, path = "/registry/{brand_id}/mode", operation_id = "change_registry_mode",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = ModeMade,
    responses((status = 200, description = "As it is now", body = RegistryStatus)),
)]
pub(crate) async fn change_registry_mode(
    State(app): State<App>,
    caller: Caller,
    address: CallerAddress,
    Id(brand): Id<BrandId>,
    Checked(made): Checked<ModeMade>,
) -> Result<Json<RegistryStatus>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    caller.needs(Permission::ManageBrands)?;
    if made.off_reason.is_some() {
        // The reason to send without İYS is a signature.
        caller.needs(Permission::ManageFirm)?;
    }
    confirmed_by_password(&app, &caller, address, made.password).await?;
    app.engine
        .change_mode(
            caller.firm,
            brand,
            made.preview_id.as_db(),
            made.off_reason,
            made.rests_in_business_hours,
            &caller.actor,
        )
        .await?;
    look(&app, &caller, brand).await.map(Json)
}
