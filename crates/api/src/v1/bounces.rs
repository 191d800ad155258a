//! `/bounces`: why deliveries to an address failed, and trying it again.

use axum::Json;
use axum::extract::State;
use domain::{Recipient, Timestamp};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked};
use crate::caller::Caller;
use crate::checks::address;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem};

/// A failed delivery (*geri dönen ileti*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bounce {
    /// Whether the server said that the address is dead.
    is_hard: bool,
    /// Its code.
    code: String,
    /// Its words.
    words: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Of which address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BounceQuery {
    /// Normalised, as `ali@ornek.com.tr`.
    address: String,
}

/// An address to be tried again.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressToTry {
    /// Normalised, as `ali@ornek.com.tr`.
    #[validate(custom(function = "address"))]
    address: String,
}

/// Failed deliveries to an address.
#[utoipa::path(
    get, path = "/bounces", operation_id = "bounces", tag = "blacklist", params(BounceQuery),
    responses((status = 200, description = "The newest first, at most 20", body = Page<Bounce>)),
)]
pub(crate) async fn bounces(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<BounceQuery>,
) -> Result<Json<Page<Bounce>>, Problem> {
    caller.needs(Permission::ReadPersonal)?;
    let mut reader = app.read().await?;
    let recipient = Recipient::from_normalised(&query.address)
        .map_err(|_| Problem::field("address", "address"))?;
    let ids = reader.recipient_ids(caller.firm, &[recipient]).await?;
    let id = ids.into_iter().flatten().next().or_not_found()?;
    let found = reader.bounces_of(caller.firm, id).await?;
    let show = |(is_hard, code, words, at)| Bounce {
        is_hard,
        code,
        words,
        at,
    };
    Ok(Json(Page::whole(found.into_iter().map(show).collect())))
}

/// Lets an address be tried again that failed too often (S204): somebody has
/// seen that it works. Its failures are forgotten.
#[utoipa::path(
    delete, path = "/bounces", operation_id = "try_address_again", tag = "blacklist",
    request_body = AddressToTry,
    responses((status = 204, description = "It may be sent to")),
)]
pub(crate) async fn try_address_again(
    State(app): State<App>,
    caller: Caller,
    Checked(wanted): Checked<AddressToTry>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageBlacklist)?;
    let mut writer = app.write().await?;
    let recipient = Recipient::from_normalised(&wanted.address).ok();
    let recipient = recipient.or_not_found()?;
    let ids = writer.recipient_ids(caller.firm, &[recipient]).await?;
    let id = ids.into_iter().flatten().next().or_not_found()?;
    let was_stopped = writer.revive_address(caller.firm, id).await?;
    let detail = json!({ "was_stopped": was_stopped });
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "bounce.lift",
            &id.to_string(),
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
