//! `/messages`: what was and was not sent to whom, and the proof of each.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use domain::ids::{BrandId, CampaignId, MessageRef, RecipientId};
use domain::{ReasonCode, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::messages::{LoggedMessage, MessageCursor};
use utoipa::{IntoParams, ToSchema};

use super::campaigns::MessageState;
use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::reason::Reason;
use crate::words::AnyObject;
use crate::written::address_of;

/// One message of a person (*ileti*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Message {
    /// Our name for it; the same stands at the provider.
    #[schema(example = "a1-3-7f")]
    id: String,
    #[schema(value_type = String)]
    brand_id: BrandId,
    #[schema(value_type = String)]
    campaign_id: CampaignId,
    campaign_name: String,
    /// Masked for roles that may not read personal data.
    address: String,
    state: MessageState,
    /// Why not, when the gate kept the person out.
    #[schema(value_type = Option<String>, example = "S103")]
    code: Option<ReasonCode>,
    text_tr: Option<String>,
    text_en: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Whose messages. The people of one campaign are at `/campaigns/{id}/messages`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageQuery {
    /// A phone number as people write it, or an e-mail address.
    address: String,
    /// Only this state.
    #[param(inline)]
    state: Option<MessageState>,
}

struct Place(MessageCursor);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.0, self.0.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (created, campaign) = text.split_once('.').ok_or(())?;
        Ok(Self((
            created.parse().map_err(drop)?,
            campaign.parse().map_err(drop)?,
        )))
    }
}

fn show(caller: &Caller, logged: LoggedMessage) -> Message {
    let reason = logged.code.map(Reason::of);
    Message {
        id: logged.message.to_string(),
        brand_id: logged.brand,
        campaign_id: logged.message.campaign,
        campaign_name: logged.campaign_name,
        address: caller.shows_address(&logged.address),
        state: MessageState::of(logged.state),
        code: logged.code,
        text_tr: reason.as_ref().map(|reason| reason.text_tr.clone()),
        text_en: reason.map(|reason| reason.text_en),
        at: logged.at,
    }
}

/// What a person was and was not sent.
#[utoipa::path(
    get, path = "/messages", operation_id = "messages", tag = "messages",
    params(MessageQuery, Paging),
    responses((status = 200, description = "The newest campaign first", body = Page<Message>)),
)]
pub(crate) async fn messages(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<MessageQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Message>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let recipient =
        address_of(&query.address).ok_or_else(|| Problem::field("address", "address"))?;
    let before = paging.after::<Place>()?.map(|place| place.0);
    let state = query.state.map(MessageState::to_store);
    let mut reader = app.read().await?;
    let ids: Vec<Option<RecipientId>> = reader.recipient_ids(caller.firm, &[recipient]).await?;
    let id = ids.into_iter().flatten().next().or_not_found()?;
    let rows = reader
        .messages_of(caller.firm, id, state, before, paging.rows()?)
        .await?;
    paging
        .page(
            rows,
            |row| Place(row.cursor).to_string(),
            |row| show(&caller, row),
        )
        .map(Json)
}

async fn proof(
    app: &App,
    caller: &Caller,
    message: MessageRef,
) -> Result<domain::ledger::proof::MessageProof, Problem> {
    // A proof names the person: there is nothing to mask in evidence.
    caller.needs(Permission::ReadPersonal)?;
    let proof = app.engine.message_proof(caller.firm, message).await?;
    let mut writer = app.write().await?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "message.proof",
            &message.to_string(),
            &json!({ "campaign": message.campaign }),
        )
        .await?;
    writer.commit().await?;
    Ok(proof)
}

/// Everything about one message, in a form that `izinli proof verify` checks
/// without a database.
#[utoipa::path(
    get, path = "/messages/{id}/proof", operation_id = "message_proof", tag = "messages",
    params(("id" = String, Path, description = "The message")),
    responses((status = 200, description = "The proof", body = AnyObject)),
)]
pub(crate) async fn message_proof(
    State(app): State<App>,
    caller: Caller,
    Id(message): Id<MessageRef>,
) -> Result<Response, Problem> {
    Ok(Json(proof(&app, &caller, message).await?).into_response())
}

/// The same as a page to be printed, in Turkish.
#[utoipa::path(
    get, path = "/messages/{id}/proof.html", operation_id = "message_proof_page", tag = "messages",
    params(("id" = String, Path, description = "The message")),
    responses((status = 200, description = "The page", content_type = "text/html", body = String)),
)]
pub(crate) async fn message_proof_page(
    State(app): State<App>,
    caller: Caller,
    Id(message): Id<MessageRef>,
) -> Result<Html<String>, Problem> {
    let proof = proof(&app, &caller, message).await?;
    Ok(Html(engine::evidence::proof_page(&proof)))
}
