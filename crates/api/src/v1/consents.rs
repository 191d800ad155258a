//! `/consents`: recording declarations, and asking what holds, what was said,
//! and what held at an instant.

mod record;

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, EventId, RecipientId};
use domain::{
    Channel, ConsentKey, LocalState, Origin, Recipient, RecipientKind, Status, Timestamp,
};
use serde::{Deserialize, Serialize};
use store::Reader;
use store::access::Permission;
use utoipa::{IntoParams, ToSchema};

pub(crate) use record::*;

use super::contacts::{ConsentRecord, LocalConsent, RegistryConsent, newest_first};
use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::words;
use crate::written::address_of;

/// Which consent. The same address holds one for each brand, channel and kind.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyQuery {
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

/// An instant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AtQuery {
    /// By what we had written down then.
    #[param(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// What is on record for a consent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consent {
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    /// What the person told us.
    local: Option<LocalConsent>,
    /// What İYS told us.
    registry: RegistryConsent,
}

/// What held for a consent at an instant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentAsOf {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By what we had written down then; nothing when nothing had been said.
    #[schema(value_type = Option<words::ConsentStatus>)]
    status: Option<Status>,
    #[schema(value_type = Option<String>, format = DateTime)]
    consent_at: Option<Timestamp>,
    /// The ledger event that decided.
    event_id: Option<String>,
    /// The same in full: what we could act on then.
    known_then: Option<HeldConsent>,
    /// By what is known today of declarations made by then: what was true then.
    known_now: Option<HeldConsent>,
}

/// What a person had said, at an instant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldConsent {
    #[schema(value_type = words::ConsentStatus)]
    status: Status,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    consent_at: Timestamp,
    /// When we wrote it down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// The ledger event that decides.
    #[schema(value_type = String, example = "evt_10000")]
    event_id: EventId,
    /// Whether the citizen said it through İYS.
    citizen: bool,
}

impl From<LocalState> for HeldConsent {
    fn from(held: LocalState) -> Self {
        Self {
            status: held.status,
            consent_at: held.consent_date,
            recorded_at: held.recorded_at,
            event_id: held.event,
            citizen: held.citizen,
        }
    }
}

/// A key that was found.
struct Found {
    key: ConsentKey,
    recipient: Recipient,
}

/// The key that a query names, if the firm has the brand and knows the address.
async fn found(reader: &mut Reader, caller: &Caller, asked: &KeyQuery) -> Result<Found, Problem> {
    reader
        .brand(caller.firm, asked.brand_id)
        .await?
        .or_not_found()?;
    let recipient =
        address_of(&asked.address).ok_or_else(|| Problem::field("address", "address"))?;
    let ids: Vec<Option<RecipientId>> = reader
        .recipient_ids(caller.firm, std::slice::from_ref(&recipient))
        .await?;
    let key = ConsentKey {
        brand: asked.brand_id,
        recipient: ids.into_iter().flatten().next().or_not_found()?,
        channel: asked.channel,
        kind: asked.kind.unwrap_or(RecipientKind::Bireysel),
    };
    Ok(Found { key, recipient })
}

/// What is on record for a consent.
#[utoipa::path(
    get, path = "/consents", operation_id = "consent", tag = "consents", params(KeyQuery),
    responses((status = 200, description = "What holds now", body = Consent)),
)]
pub(crate) async fn consent(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<KeyQuery>,
) -> Result<Json<Consent>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let Found { key, recipient } = found(&mut reader, &caller, &asked).await?;
    let state = reader.consent_state(key).await?;
    let local = match state.local {
        Some(held) => Some(LocalConsent::read(&mut reader, key, held).await?),
        None => None,
    };
    Ok(Json(Consent {
        brand_id: key.brand,
        address: caller.shows_address(&recipient),
        channel: key.channel,
        kind: key.kind,
        local,
        registry: state.registry.into(),
    }))
}

/// Everything that was said about a consent.
#[utoipa::path(
    get, path = "/consents/history", operation_id = "consent_history", tag = "consents",
    params(KeyQuery, Paging),
    responses((status = 200, description = "Newest record first", body = Page<ConsentRecord>)),
)]
pub(crate) async fn consent_history(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<KeyQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<ConsentRecord>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let Found { key, .. } = found(&mut reader, &caller, &asked).await?;
    let only = Some((key.channel, key.kind));
    let events = reader
        .consent_history(key.brand, key.recipient, only)
        .await?;
    newest_first(&caller, events, &paging).map(Json)
}

/// What held for a consent at an instant: by what we had written down by then,
/// and by what is known now.
#[utoipa::path(
    get, path = "/consents/as-of", operation_id = "consent_as_of", tag = "consents",
    params(KeyQuery, AtQuery),
    responses((status = 200, description = "What held then", body = ConsentAsOf)),
)]
pub(crate) async fn consent_as_of(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<KeyQuery>,
    Asked(AtQuery { at }): Asked<AtQuery>,
) -> Result<Json<ConsentAsOf>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let Found { key, .. } = found(&mut reader, &caller, &asked).await?;
    let held = reader.consent_as_of(key, at).await?;
    let then = held.known_then;
    Ok(Json(ConsentAsOf {
        at,
        status: then.map(|held| held.status),
        consent_at: then.map(|held| held.consent_date),
        event_id: then.map(|held| held.event.to_string()),
        known_then: then.map(HeldConsent::from),
        known_now: held.known_now.map(HeldConsent::from),
    }))
}

/// By which door a caller's declarations come in.
const fn origin_of(caller: &Caller) -> Origin {
    if caller.is_person {
        Origin::Panel
    } else {
        Origin::Api
    }
}
