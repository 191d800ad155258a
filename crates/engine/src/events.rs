//! Events of people: taken in, each once by its key, and joined to their
//! people when those are recorded later. A name that nobody described and a
//! person whom nobody knows are kept with a remark, not dropped.

use std::collections::{BTreeSet, HashMap};

use domain::event::{NAME_CHARS_MAX, TYPES_MAX, body_text, event_name, is_key};
use domain::ids::{BrandId, FirmId, PersonEventId};
use domain::time::{DAY_US, MINUTE_US};
use domain::{ReasonCode, Recipient, Timestamp};
use serde_json::{Map, Value};
use store::event_types::EventType;
use store::events::{Named, NewEvent, Recorded};

use crate::Engine;
use crate::error::EngineError;

/// Most events of one call.
pub const EVENTS_MAX: usize = 1_000;
/// How far the clock of a sender may be ahead of ours.
const AHEAD_US: i64 = 5 * MINUTE_US;
/// How long the person of an event is waited for.
const STRANGER_DAYS: i64 = 30;
/// Longest number of a person, characters.
const EXTERNAL_CHARS_MAX: usize = 255;

/// An event as its sender wrote it.
#[derive(Debug, Clone)]
pub struct EventClaim {
    /// The same key twice is one event.
    pub key: String,
    /// What happened, in any spelling.
    pub name: String,
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// An address of the person.
    pub address: Option<Recipient>,
    /// When it happened; now, unless given.
    pub occurred_at: Option<Timestamp>,
    /// What else is to be said.
    pub body: Map<String, Value>,
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// It is kept.
    Taken {
        /// Its number; of a repeat, the first one's.
        id: PersonEventId,
        /// What is to be said about it.
        remarks: Vec<EventReason>,
    },
    /// It is not kept.
    Refused(EventReason),
}

/// A reason code with the particulars of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventReason {
    /// The code.
    pub code: ReasonCode,
    /// Values of its text's placeholders.
    pub args: Vec<(String, String)>,
}

impl EventReason {
    /// A code without particulars.
    pub const fn of(code: ReasonCode) -> Self {
        Self {
            code,
            args: Vec::new(),
        }
    }

    /// A code with one particular.
    pub fn with(code: ReasonCode, name: &str, value: impl Into<String>) -> Self {
        Self {
            code,
            args: vec![(name.to_owned(), value.into())],
        }
    }
}

/// An event whose form is in order.
struct Sound {
    key: String,
    name: String,
    named: Named,
    body: Map<String, Value>,
    text: String,
    occurred_at: Timestamp,
}

impl Engine {
    /// Takes events of a brand in. Each is judged by itself; the answers stand
    /// in the order given.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when there are too many,
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn record_events(
        &self,
        firm: FirmId,
        brand: BrandId,
        claims: Vec<EventClaim>,
        actor: &str,
    ) -> Result<Vec<EventOutcome>, EngineError> {
        if claims.is_empty() || claims.len() > EVENTS_MAX {
            return Err(EngineError::invalid(
                "items",
                format!("must hold 1 to {EVENTS_MAX} events"),
            ));
        }
        let judged: Vec<Result<Sound, EventReason>> =
            claims.into_iter().map(|claim| self.judge(claim)).collect();
        let names: Vec<Named> = judged
            .iter()
            .flatten()
            .map(|sound| sound.named.clone())
            .collect();
        let mut reader = self.store.read().await?;
        reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let people = reader.people_named(firm, &names).await?;
        drop(reader);
        let mut writer = self.store.write().await?;
        let wanted: BTreeSet<&str> = judged
            .iter()
            .flatten()
            .map(|sound| sound.name.as_str())
            .collect();
        let kinds = writer.ensure_event_types(firm, &wanted).await?;
        let mut people = people.into_iter();
        let mut events = Vec::with_capacity(judged.len());
        let mut drafts = Vec::with_capacity(judged.len());
        for sound in judged {
            drafts.push(match sound {
                Ok(sound) => draft(sound, people.next().flatten(), &kinds, &mut events),
                Err(reason) => Err(reason),
            });
        }
        let recorded = writer.record_events(firm, brand, actor, &events).await?;
        writer.commit().await?;
        let mut recorded = recorded.into_iter();
        drafts
            .into_iter()
            .map(|draft| match draft {
                Ok(remarks) => recorded.next().map(|one| outcome(one, remarks)),
                Err(reason) => Some(EventOutcome::Refused(reason)),
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| EngineError::Internal("an event was neither kept nor refused".into()))
    }

    /// Whether the form of an event is in order.
    fn judge(&self, claim: EventClaim) -> Result<Sound, EventReason> {
        if !is_key(&claim.key) {
            return Err(EventReason::of(ReasonCode::R901));
        }
        let name = event_name(&claim.name).ok_or_else(|| {
            let value: String = claim.name.chars().take(NAME_CHARS_MAX).collect();
            EventReason::with(ReasonCode::R903, "value", value)
        })?;
        let external_id = claim.external_id.map(|id| id.trim().to_owned());
        let external_id = external_id.filter(|id| !id.is_empty());
        if let Some(id) = &external_id
            && (id.chars().count() > EXTERNAL_CHARS_MAX || id.chars().any(char::is_control))
        {
            return Err(EventReason::of(ReasonCode::R403));
        }
        if external_id.is_none() && claim.address.is_none() {
            return Err(EventReason::of(ReasonCode::R905));
        }
        let text = body_text(&claim.body).ok_or_else(|| EventReason::of(ReasonCode::R906))?;
        let now = self.now();
        let occurred_at = claim.occurred_at.unwrap_or(now);
        if occurred_at > now.plus_micros(AHEAD_US) {
            return Err(EventReason::of(ReasonCode::R908));
        }
        let kept = self.settings.housekeeping.keep_events_days;
        if occurred_at < now.plus_micros(-kept * DAY_US) {
            return Err(EventReason::with(
                ReasonCode::R909,
                "limit",
                kept.to_string(),
            ));
        }
        Ok(Sound {
            key: claim.key,
            name,
            named: Named {
                external_id,
                address: claim.address,
            },
            body: claim.body,
            text,
            occurred_at,
        })
    }

    /// Joins earlier events to people who are known by now, and deletes what is
    /// kept no longer; whether there may be more to do.
    pub(crate) async fn tidy_events(&self, rows_max: usize) -> Result<bool, EngineError> {
        let known = self
            .store
            .read()
            .await?
            .event_strangers_known(rows_max)
            .await?;
        let now = self.now();
        let kept_us = self.settings.housekeeping.keep_events_days * DAY_US;
        let mut writer = self.store.write().await?;
        writer.join_event_strangers(&known).await?;
        let strangers = writer
            .forget_event_strangers(now.plus_micros(-STRANGER_DAYS * DAY_US), rows_max)
            .await?;
        let old = writer
            .purge_events(now.plus_micros(-kept_us), rows_max)
            .await?;
        writer.commit().await?;
        if !known.is_empty() {
            tracing::info!(
                events = known.len(),
                "events were joined to people who are known by now"
            );
        }
        if old > 0 {
            tracing::info!(events = old, "events older than they are kept were deleted");
        }
        let most = known.len() as u64;
        Ok(most.max(strangers).max(old) >= rows_max as u64)
    }
}

/// What is kept of an event, added to `events`, and what is to be said about it.
fn draft(
    sound: Sound,
    contact: Option<domain::ids::ContactId>,
    kinds: &HashMap<String, EventType>,
    events: &mut Vec<NewEvent>,
) -> Result<Vec<EventReason>, EventReason> {
    let Some(kind) = kinds.get(&sound.name) else {
        let limit = TYPES_MAX.to_string();
        return Err(EventReason::with(ReasonCode::R904, "limit", limit));
    };
    let mut remarks = Vec::new();
    if !kind.is_defined {
        let name = sound.name.clone();
        remarks.push(EventReason::with(ReasonCode::W901, "name", name));
    }
    if contact.is_none() {
        remarks.push(EventReason::of(ReasonCode::W902));
    }
    if let Some(field) = kind.shape.misfit(&sound.body) {
        remarks.push(EventReason::with(ReasonCode::W904, "field", field));
    }
    events.push(NewEvent {
        key: sound.key,
        kind: kind.id,
        contact,
        named: sound.named,
        body: sound.text,
        occurred_at: sound.occurred_at,
    });
    Ok(remarks)
}

/// A repeat is told as such; its remarks were told the first time.
fn outcome(recorded: Recorded, remarks: Vec<EventReason>) -> EventOutcome {
    let id = recorded.id;
    if recorded.is_new {
        return EventOutcome::Taken { id, remarks };
    }
    if recorded.is_same {
        let remarks = vec![EventReason::of(ReasonCode::W903)];
        return EventOutcome::Taken { id, remarks };
    }
    EventOutcome::Refused(EventReason::of(ReasonCode::R902))
}
