//! `/registry/{brand_id}/push-address`: İYS is asked to push to us.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::BrandId;
use serde::Serialize;
use store::access::Permission;
use utoipa::ToSchema;

use super::connected;
use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::problem::Problem;

/// Where İYS pushes to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushAddress {
    /// Our address; the name and password for it are known to İYS alone.
    url: String,
    /// The address that İYS was told of, where it is another: the
    /// installation's public address has changed since.
    told_url: Option<String>,
    /// Whether İYS would take it: it pushes to https only.
    acceptable: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    registered_at: Option<Timestamp>,
    /// When İYS last pushed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pushed_at: Option<Timestamp>,
    /// Pushes that could not be read, ever.
    unreadable: i64,
}

impl From<engine::registry::push_in::PushState> for PushAddress {
    fn from(state: engine::registry::push_in::PushState) -> Self {
        let account = state.account;
        let told = account.as_ref().map(|held| held.url.clone());
        Self {
            told_url: told.filter(|told| *told != state.url),
            url: state.url,
            acceptable: state.is_acceptable,
            registered_at: account.as_ref().and_then(|held| held.registered_at),
            pushed_at: account.as_ref().and_then(|held| held.pushed_at),
            unreadable: state.unreadable,
        }
    }
}

/// Where İYS pushes to, whether it was told, and when it last did.
#[utoipa::path(
    get, path = "/registry/{brand_id}/push-address", operation_id = "held_push_address",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "As it stands", body = PushAddress)),
)]
pub(crate) async fn held_push_address(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<PushAddress>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let state = app.engine.registry_push_state(caller.firm, brand).await?;
    Ok(Json(state.into()))
}

/// Asks İYS to push what citizens do, with a new name and password.
#[utoipa::path(
    post, path = "/registry/{brand_id}/push-address", operation_id = "registry_push_address",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "İYS pushes here from now on", body = PushAddress)),
)]
pub(crate) async fn registry_push_address(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<PushAddress>, Problem> {
    connected(&app, &caller, brand).await?;
    app.engine
        .register_registry_push(caller.firm, brand, &caller.actor)
        .await?;
    let state = app.engine.registry_push_state(caller.firm, brand).await?;
    Ok(Json(state.into()))
}
