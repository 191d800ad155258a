//! `/registry/{brand_id}/push-address`: İYS is asked to push to us.

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::BrandId;
use serde::Serialize;
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
    #[schema(value_type = Option<String>, format = DateTime)]
    registered_at: Option<Timestamp>,
    /// When İYS last pushed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pushed_at: Option<Timestamp>,
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
    let account = app
        .engine
        .register_registry_push(caller.firm, brand, &caller.actor)
        .await?;
    Ok(Json(PushAddress {
        url: account.url,
        registered_at: account.registered_at,
        pushed_at: account.pushed_at,
    }))
}
