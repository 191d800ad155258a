//! The events of many blocks at once.
//!
//! A row for each event costs the driver several times what hashing the event
//! does: fifteen values are copied, a message crosses to another thread, and
//! columns are looked up by name. So SQLite packs a portion into one row,
//! PostgreSQL hands it over by a COPY, and it is unpacked where it is hashed.

use std::borrow::Cow;

use domain::consent::ConsentEvent;
use domain::ids::BrandId;
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnection;

use super::StoredBlock;
use super::read::EventParts;
#[cfg(test)]
use crate::db::Engine;
use crate::db::{Conn, Reader};
use crate::error::{Doing, StoreError};
use crate::given::Copied;

/// The columns of an event, in the order of [`Line`].
macro_rules! columns {
    () => {
        "b.number, e.id, e.recipient_id, e.channel, e.kind, e.status, e.consent_us, \
         e.recorded_us, e.origin, e.origin_id, e.origin_line, e.source, e.evidence, e.actor, "
    };
}
/// How many they are.
const COLUMNS: i16 = 15;

/// SQLite has no COPY.
const PACKED: &str = concat!(
    "SELECT json_group_array(json_array(",
    columns!(),
    "r.address)) FROM ledger_block b CROSS JOIN consent_event e CROSS JOIN recipient r \
     WHERE b.brand_id = $1 AND b.number BETWEEN $2 AND $3 \
       AND e.id BETWEEN b.first_event_id AND b.last_event_id AND e.brand_id = $1 \
       AND r.id = e.recipient_id"
);

/// COPY takes no parameters: `brand`, `low` and `high` are numbers.
///
/// No join with the addresses: how many events lie between two numbers is anybody's guess
/// to the planner, which then reads every address of the firm for each portion.
/// This is one look-up an event, whatever it guesses.
fn rows_between(brand: &str, low: &str, high: &str) -> String {
    format!(
        "SELECT {}(SELECT r.address FROM recipient r WHERE r.id = e.recipient_id) \
         FROM ledger_block b CROSS JOIN consent_event e \
         WHERE b.brand_id = {brand} AND b.number BETWEEN {low} AND {high} \
           AND e.id BETWEEN b.first_event_id AND b.last_event_id AND e.brand_id = {brand}",
        columns!()
    )
}

/// The statement that reads the events between two blocks, for its plan.
#[cfg(test)]
pub(super) fn events_between(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => PACKED,
        Engine::Postgres => rows_between("$1", "$2", "$3").leak(),
    }
}

/// Events as one of the databases packs them.
pub(super) enum Packed {
    /// An array of arrays.
    Json(String),
    /// The rows of a binary COPY without its head.
    Rows(Vec<u8>),
}

/// One event, in the order of the statement.
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
        match self.conn() {
            Conn::Sqlite(conn) => sqlx::query_scalar(PACKED)
                .bind(brand.as_db())
                .bind(low)
                .bind(high)
                .fetch_one(conn)
                .await
                .map(Packed::Json),
            Conn::Postgres(conn) => {
                let (brand, low, high) = (brand.as_db(), low, high);
                let sql = rows_between(&brand.to_string(), &low.to_string(), &high.to_string());
                copied(conn, &format!("COPY ({sql}) TO STDOUT (FORMAT BINARY)"))
                    .await
                    .map(Packed::Rows)
            }
        }
        .doing("reading the ledger")
    }
}

/// Everything that a COPY hands over, one row behind the other.
async fn copied(conn: &mut PgConnection, sql: &str) -> Result<Vec<u8>, sqlx::Error> {
    let mut rows = conn.copy_out_raw(sql).await?;
    let mut bytes = Vec::new();
    while let Some(message) = rows.try_next().await? {
        bytes.extend_from_slice(&message);
    }
    Ok(bytes)
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
            Self::Rows(bytes) => {
                let mut rows = Copied::of(&bytes);
                let lines = std::iter::from_fn(|| match line_of(&mut rows) {
                    Some(line) => line.map(Some),
                    None => Some(None),
                });
                let lines: Vec<Line<'_>> = lines
                    .collect::<Option<_>>()
                    .ok_or_else(|| unreadable(blocks))?;
                let events = lines
                    .into_iter()
                    .map(|line| Ok((line.0, line.into_event(brand)?)));
                put(events, blocks)
            }
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

/// The next event of a COPY whose address is there: an event without one is left
/// out, as a join would, so that its block lacks it. `Some(None)` at the end, `None` when
/// the rows are not of that shape.
fn line_of<'a>(rows: &mut Copied<'a>) -> Option<Option<Line<'a>>> {
    while rows.next_row(COLUMNS)? {
        let mut ints = [0; 9];
        for int in &mut ints {
            *int = rows.int()?;
        }
        let [
            number,
            id,
            recipient,
            channel,
            kind,
            status,
            consent,
            recorded,
            origin,
        ] = ints;
        let (origin_id, origin_line) = (rows.maybe_int()?, rows.maybe_int()?);
        let source = Cow::Borrowed(rows.text()??);
        let evidence = rows.text()?.map(str::to_owned);
        let actor = rows.text()??.to_owned();
        if let Some(address) = rows.text()? {
            return Some(Some(Line(
                number,
                id,
                recipient,
                channel,
                kind,
                status,
                consent,
                recorded,
                origin,
                origin_id,
                origin_line,
                source,
                evidence,
                actor,
                Cow::Borrowed(address),
            )));
        }
    }
    Some(None)
}
