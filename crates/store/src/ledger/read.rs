//! Reading the chain back: portions of whole blocks with their events.

use std::collections::VecDeque;

use domain::consent::{ConsentEvent, ConsentKey, Origin};
use domain::ids::{BrandId, EventId, RecipientId};
use domain::ledger::{BLOCK_EVENTS_MAX, Block};
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};

use super::{StoredBlock, digest};
use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::known;

/// Block heads read at a time.
const HEADS: i64 = 1_024;

const HEADS_AFTER: &str = "SELECT number, first_event_id, last_event_id, event_count, root, \
        previous, hash, created_us \
     FROM ledger_block WHERE brand_id = $1 AND number > $2 ORDER BY number LIMIT $3";

/// The block that may hold an event: ranges of blocks never overlap, so it is
/// the one that begins last before it.
const BLOCK_OF: &str = "SELECT number FROM ledger_block \
     WHERE brand_id = $1 AND first_event_id <= $2 ORDER BY first_event_id DESC LIMIT 1";

const PRINTS: &str = "SELECT prints FROM ledger_print WHERE brand_id = $1 AND number = $2";

#[derive(sqlx::FromRow)]
struct BlockRow {
    number: i64,
    first_event_id: i64,
    last_event_id: i64,
    event_count: i64,
    root: Vec<u8>,
    previous: Vec<u8>,
    hash: Vec<u8>,
    created_us: i64,
}

impl BlockRow {
    fn stored(&self, brand: BrandId) -> Result<StoredBlock, StoreError> {
        let digest = |column, bytes: &[u8]| digest("ledger_block", column, self.number, bytes);
        Ok(StoredBlock {
            block: Block {
                brand,
                number: self.number,
                first: EventId::from_db(self.first_event_id),
                last: EventId::from_db(self.last_event_id),
                count: self.event_count,
                root: digest("root", &self.root)?,
                previous: digest("previous", &self.previous)?,
                created_at: Timestamp::from_micros(self.created_us),
            },
            hash: digest("hash", &self.hash)?,
            events: Vec::new(),
        })
    }
}

/// Takes the next portion off the heads: at least one block while there are
/// any, and as many as hold at most [`BLOCK_EVENTS_MAX`] events.
pub(super) fn portion(heads: &mut VecDeque<StoredBlock>) -> Vec<StoredBlock> {
    let most = i64::try_from(BLOCK_EVENTS_MAX).unwrap_or(i64::MAX);
    let mut blocks = Vec::new();
    let mut events = 0_i64;
    while let Some(head) = heads.front() {
        events = events.saturating_add(head.block.count.max(1));
        if !blocks.is_empty() && events > most {
            break;
        }
        blocks.extend(heads.pop_front());
    }
    blocks
}

impl Reader {
    /// The next blocks of a brand's chain after number `after` (0 for the
    /// first), with their events: at least one block while there are any, and
    /// as many as hold some thousands of events. This is also the export.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn ledger_blocks(
        &mut self,
        brand: BrandId,
        after: i64,
    ) -> Result<Vec<StoredBlock>, StoreError> {
        let mut heads = self.ledger_heads(brand, after).await?;
        let mut blocks = portion(&mut heads);
        self.fill_blocks(brand, &mut blocks).await?;
        Ok(blocks)
    }

    /// The next blocks after number `after`, without their events.
    pub(super) async fn ledger_heads(
        &mut self,
        brand: BrandId,
        after: i64,
    ) -> Result<VecDeque<StoredBlock>, StoreError> {
        let rows: Vec<BlockRow> = on!(self, conn => sqlx::query_as(HEADS_AFTER)
            .bind(brand.as_db())
            .bind(after)
            .bind(HEADS)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the ledger")?;
        rows.iter().map(|row| row.stored(brand)).collect()
    }

    async fn fill_blocks(
        &mut self,
        brand: BrandId,
        blocks: &mut [StoredBlock],
    ) -> Result<(), StoreError> {
        let packed = self.packed_events(brand, blocks).await?;
        packed.unpack(brand, blocks)
    }

    /// The block of this number, with its events.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn ledger_block(
        &mut self,
        brand: BrandId,
        number: i64,
    ) -> Result<Option<StoredBlock>, StoreError> {
        let row: Option<BlockRow> = on!(self, conn => sqlx::query_as(HEADS_AFTER)
            .bind(brand.as_db())
            .bind(number - 1)
            .bind(1_i64)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a block")?;
        let Some(row) = row.filter(|row| row.number == number) else {
            return Ok(None);
        };
        let mut blocks = [row.stored(brand)?];
        self.fill_blocks(brand, &mut blocks).await?;
        let [block] = blocks;
        Ok(Some(block))
    }

    /// The block that an event stands in, with its events.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn ledger_block_of(
        &mut self,
        brand: BrandId,
        event: EventId,
    ) -> Result<Option<StoredBlock>, StoreError> {
        let number: Option<i64> = on!(self, conn => sqlx::query_scalar(BLOCK_OF)
            .bind(brand.as_db())
            .bind(event.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the block of an event")?;
        let Some(number) = number else {
            return Ok(None);
        };
        let block = self.ledger_block(brand, number).await?;
        Ok(block.filter(|stored| stored.block.last >= event))
    }

    /// The beginnings of a block's leaves; none for a block written without.
    pub(crate) async fn block_prints(
        &mut self,
        brand: BrandId,
        number: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        on!(self, conn => sqlx::query_scalar(PRINTS)
            .bind(brand.as_db())
            .bind(number)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the prints of a block")
    }
}

/// A row of `consent_event` with its address.
#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    pub id: i64,
    #[sqlx(rename = "recipient_id")]
    pub recipient: i64,
    pub channel: i64,
    pub kind: i64,
    pub status: i64,
    pub consent_us: i64,
    pub recorded_us: i64,
    pub source: String,
    pub origin: i64,
    pub origin_id: Option<i64>,
    pub origin_line: Option<i64>,
    pub evidence: Option<String>,
    pub actor: String,
    pub address: String,
}

impl EventRow {
    pub(crate) fn into_event(self, brand: BrandId) -> Result<ConsentEvent, StoreError> {
        let parts = EventParts {
            id: self.id,
            recipient: self.recipient,
            channel: self.channel,
            kind: self.kind,
            status: self.status,
            consent_us: self.consent_us,
            recorded_us: self.recorded_us,
            source: &self.source,
            origin: self.origin,
            origin_id: self.origin_id,
            origin_line: self.origin_line,
            evidence: self.evidence,
            actor: self.actor,
            address: &self.address,
        };
        parts.into_event(brand)
    }
}

/// The columns of an event with its address, before they are understood.
pub(super) struct EventParts<'a> {
    pub id: i64,
    pub recipient: i64,
    pub channel: i64,
    pub kind: i64,
    pub status: i64,
    pub consent_us: i64,
    pub recorded_us: i64,
    pub source: &'a str,
    pub origin: i64,
    pub origin_id: Option<i64>,
    pub origin_line: Option<i64>,
    pub evidence: Option<String>,
    pub actor: String,
    pub address: &'a str,
}

impl EventParts<'_> {
    pub(super) fn into_event(self, brand: BrandId) -> Result<ConsentEvent, StoreError> {
        let table = "consent_event";
        let id = self.id;
        Ok(ConsentEvent {
            id: EventId::from_db(id),
            key: ConsentKey {
                brand,
                recipient: RecipientId::from_db(self.recipient),
                channel: known(Channel::from_db(self.channel), table, "channel", id)?,
                kind: known(RecipientKind::from_db(self.kind), table, "kind", id)?,
            },
            recipient: known(
                Recipient::from_normalised(self.address).ok(),
                "recipient",
                "address",
                self.recipient,
            )?,
            status: known(Status::from_db(self.status), table, "status", id)?,
            consent_date: Timestamp::from_micros(self.consent_us),
            recorded_at: Timestamp::from_micros(self.recorded_us),
            source: known(Source::from_registry(self.source), table, "source", id)?,
            origin: known(Origin::from_db(self.origin), table, "origin", id)?,
            origin_id: self.origin_id,
            origin_line: self.origin_line,
            evidence: self.evidence,
            actor: self.actor,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::packed::events_between;
    use super::*;
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn a_portion_of_the_ledger_is_read_by_the_range_of_its_numbers() {
        let block = || Index::of_key("sqlite_autoindex_ledger_block_1", "ledger_block_pkey");
        walks_in_order(|_| HEADS_AFTER, block()).await;
        walks(events_between, block()).await;
        let event = Index::of_key("SEARCH e USING INTEGER PRIMARY KEY", "consent_event_pkey");
        walks(events_between, event).await;
        walks_in_order(|_| BLOCK_OF, Index::named("ledger_block_range")).await;
        let prints = Index::of_key("sqlite_autoindex_ledger_print_1", "ledger_print_pkey");
        walks(|_| PRINTS, prints).await;
    }
}
