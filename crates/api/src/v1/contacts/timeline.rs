//! `/contacts/{id}/timeline`: everything a person said to any brand, newest first.

use axum::Json;
use axum::extract::State;
use domain::consent::ConsentEvent;
use domain::ids::{BrandId, ContactId, EventId, UploadId};
use domain::{Channel, Origin, RecipientKind, Source, Status, Timestamp};
use serde::Serialize;
use store::access::Permission;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// One appended fact (*izin kaydı*).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ConsentRecord {
    /// Its number in the ledger.
    #[schema(value_type = String, example = "evt_10000")]
    event_id: EventId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::ConsentStatus)]
    status: Status,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    consent_at: Timestamp,
    /// When we wrote it down.
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// Where the declaration was taken.
    #[schema(value_type = String, example = "HS_WEB")]
    source: Source,
    /// By which door it came in.
    #[schema(value_type = words::Origin)]
    origin: Origin,
    /// The upload it came from.
    #[schema(value_type = Option<String>)]
    upload_id: Option<UploadId>,
    /// The line of its file.
    origin_line: Option<i64>,
    /// Pointer to the proof.
    evidence: Option<String>,
    /// Who entered it.
    actor: String,
}

impl ConsentRecord {
    /// An event as this caller may see it.
    pub(crate) fn of(caller: &Caller, event: ConsentEvent) -> Self {
        Self {
            event_id: event.id,
            brand_id: event.key.brand,
            address: caller.shows_address(&event.recipient),
            channel: event.key.channel,
            kind: event.key.kind,
            status: event.status,
            consent_at: event.consent_date,
            recorded_at: event.recorded_at,
            source: event.source,
            origin: event.origin,
            upload_id: event
                .origin_id
                .filter(|_| event.origin == Origin::Upload)
                .map(UploadId::from_db),
            origin_line: event.origin_line,
            evidence: event.evidence,
            actor: event.actor,
        }
    }
}

/// Brands of a firm that a timeline looks at.
const BRANDS_MAX: usize = 200;

/// Everything a person said, to every brand of the firm.
#[utoipa::path(
    get, path = "/contacts/{id}/timeline", operation_id = "contact_timeline", tag = "contacts",
    params(("id" = String, Path, description = "The person"), Paging),
    responses((status = 200, description = "Newest record first", body = Page<ConsentRecord>)),
)]
pub(crate) async fn contact_timeline(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<ConsentRecord>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let contact = reader.contact(caller.firm, id).await?.or_not_found()?;
    let mut events = Vec::new();
    for brand in reader.brands(caller.firm, None, BRANDS_MAX).await? {
        for address in [&contact.phone, &contact.email].into_iter().flatten() {
            events.extend(reader.consent_history(brand.id, address.id, None).await?);
        }
    }
    newest_first(&caller, events, &paging).map(Json)
}

/// A page of events, newest record first. Numbers come from blocks, so only
/// the time of recording tells which is newer.
pub(crate) fn newest_first(
    caller: &Caller,
    mut events: Vec<ConsentEvent>,
    paging: &Paging,
) -> Result<Page<ConsentRecord>, Problem> {
    let after = paging.after::<EventId>()?;
    events.sort_unstable_by_key(|event| std::cmp::Reverse((event.recorded_at, event.id)));
    let shown = match after {
        None => 0,
        Some(last) => {
            let place = events.iter().position(|event| event.id == last);
            place.ok_or_else(|| Problem::field("after", "cursor"))? + 1
        }
    };
    events.drain(..shown);
    paging.page(
        events,
        |event| event.id.to_string(),
        |event| ConsentRecord::of(caller, event),
    )
}
