//! `/registry/{brand_id}/push-address`: İYS is asked to push to us, or to stop;
//! `/registry/{brand_id}/push-connections`: what it has.

use axum::Json;
use axum::extract::State;
use domain::ids::BrandId;
use domain::{Channel, Timestamp};
use engine::registry::push_address::PushConnection as Listed;
use http::StatusCode;
use serde::Serialize;
use store::access::Permission;
use utoipa::ToSchema;

use super::connected;
use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::words;

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

/// Asks İYS to push no more; what citizens do comes by the feed alone.
#[utoipa::path(
    delete, path = "/registry/{brand_id}/push-address", operation_id = "end_push_address",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 204, description = "İYS pushes here no more")),
)]
pub(crate) async fn end_push_address(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<StatusCode, Problem> {
    connected(&app, &caller, brand).await?;
    app.engine
        .unregister_registry_push(caller.firm, brand, &caller.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A connection as İYS lists it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushConnection {
    /// Where İYS pushes to.
    url: String,
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    /// Whether İYS reached it.
    is_open: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    registered_at: Option<Timestamp>,
}

/// The connections that İYS has for a brand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushConnections {
    /// Ours and those of others; İYS keeps two a channel.
    items: Vec<PushConnection>,
}

impl From<Listed> for PushConnection {
    fn from(listed: Listed) -> Self {
        Self {
            url: listed.url,
            channel: listed.channel.map(|channel| channel.channel()),
            is_open: listed.is_open,
            registered_at: listed.registered,
        }
    }
}

/// Asks İYS where it pushes to for a brand.
#[utoipa::path(
    get, path = "/registry/{brand_id}/push-connections", operation_id = "push_connections",
    tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "As İYS lists them", body = PushConnections)),
)]
pub(crate) async fn push_connections(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<PushConnections>, Problem> {
    connected(&app, &caller, brand).await?;
    let listed = app
        .engine
        .registry_push_connections(caller.firm, brand)
        .await?;
    let items = listed.into_iter().map(PushConnection::from).collect();
    Ok(Json(PushConnections { items }))
}
