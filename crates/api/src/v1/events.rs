//! `/events`: what people did, told by the firm's programs, and the latest of it.

mod types;

use std::borrow::Cow;
use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::event::event_name;
use domain::ids::{BrandId, ContactId, PersonEventId};
use domain::{Channel, ReasonCode, Timestamp};
use engine::events::{EVENTS_MAX, EventClaim, EventOutcome, EventReason};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::access::Permission;
use store::events::{EventsOf, ListedEvent};
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

pub(crate) use types::*;

use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::checks::fault;
use crate::creation::Creation;
use crate::page::{Page, Paging, Place};
use crate::problem::{OrNotFound, Problem};
use crate::reason::Reason;
use crate::words;
use crate::written::read_address;

/// Longest address of an item, characters.
const ADDRESS_CHARS_MAX: usize = 320;

/// Events to be taken in.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvents {
    /// The brand with which it happened.
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// 1 to 1,000 events; a call has at most 2 MB.
    #[validate(custom(function = "not_too_many"))]
    items: Vec<NewEvent>,
}

/// One event. What is wrong with it refuses it alone, with a reason.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEvent {
    /// Its own key, 1 to 128 characters: the same key twice is one event of the brand.
    #[schema(example = "siparis-4711")]
    key: String,
    /// What happened, in any spelling; kept as `randevu.iptal`: lower case
    /// without accents, words joined by dots.
    #[schema(example = "satin_alma")]
    name: String,
    /// The firm's own number of the person; this or `address` is needed. With
    /// both, the number counts where somebody has it.
    #[serde(default)]
    external_id: Option<String>,
    /// A phone number as people write it, or an e-mail address.
    #[serde(default)]
    #[schema(example = "+905321234567")]
    address: Option<String>,
    /// When it happened, as `2025-06-23T10:00:00+03:00`; now, unless given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<String>,
    /// What else is to be said, at most 8 KB; numbers without quotes.
    #[serde(default)]
    #[schema(value_type = words::AnyObject)]
    body: Map<String, Value>,
}

fn not_too_many(items: &[NewEvent]) -> Result<(), ValidationError> {
    if (1..=EVENTS_MAX).contains(&items.len()) {
        return Ok(());
    }
    let mut error = fault("count");
    error.add_param("min".into(), &1);
    error.add_param("max".into(), &EVENTS_MAX);
    Err(error)
}

/// What became of each event, in the order given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventsTaken {
    items: Vec<EventTaken>,
}

/// What became of one event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventTaken {
    /// Whether it is kept, or was before.
    accepted: bool,
    /// Its number; of a repeat, the first one's.
    #[schema(value_type = Option<String>, example = "pev_10000")]
    event_id: Option<PersonEventId>,
    /// Why it was refused.
    reason: Option<Reason>,
    /// What is to be said about one that is kept: nobody described its name
    /// (W901), nobody is on record for it (W902), it was taken before (W903), a
    /// field is of another kind (W904).
    remarks: Vec<Reason>,
}

fn told(reason: &EventReason) -> Reason {
    Reason::with(reason.code, &reason.args)
}

impl EventTaken {
    fn of(outcome: &EventOutcome) -> Self {
        match outcome {
            EventOutcome::Taken { id, remarks } => Self {
                accepted: true,
                event_id: Some(*id),
                reason: None,
                remarks: remarks.iter().map(told).collect(),
            },
            EventOutcome::Refused(reason) => Self::refused(told(reason)),
        }
    }

    const fn refused(reason: Reason) -> Self {
        Self {
            accepted: false,
            event_id: None,
            reason: Some(reason),
            remarks: Vec::new(),
        }
    }
}

impl NewEvent {
    /// The event as the engine takes it.
    fn claim(self, countries: &[String]) -> Result<EventClaim, Reason> {
        let address = self.address.as_deref().map(str::trim);
        let address = address
            .filter(|text| !text.is_empty())
            .map(|text| address_of(text, countries))
            .transpose()?;
        let occurred_at = self
            .occurred_at
            .as_deref()
            .map(|text| {
                let at: Result<Timestamp, _> = text.trim().parse();
                let value = ("value".to_owned(), shortened(text).into_owned());
                at.map_err(|_| Reason::with(ReasonCode::R907, &[value]))
            })
            .transpose()?;
        Ok(EventClaim {
            key: self.key,
            name: self.name,
            external_id: self.external_id,
            address,
            occurred_at,
            body: self.body,
        })
    }
}

/// By the rules of files; a number of a fixed line may be somebody's, too.
fn address_of(text: &str, countries: &[String]) -> Result<domain::Recipient, Reason> {
    let channel = if text.contains('@') {
        Channel::Eposta
    } else {
        Channel::Arama
    };
    let is_email = channel == Channel::Eposta;
    if text.chars().count() > ADDRESS_CHARS_MAX {
        return Err(Reason::of(if is_email {
            ReasonCode::R305
        } else {
            ReasonCode::R204
        }));
    }
    read_address(text, channel, countries)
}

/// A few characters of what somebody sent, for a sentence.
fn shortened(text: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Takes events in. Each is judged by itself: one that is refused does not
/// keep the others out.
#[utoipa::path(
    post, path = "/events", operation_id = "record_events", tag = "events",
    params(crate::openapi::IdempotencyKey), request_body = NewEvents,
    responses((status = 201, description = "What became of each", body = EventsTaken)),
)]
pub(crate) async fn record_events(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewEvents>,
) -> Result<Response, Problem> {
    caller.needs(Permission::RecordEvents)?;
    let by = caller.clone();
    let (engine, brands) = (app.engine.clone(), app.clone());
    creation
        .by_engine(
            &app,
            &caller,
            StatusCode::CREATED,
            async move |wanted: NewEvents| {
                let brand = brands.read().await?.brand(by.firm, wanted.brand_id).await?;
                let brand = brand.or_not_found()?;
                let mut claims = Vec::with_capacity(wanted.items.len());
                let mut read = Vec::with_capacity(wanted.items.len());
                for item in wanted.items {
                    read.push(item.claim(&brand.countries).map(|claim| claims.push(claim)));
                }
                let outcomes = if claims.is_empty() {
                    Vec::new()
                } else {
                    engine
                        .record_events(by.firm, brand.id, claims, &by.actor)
                        .await?
                };
                let mut outcomes = outcomes.iter().map(EventTaken::of);
                let items = read.into_iter().filter_map(|read| match read {
                    Ok(()) => outcomes.next(),
                    Err(reason) => Some(EventTaken::refused(reason)),
                });
                Ok(EventsTaken {
                    items: items.collect(),
                })
            },
        )
        .await
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    #[param(value_type = String)]
    brand_id: BrandId,
    /// Those of one name only.
    name: Option<String>,
    /// Those of one person only; not together with `name`.
    #[param(value_type = Option<String>)]
    contact_id: Option<ContactId>,
}

/// What somebody did (*olay*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonEvent {
    #[schema(value_type = String, example = "pev_10000")]
    id: PersonEventId,
    name: String,
    /// Whether somebody described events of this name (*tanımsız olay* if not).
    is_defined: bool,
    /// Whose it is; absent while the firm has nobody of that name.
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// Masked for roles that may not read personal data.
    full_name: Option<String>,
    /// As its sender called it.
    key: String,
    /// As its sender wrote it; absent for roles that may not read personal data.
    #[schema(value_type = Option<words::AnyObject>)]
    body: Option<Value>,
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
}

impl PersonEvent {
    fn of(caller: &Caller, event: ListedEvent) -> Self {
        let shows_body = caller.role.may(Permission::ReadPersonal);
        Self {
            id: event.id,
            name: event.name,
            is_defined: event.is_defined,
            contact_id: event.contact,
            full_name: event.full_name.map(|name| caller.shows_name(name)),
            key: event.key,
            // What the store holds was JSON when it came in; should it not be, it is not shown.
            body: serde_json::from_str(&event.body)
                .ok()
                .filter(|_| shows_body),
            occurred_at: event.occurred_at,
            received_at: event.received_at,
        }
    }
}

/// Events of a brand.
#[utoipa::path(
    get, path = "/events", operation_id = "events", tag = "events",
    params(EventQuery, Paging),
    responses((status = 200, description = "The latest first", body = Page<PersonEvent>)),
)]
pub(crate) async fn events(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<EventQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<PersonEvent>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let brand = reader.brand(caller.firm, query.brand_id).await?;
    let brand = brand.or_not_found()?;
    let of = match (query.name.as_deref(), query.contact_id) {
        (Some(_), Some(_)) => return Err(Problem::field("contact_id", "repeated")),
        (None, Some(contact)) => EventsOf::Contact(contact),
        (None, None) => EventsOf::Brand,
        (Some(name), None) => {
            let name = event_name(name).ok_or_else(|| Problem::field("name", "unreadable"))?;
            let names = BTreeSet::from([name.as_str()]);
            let named = reader.event_types_named(caller.firm, &names).await?;
            EventsOf::Kind(named.get(&name).or_not_found()?.id)
        }
    };
    let before = paging.after::<Place<2>>()?;
    let before = before.map(|Place([at, id])| (at, id));
    let rows = reader.events(brand.id, of, before, paging.rows()?).await?;
    let place =
        |event: &ListedEvent| Place([event.occurred_at.as_micros(), event.id.as_db()]).to_string();
    paging
        .page(rows, place, |event| PersonEvent::of(&caller, event))
        .map(Json)
}
