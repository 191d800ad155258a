//! `/contacts/{id}/why`: *neden geldi, neden gelmedi*.

use axum::Json;
use axum::extract::State;
use domain::gate::Basis;
use domain::ids::{BrandId, ContactId, EventId};
use domain::{
    Channel, ConsentKey, LocalState, Origin, RecipientKind, RegistryView, Source, Status,
    Timestamp, Verdict,
};
use engine::why::{Why as Answer, WhyQuestion};
use serde::{Deserialize, Serialize};
use store::Reader;
use store::access::Permission;
use store::contacts::{Contact, ContactAddress};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::reason::Reason;
use crate::v1::registry::RecordHistory;
use crate::words;

/// About which message.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhyQuery {
    /// In whose name.
    #[param(value_type = String)]
    brand_id: BrandId,
    /// By which means.
    #[param(value_type = words::Channel)]
    channel: Channel,
    /// Addressed in which capacity; BIREYSEL unless given.
    #[param(value_type = Option<words::RecipientKind>)]
    kind: Option<RecipientKind>,
    /// On which legal ground; COMMERCIAL unless given.
    #[param(value_type = Option<words::Basis>)]
    basis: Option<Basis>,
}

/// Why a message would or would not reach a person now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Why {
    /// Whether it would leave now.
    sendable: bool,
    /// The first reason against it.
    headline: Option<Reason>,
    /// Every reason against it, in the order of the gate.
    reasons: Vec<Reason>,
    /// When it could leave, if only the hour is against it.
    #[schema(value_type = Option<String>, format = DateTime)]
    held_until: Option<Timestamp>,
    /// What the person told us.
    local: Option<LocalConsent>,
    /// What İYS told us.
    registry: RegistryConsent,
    /// What İYS told about the movements of the record, when it was asked for them.
    history: Option<RecordHistory>,
    #[schema(value_type = String, format = DateTime)]
    decided_at: Timestamp,
}

/// What a person told us, as the ledger folds it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LocalConsent {
    #[schema(value_type = words::ConsentStatus)]
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    consent_at: Timestamp,
    /// When it was learnt of here: a refusal stops commercial messages from then on.
    #[schema(value_type = Option<String>, format = DateTime)]
    recorded_at: Option<Timestamp>,
    /// Where it was taken, such as `HS_WEB`.
    #[schema(value_type = Option<String>)]
    source: Option<Source>,
    /// The ledger event that decides.
    #[schema(value_type = String, example = "evt_10000")]
    event_id: EventId,
    #[schema(value_type = Option<words::Origin>)]
    origin: Option<Origin>,
}

/// What İYS holds, as far as it told us.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegistryConsent {
    #[schema(value_type = words::Verdict)]
    verdict: Verdict,
    /// Whether the citizen made the record at İYS themselves.
    citizen: bool,
    /// When İYS last answered.
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
    /// İYS's transaction id, when a call told it.
    transaction: Option<String>,
    /// Why İYS refused a record of ours.
    refusal: Option<Reason>,
}

/// Why a message would or would not reach this person now.
#[utoipa::path(
    get, path = "/contacts/{id}/why", operation_id = "contact_why", tag = "contacts",
    params(("id" = String, Path, description = "The person"), WhyQuery),
    responses((status = 200, description = "The gate's answer", body = Why)),
)]
pub(crate) async fn contact_why(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Asked(query): Asked<WhyQuery>,
) -> Result<Json<Why>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let contact = app
        .read()
        .await?
        .contact(caller.firm, id)
        .await?
        .or_not_found()?;
    let address = address_for(&contact, query.channel)?;
    let question = WhyQuestion {
        brand: query.brand_id,
        recipient: address.recipient.clone(),
        channel: query.channel,
        kind: query.kind.unwrap_or(RecipientKind::Bireysel),
        basis: query.basis.unwrap_or(Basis::Commercial),
    };
    let answer = app.engine.why(caller.firm, &question).await?;
    let key = ConsentKey {
        brand: question.brand,
        recipient: address.id,
        channel: question.channel,
        kind: question.kind,
    };
    let mut reader = app.read().await?;
    let local = match answer.local {
        Some(held) => Some(LocalConsent::read(&mut reader, key, held).await?),
        None => None,
    };
    let history = reader.kept_history(key).await?.map(RecordHistory::from);
    Ok(Json(show(answer, local, history)))
}

/// The address of a contact that a channel reaches.
fn address_for(contact: &Contact, channel: Channel) -> Result<ContactAddress, Problem> {
    let address = if channel.is_phone() {
        &contact.phone
    } else {
        &contact.email
    };
    address.clone().ok_or_else(|| {
        Problem::new(ProblemKind::NotFound)
            .with_detail(format!("the contact has no address for {channel}"))
    })
}

impl LocalConsent {
    /// The folded state, with what only its event tells.
    pub(crate) async fn read(
        reader: &mut Reader,
        key: ConsentKey,
        held: LocalState,
    ) -> Result<Self, Problem> {
        let only = Some((key.channel, key.kind));
        let events = reader
            .consent_history(key.brand, key.recipient, only)
            .await?;
        let event = events.into_iter().find(|event| event.id == held.event);
        let recorded_at = event.as_ref().map(|event| event.recorded_at);
        let (source, origin) = event.map(|event| (event.source, event.origin)).unzip();
        Ok(Self {
            status: held.status,
            consent_at: held.consent_date,
            recorded_at,
            source,
            event_id: held.event,
            origin,
        })
    }
}

fn show(answer: Answer, local: Option<LocalConsent>, history: Option<RecordHistory>) -> Why {
    let reasons: Vec<Reason> = answer.reasons.into_iter().map(Reason::of).collect();
    Why {
        sendable: answer.sendable,
        headline: reasons.first().cloned(),
        reasons,
        held_until: answer.held_until,
        local,
        registry: answer.registry.into(),
        history,
        decided_at: answer.decided_at,
    }
}

impl From<RegistryView> for RegistryConsent {
    fn from(view: RegistryView) -> Self {
        Self {
            verdict: view.verdict,
            citizen: view.citizen,
            checked_at: view.checked_at,
            transaction: view.transaction,
            refusal: view.code.map(Reason::of),
        }
    }
}
