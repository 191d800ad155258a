//! The events of many blocks in one row.
//!
//! A row for each event costs the driver several times what hashing the event
//! does: fifteen values are copied, a message crosses to another thread, and
//! columns are looked up by name. So the database packs a portion, and it is
//! unpacked where it is hashed.

use std::borrow::Cow;

use domain::consent::ConsentEvent;
use domain::ids::BrandId;

use super::StoredBlock;
use super::read::EventParts;
use crate::db::{Conn, Engine, Reader};
use crate::error::{Doing, StoreError};

macro_rules! events_between {
    ($select:literal, $addresses:literal, $address_of_event:literal) => {
        concat!(
            "SELECT ",
            $select,
            " FROM ledger_block b CROSS JOIN consent_event e ",
            $addresses,
            "WHERE b.brand_id = $1 AND b.number BETWEEN $2 AND $3 \
               AND e.id BETWEEN b.first_event_id AND b.last_event_id \
               AND e.brand_id = $1",
            $address_of_event
        )
    };
}

// SQLite has no arrays, and PostgreSQL is quicker with them than with JSON.
pub(super) const fn events_between(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => events_between!(
            "json_group_array(json_array(b.number, e.id, e.recipient_id, e.channel, e.kind, \
                e.status, e.consent_us, e.recorded_us, e.origin, e.origin_id, e.origin_line, \
                e.source, e.evidence, e.actor, r.address))",
            "CROSS JOIN recipient r ",
            " AND r.id = e.recipient_id"
        ),
        // No join: how many events lie between two numbers is anybody's guess to the planner,
        // which then reads every address of the firm for each portion. This is one look-up an
        // event, whatever it guesses.
        Engine::Postgres => events_between!(
            "array_agg(b.number), array_agg(e.id), array_agg(e.recipient_id), \
             array_agg(e.channel), array_agg(e.kind), array_agg(e.status), \
             array_agg(e.consent_us), array_agg(e.recorded_us), array_agg(e.origin), \
             array_agg(e.origin_id), array_agg(e.origin_line), array_agg(e.source), \
             array_agg(e.evidence), array_agg(e.actor), \
             array_agg((SELECT r.address FROM recipient r WHERE r.id = e.recipient_id))",
            "",
            ""
        ),
    }
}

/// Events as one of the databases packs them.
pub(super) enum Packed {
    /// An array of arrays.
    Json(String),
    /// Columns of equal length; none when there are no events.
    Columns(Box<Columns>),
}

type Ints = Option<Vec<i64>>;
type MaybeInts = Option<Vec<Option<i64>>>;
type Texts = Option<Vec<String>>;
type MaybeTexts = Option<Vec<Option<String>>>;

#[derive(sqlx::FromRow)]
pub(super) struct Columns(
    Ints,
    Ints,
    Ints,
    Ints,
    Ints,
    Ints,
    Ints,
    Ints,
    Ints,
    MaybeInts,
    MaybeInts,
    Texts,
    MaybeTexts,
    Texts,
    MaybeTexts,
);

/// One event of [`Packed::Json`], in the order of the statement.
#[derive(serde::Deserialize)]
struct Line<'a>(
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    #[serde(borrow)] Cow<'a, str>,
    Option<String>,
    String,
    #[serde(borrow)] Cow<'a, str>,
);

impl Reader {
    /// The events of these blocks, which follow one another.
    pub(super) async fn packed_events(
        &mut self,
        brand: BrandId,
        blocks: &[StoredBlock],
    ) -> Result<Packed, StoreError> {
        let (Some(low), Some(high)) = (blocks.first(), blocks.last()) else {
            return Ok(Packed::Json("[]".to_owned()));
        };
        let (low, high) = (low.block.number, high.block.number);
        let sql = events_between(self.engine());
        match self.conn() {
            Conn::Sqlite(conn) => sqlx::query_scalar(sql)
                .bind(brand.as_db())
                .bind(low)
                .bind(high)
                .fetch_one(conn)
                .await
                .map(Packed::Json),
            Conn::Postgres(conn) => sqlx::query_as(sql)
                .bind(brand.as_db())
                .bind(low)
                .bind(high)
                .fetch_one(conn)
                .await
                .map(|columns| Packed::Columns(Box::new(columns))),
        }
        .doing("reading the ledger")
    }
}

impl Packed {
    /// Puts the events into their blocks, ascending.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub(super) fn unpack(
        self,
        brand: BrandId,
        blocks: &mut [StoredBlock],
    ) -> Result<(), StoreError> {
        match self {
            Self::Json(text) => {
                let lines: Vec<Line<'_>> =
                    serde_json::from_str(&text).map_err(|_| unreadable(blocks))?;
                let events = lines
                    .into_iter()
                    .map(|line| Ok((line.0, line.into_event(brand)?)));
                put(events, blocks)
            }
            Self::Columns(columns) => put(columns.events(brand), blocks),
        }
    }
}

fn unreadable(blocks: &[StoredBlock]) -> StoreError {
    StoreError::Corrupt {
        table: "consent_event",
        column: "id",
        row: blocks
            .first()
            .map_or_else(String::new, |stored| stored.block.first.to_string()),
    }
}

/// Both databases walk blocks and events by their numbers; should one of them
/// come to do it otherwise, the events are put in order here.
fn put(
    events: impl Iterator<Item = Result<(i64, ConsentEvent), StoreError>>,
    blocks: &mut [StoredBlock],
) -> Result<(), StoreError> {
    let first = blocks.first().map_or(0, |stored| stored.block.number);
    let is_dense = blocks
        .iter()
        .zip(first..)
        .all(|(stored, number)| stored.block.number == number);
    for event in events {
        let (number, event) = event?;
        let at = if is_dense {
            usize::try_from(number - first).ok()
        } else {
            blocks
                .binary_search_by_key(&number, |stored| stored.block.number)
                .ok()
        };
        if let Some(block) = at.and_then(|at| blocks.get_mut(at)) {
            if block.events.is_empty() {
                // A head that was tampered with may name any count.
                let count = usize::try_from(block.block.count).unwrap_or_default();
                block
                    .events
                    .reserve(count.min(domain::ledger::BLOCK_EVENTS_MAX));
            }
            block.events.push(event);
        }
    }
    for block in blocks {
        if !block.events.is_sorted_by_key(|event| event.id) {
            block.events.sort_by_key(|event| event.id);
        }
    }
    Ok(())
}

impl Line<'_> {
    fn into_event(self, brand: BrandId) -> Result<ConsentEvent, StoreError> {
        let parts = EventParts {
            id: self.1,
            recipient: self.2,
            channel: self.3,
            kind: self.4,
            status: self.5,
            consent_us: self.6,
            recorded_us: self.7,
            origin: self.8,
            origin_id: self.9,
            origin_line: self.10,
            source: &self.11,
            evidence: self.12,
            actor: self.13,
            address: &self.14,
        };
        parts.into_event(brand)
    }
}

impl Columns {
    /// The events with the number of their block; columns of the same
    /// statement are equally long. An event whose address is gone is left out, as a join would:
    /// its block then lacks it.
    fn events(
        self,
        brand: BrandId,
    ) -> impl Iterator<Item = Result<(i64, ConsentEvent), StoreError>> {
        let mut sources = self.11.unwrap_or_default().into_iter();
        let mut evidences = self.12.unwrap_or_default().into_iter();
        let mut actors = self.13.unwrap_or_default().into_iter();
        let mut addresses = self.14.unwrap_or_default().into_iter();
        let mut ints = [
            self.1, self.2, self.3, self.4, self.5, self.6, self.7, self.8,
        ]
        .map(|column| column.unwrap_or_default().into_iter());
        let mut maybe = [self.9, self.10].map(|column| column.unwrap_or_default().into_iter());
        let numbers = self.0.unwrap_or_default().into_iter();
        let events = numbers.map_while(move |number| {
            let [
                id,
                recipient,
                channel,
                kind,
                status,
                consent_us,
                recorded_us,
                origin,
            ] = ints
                .each_mut()
                .map(|column| column.next().unwrap_or_default());
            let [origin_id, origin_line] = maybe.each_mut().map(|column| column.next().flatten());
            let source = sources.next()?;
            let (evidence, actor) = (evidences.next()?, actors.next()?);
            let Some(address) = addresses.next()? else {
                return Some(None);
            };
            let parts = EventParts {
                id,
                recipient,
                channel,
                kind,
                status,
                consent_us,
                recorded_us,
                source: &source,
                origin,
                origin_id,
                origin_line,
                evidence,
                actor,
                address: &address,
            };
            Some(Some(parts.into_event(brand).map(|event| (number, event))))
        });
        events.flatten()
    }
}
