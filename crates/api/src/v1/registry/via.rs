//! `/registry/{brand_id}/via`: a person is asked for their consent by İYS itself.

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, ViaId};
use domain::{Channel, RecipientKind, Timestamp};
use engine::registry::via::{ViaBegun, ViaWish};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::registry_via::{ViaMethod, ViaProgress, ViaRequest};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::AskingAnswer;
use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::problem::{OrNotFound, Problem};
use crate::words;
use crate::written::address_of;

/// Whom İYS is to ask.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViaWanted {
    /// A phone number as people write it, or an e-mail address; of a person the firm knows.
    #[validate(length(min = 1, max = 320))]
    address: String,
    #[validate(length(min = 1, max = 3))]
    #[schema(value_type = Vec<words::Channel>)]
    channels: Vec<Channel>,
    /// BIREYSEL unless given.
    #[schema(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
    #[schema(value_type = words::ViaMethod)]
    method: ViaMethod,
    /// The form that was approved in the İYS panel.
    #[validate(length(min = 1, max = 100))]
    form_id: String,
}

/// A code that the person told.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViaCodeTold {
    #[validate(length(min = 1, max = 20))]
    code: String,
}

/// A request to ask a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Via {
    #[schema(value_type = String)]
    id: ViaId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    address: String,
    #[schema(value_type = Vec<words::Channel>)]
    channels: Vec<Channel>,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::ViaMethod)]
    method: ViaMethod,
    #[schema(value_type = words::ViaProgress)]
    state: ViaProgress,
    /// What it means and what to do, in Turkish.
    text_tr: &'static str,
    /// What it means and what to do, in English.
    text_en: &'static str,
    /// İYS's number of it.
    request_id: Option<String>,
    /// İYS's own words about it.
    said: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    done_at: Option<Timestamp>,
}

impl Via {
    fn of(caller: &Caller, request: ViaRequest) -> Self {
        let (text_tr, text_en) = match request.progress {
            ViaProgress::Waiting => (
                "Kişinin yanıtı bekleniyor. Kod 3 dakika, bağlantı 24 saat geçerlidir.",
                "The person's answer is awaited. A code holds for 3 minutes, a link for 24 hours.",
            ),
            ViaProgress::Consented => (
                "Kişi onayladı; izin İYS'den okunup deftere yazılıyor.",
                "The person agreed; the consent is read from İYS into the ledger.",
            ),
            ViaProgress::Ended => (
                "Onay alınmadan sona erdi; kişiye bu izin için yeniden sorulamaz.",
                "Over without a consent; the person cannot be asked about it again.",
            ),
            ViaProgress::Refused => (
                "İYS isteği almadı, kişiye sorulmadı. İYS'nin açıklamasına göre düzeltip yeniden deneyin.",
                "İYS did not take the request and the person was not asked. Put right what it says and try again.",
            ),
            ViaProgress::Unknown => (
                "İYS'nin isteği alıp almadığı bilinmiyor; kişiye sorulmuş olabileceği için tekrarlanmaz. Verilen bir onay İYS'den kendiliğinden okunur.",
                "Whether İYS took the request is unknown; the person may have been asked, so it is not repeated. A consent they give is read from İYS by itself.",
            ),
        };
        Self {
            id: request.id,
            brand_id: request.wanted.brand,
            address: caller.shows_address(&request.address),
            channels: request.wanted.channels,
            kind: request.wanted.kind,
            method: request.wanted.method,
            state: request.progress,
            text_tr,
            text_en,
            request_id: request.request_id,
            said: request.words,
            asked_at: request.asked_at,
            done_at: request.done_at,
        }
    }
}

/// What became of the wish.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ViaAnswer {
    /// The request; none when the person may not be asked.
    request: Option<Via>,
    /// The channel about which the person may not be asked.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    /// Why not.
    why_not: Option<AskingAnswer>,
}

/// Lets İYS ask a person for their consent; costs one ViA credit.
#[utoipa::path(
    post, path = "/registry/{brand_id}/via", operation_id = "ask_through_iys", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    request_body = ViaWanted,
    responses((status = 200, description = "Asked, or why not", body = ViaAnswer)),
)]
pub(crate) async fn ask_through_iys(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Checked(wanted): Checked<ViaWanted>,
) -> Result<Json<ViaAnswer>, Problem> {
    caller.needs(Permission::RecordConsents)?;
    app.read()
        .await?
        .brand(caller.firm, brand)
        .await?
        .or_not_found()?;
    let address =
        address_of(&wanted.address).ok_or_else(|| Problem::field("address", "address"))?;
    let ids = app
        .read()
        .await?
        .recipient_ids(caller.firm, std::slice::from_ref(&address))
        .await?;
    let wish = ViaWish {
        firm: caller.firm,
        brand,
        recipient: ids.into_iter().flatten().next().or_not_found()?,
        address,
        kind: wanted.kind.unwrap_or(RecipientKind::Bireysel),
        channels: wanted.channels,
        method: wanted.method,
        form: wanted.form_id,
        actor: caller.actor.clone(),
    };
    Ok(Json(match app.engine.ask_through_iys(wish).await? {
        ViaBegun::Made(request) => ViaAnswer {
            request: Some(Via::of(&caller, *request)),
            channel: None,
            why_not: None,
        },
        ViaBegun::MayNot(channel, answer) => ViaAnswer {
            request: None,
            channel: Some(channel),
            why_not: Some(answer.into()),
        },
    }))
}

/// Whose requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViaQuery {
    /// A phone number as people write it, or an e-mail address.
    address: String,
}

/// The requests about a person in a brand's name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Vias {
    /// The newest first; at most 20.
    items: Vec<Via>,
}

/// The newest requests about a person.
#[utoipa::path(
    get, path = "/registry/{brand_id}/via", operation_id = "via_requests", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), ViaQuery),
    responses((status = 200, description = "The requests", body = Vias)),
)]
pub(crate) async fn via_requests(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(query): Asked<ViaQuery>,
) -> Result<Json<Vias>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let address = address_of(&query.address).ok_or_else(|| Problem::field("address", "address"))?;
    let ids = app
        .read()
        .await?
        .recipient_ids(caller.firm, &[address])
        .await?;
    let recipient = ids.into_iter().flatten().next().or_not_found()?;
    let found = app.engine.vias(caller.firm, brand, recipient).await?;
    let items = found.into_iter().map(|request| Via::of(&caller, request));
    Ok(Json(Vias {
        items: items.collect(),
    }))
}

/// A request, and how far it has come.
#[utoipa::path(
    get, path = "/via/{id}", operation_id = "via_request", tag = "registry",
    params(("id" = String, Path, description = "The request")),
    responses((status = 200, description = "The request", body = Via)),
)]
pub(crate) async fn via_request(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ViaId>,
) -> Result<Json<Via>, Problem> {
    caller.needs(Permission::RecordConsents)?;
    let request = app.engine.via(caller.firm, id).await?;
    Ok(Json(Via::of(&caller, request)))
}

/// Sends the code on that the person told.
#[utoipa::path(
    post, path = "/via/{id}/code", operation_id = "via_code", tag = "registry",
    params(("id" = String, Path, description = "The request")),
    request_body = ViaCodeTold,
    responses((status = 200, description = "What İYS made of it", body = Via)),
)]
pub(crate) async fn via_code(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ViaId>,
    Checked(told): Checked<ViaCodeTold>,
) -> Result<Json<Via>, Problem> {
    caller.needs(Permission::RecordConsents)?;
    let request = app.engine.via_code(caller.firm, id, &told.code).await?;
    Ok(Json(Via::of(&caller, request)))
}
