//! `/bounces`: why deliveries to an address failed, and trying it again.

use axum::Json;
use axum::extract::State;
use domain::ids::{CampaignId, ContactId};
use domain::{Recipient, Timestamp};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::bounces::ListedBounce;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked};
use crate::caller::Caller;
use crate::checks::address;
use crate::page::{Page, Paging, Place};
use crate::problem::{OrNotFound, Problem};

/// A failed delivery (*geri dönen ileti*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bounce {
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = String)]
    contact_id: ContactId,
    /// Whether the address is passed over (S204), a number by WhatsApp only.
    is_stopped: bool,
    /// The campaign whose message came back.
    #[schema(value_type = String)]
    campaign_id: CampaignId,
    campaign_name: String,
    /// Whether the server said that the address is dead.
    is_hard: bool,
    /// Its code.
    code: String,
    /// Its words.
    words: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Which failed deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BounceQuery {
    /// Those to one address only, normalised, as `ali@ornek.com.tr`; takes a
    /// role that may read personal data.
    address: Option<String>,
}

/// An address to be tried again.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressToTry {
    /// Normalised, as `ali@ornek.com.tr`.
    #[validate(custom(function = "address"))]
    address: String,
}

/// Failed deliveries of the firm's messages.
#[utoipa::path(
    get, path = "/bounces", operation_id = "bounces", tag = "blacklist",
    params(BounceQuery, Paging),
    responses((status = 200, description = "The newest first", body = Page<Bounce>)),
)]
pub(crate) async fn bounces(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<BounceQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Bounce>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let of = match query.address.as_deref() {
        Some(text) => {
            caller.needs(Permission::ReadPersonal)?;
            let recipient = Recipient::from_normalised(text)
                .map_err(|_| Problem::field("address", "address"))?;
            let ids = reader.recipient_ids(caller.firm, &[recipient]).await?;
            Some(ids.into_iter().flatten().next().or_not_found()?)
        }
        None => None,
    };
    let before = paging.after::<Place<3>>()?;
    let before = before.map(|Place([at, recipient, campaign])| (at, recipient, campaign));
    let rows = reader
        .bounces(caller.firm, of, before, paging.rows()?)
        .await?;
    let place = |bounce: &ListedBounce| {
        let (at, recipient, campaign) = bounce.cursor();
        Place([at, recipient, campaign]).to_string()
    };
    let show = |bounce: ListedBounce| Bounce {
        address: caller.shows_address(&bounce.address),
        contact_id: bounce.contact,
        is_stopped: bounce.is_stopped,
        campaign_id: bounce.campaign,
        campaign_name: bounce.campaign_name,
        is_hard: bounce.is_hard,
        code: bounce.code,
        words: bounce.words,
        at: bounce.at,
    };
    paging.page(rows, place, show).map(Json)
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
