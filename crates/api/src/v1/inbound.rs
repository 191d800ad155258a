//! `/inbound`: what people wrote back, and what a person makes of it.

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, CampaignId, ConnectorId, ContactId, ReplyId};
use domain::reply::refusal_words;
use domain::{Channel, Timestamp};
use engine::replies::{ReplyDecision, text_of};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::replies::{self, ReplyFilter, ReplyState};
use store::reply_origins::ReplyOrigin;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging, Place};
use crate::problem::Problem;
use crate::reason::Reason;
use crate::words;

/// Something that a person wrote back (*gelen yanıt*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reply {
    #[schema(value_type = String, example = "inb_10000")]
    id: ReplyId,
    /// Which brand is meant; absent when nobody can tell.
    #[schema(value_type = Option<String>)]
    brand_id: Option<BrandId>,
    /// The account that it came over.
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    /// Who wrote; masked for roles that may not read personal data.
    address: String,
    /// The person behind the address, where the firm knows them.
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// Masked as the address is.
    contact_name: Option<String>,
    /// The last campaign that had gone to them over this account.
    #[schema(value_type = Option<String>)]
    campaign_id: Option<CampaignId>,
    campaign_name: Option<String>,
    /// The words of the text that speak of refusing, as they were written.
    words: Vec<String>,
    /// To which of our numbers or senders.
    written_to: String,
    /// What; absent for roles that may not read personal data.
    text: Option<String>,
    #[schema(value_type = words::ReplyState)]
    state: ReplyState,
    /// The rule that kept a refusal out of the ledger.
    reason: Option<Reason>,
    /// When the provider took it.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// When we wrote it down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    note: Option<String>,
}

/// Which replies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReplyQuery {
    /// Those to one brand, and those of which nobody can tell.
    #[param(value_type = Option<String>)]
    brand_id: Option<BrandId>,
    /// Those in one state; all unless given.
    #[param(value_type = Option<words::ReplyState>)]
    state: Option<ReplyState>,
}

/// What a person makes of a reply.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyJudgement {
    /// Whether it is a refusal. It enters the ledger as of the moment it was
    /// written.
    is_refusal: bool,
    /// Of which brand; needed for a refusal.
    #[schema(value_type = Option<String>)]
    brand_id: Option<BrandId>,
    #[validate(length(min = 1, max = 500))]
    note: Option<String>,
}

fn show(caller: &Caller, reply: &replies::Reply, origin: ReplyOrigin) -> Reply {
    let text = caller
        .role
        .may(Permission::ReadPersonal)
        .then(|| text_of(reply).to_owned());
    let (campaign_id, campaign_name) = origin.campaign.unzip();
    Reply {
        id: reply.id,
        contact_id: origin.contact,
        contact_name: origin.name.map(|name| caller.shows_name(name)),
        campaign_id,
        campaign_name,
        words: refusal_words(text_of(reply)),
        brand_id: reply.brand,
        connector_id: reply.connector,
        channel: reply.channel,
        address: caller.shows_address(&reply.address),
        written_to: reply.written_to.clone(),
        text,
        state: reply.state,
        reason: reply.code.map(Reason::of),
        received_at: reply.received_at,
        recorded_at: reply.recorded_at,
        decided_by: reply.decided_by.clone(),
        decided_at: reply.decided_at,
        note: reply.note.clone(),
    }
}

/// What people wrote back.
#[utoipa::path(
    get, path = "/inbound", operation_id = "replies", tag = "inbound", params(ReplyQuery, Paging),
    responses((status = 200, description = "Newest first", body = Page<Reply>)),
)]
pub(crate) async fn replies(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<ReplyQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Reply>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let before = paging.after::<Place<2>>()?.map(|Place([at, id])| (at, id));
    let filter = ReplyFilter {
        brand: query.brand_id,
        state: query.state,
    };
    let mut reader = app.read().await?;
    let rows = reader
        .replies(caller.firm, filter, before, paging.rows()?)
        .await?;
    let origins = reader.reply_origins(caller.firm, &rows).await?;
    let rows: Vec<_> = rows.into_iter().zip(origins).collect();
    paging
        .page(
            rows,
            |(reply, _)| {
                let (at, id) = reply.cursor();
                Place([at, id]).to_string()
            },
            |(reply, origin)| show(&caller, &reply, origin),
        )
        .map(Json)
}

/// Says what a reply is that waited for a person.
#[utoipa::path(
    post, path = "/inbound/{id}/decision", operation_id = "decide_reply", tag = "inbound",
    params(("id" = String, Path, description = "The reply")), request_body = ReplyJudgement,
    responses((status = 200, description = "Decided", body = Reply)),
)]
pub(crate) async fn decide_reply(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ReplyId>,
    Checked(wanted): Checked<ReplyJudgement>,
) -> Result<Json<Reply>, Problem> {
    caller.needs(Permission::RecordConsents)?;
    let decision = if wanted.is_refusal {
        let brand = wanted.brand_id;
        ReplyDecision::Refusal(brand.ok_or_else(|| Problem::field("brand_id", "required"))?)
    } else {
        ReplyDecision::Other
    };
    let note = wanted.note.as_deref();
    let decided = app
        .engine
        .decide_reply(caller.firm, id, decision, &caller.actor, note)
        .await?;
    let origins = app
        .read()
        .await?
        .reply_origins(caller.firm, std::slice::from_ref(&decided))
        .await?;
    let origin = origins.into_iter().next().unwrap_or_default();
    Ok(Json(show(&caller, &decided, origin)))
}
