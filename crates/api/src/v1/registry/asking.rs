//! `/consents/asking`: asking a person anew after a consent became void. Only
//! by İYS's own verification, at the counter, on the web, or when they call: a
//! message that merely asks for consent is itself commercial.

use axum::Json;
use axum::extract::State;
use domain::consent::ConsentKey;
use domain::ids::BrandId;
use domain::{Channel, RecipientKind, Timestamp};
use engine::worklist::MayAsk;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::repermission::AskingWay;
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked};
use crate::caller::Caller;
use crate::problem::{OrNotFound, Problem};
use crate::words;
use crate::written::address_of;

/// Who is to be asked anew, and how.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asking {
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// A phone number as people write it, or an e-mail address.
    #[validate(length(min = 1, max = 320))]
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::AskingWay)]
    way: AskingWay,
}

/// Who might be asked anew.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskingQuery {
    #[param(value_type = String)]
    brand_id: BrandId,
    /// A phone number as people write it, or an e-mail address.
    address: String,
    #[param(value_type = words::Channel)]
    channel: Channel,
    /// BIREYSEL unless given.
    #[param(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
}

/// Whether a person may be asked anew.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AskingAnswer {
    allowed: bool,
    /// `allowed`, `refused`, `not_needed`, `asked_before` or `blocked`.
    reason: &'static str,
    text_tr: String,
    text_en: String,
    /// When the block time ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    blocked_until: Option<Timestamp>,
}

impl From<MayAsk> for AskingAnswer {
    fn from(answer: MayAsk) -> Self {
        Self {
            allowed: matches!(answer, MayAsk::Yes(_)),
            reason: answer.word(),
            text_tr: answer.text_tr(),
            text_en: answer.text_en(),
            blocked_until: match answer {
                MayAsk::Blocked(until) => Some(until),
                _ => None,
            },
        }
    }
}

pub(super) async fn key_of(
    app: &App,
    caller: &Caller,
    brand: BrandId,
    address: &str,
    channel: Channel,
    kind: RecipientKind,
) -> Result<ConsentKey, Problem> {
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let recipient = address_of(address).ok_or_else(|| Problem::field("address", "address"))?;
    let ids = reader.recipient_ids(caller.firm, &[recipient]).await?;
    Ok(ConsentKey {
        brand,
        recipient: ids.into_iter().flatten().next().or_not_found()?,
        channel,
        kind,
    })
}

/// Whether a person may be asked anew.
#[utoipa::path(
    get, path = "/consents/asking", operation_id = "may_ask_anew", tag = "consents",
    params(AskingQuery),
    responses((status = 200, description = "Whether, and why not", body = AskingAnswer)),
)]
pub(crate) async fn may_ask_anew(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<AskingQuery>,
) -> Result<Json<AskingAnswer>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let kind = asked.kind.unwrap_or(RecipientKind::Bireysel);
    let key = key_of(
        &app,
        &caller,
        asked.brand_id,
        &asked.address,
        asked.channel,
        kind,
    )
    .await?;
    Ok(Json(app.engine.may_ask_anew(key).await?.into()))
}

/// Notes that a person is being asked anew, if they may be.
#[utoipa::path(
    post, path = "/consents/asking", operation_id = "ask_anew", tag = "consents",
    request_body = Asking,
    responses((status = 200, description = "Noted when allowed; else why not", body = AskingAnswer)),
)]
pub(crate) async fn ask_anew(
    State(app): State<App>,
    caller: Caller,
    Checked(wanted): Checked<Asking>,
) -> Result<Json<AskingAnswer>, Problem> {
    caller.needs(Permission::RecordConsents)?;
    let Asking {
        brand_id,
        address,
        channel,
        kind,
        way,
    } = wanted;
    let key = key_of(&app, &caller, brand_id, &address, channel, kind).await?;
    let answer = app
        .engine
        .ask_anew(caller.firm, key, way, &caller.actor)
        .await?;
    Ok(Json(answer.into()))
}
