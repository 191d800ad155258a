//! The consent ledger: events appended in blocks, each block chained to the
//! one before it, and the whole recomputed on demand.
//!
//! A block's events have consecutive numbers, so a block is read by a range of
//! the primary key. The row of `ledger_head` is the end of a brand's chain;
//! its lock is also what puts all writers of the brand's consent states in
//! line (see [`crate::consent`]).

mod checkpoint;
mod packed;
mod read;
mod schedule;
mod verify;

use std::sync::Arc;

use domain::Timestamp;
use domain::consent::ConsentEvent;
use domain::ids::BrandId;
pub use domain::ledger::Fault;
use domain::ledger::{BLOCK_EVENTS_MAX, Block, GENESIS, Hash, leaf, prints, root};

pub use checkpoint::Checkpoint;
pub(crate) use read::EventRow;
pub use schedule::LedgerChecked;
pub use verify::Verification;

use crate::db::Writer;
use crate::error::{Doing, StoreError, exactly};
use crate::given::Given;
use crate::row::known;

/// Blocks of fewer events are hashed where they are; larger ones take more
/// than a millisecond and leave the async threads.
const HASHED_IN_PLACE_MAX: usize = 256;

/// The end of a brand's chain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    number: i64,
    hash: Hash,
}

/// A block as it is stored, with its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlock {
    /// The block.
    pub block: Block,
    /// The hash that was stored with it.
    pub hash: Hash,
    /// The events found in its range, in the order of their numbers.
    pub events: Vec<ConsentEvent>,
}

impl Writer {
    /// The end of the brand's chain, locked: nobody else appends or changes a
    /// consent state of the brand until this transaction ends.
    pub(crate) async fn lock_ledger(&mut self, brand: BrandId) -> Result<Head, StoreError> {
        // Both makes the row and locks it; a plain read would lock nothing on the first day.
        let sql = "INSERT INTO ledger_head (brand_id, number, hash) VALUES ($1, 0, $2) \
                   ON CONFLICT (brand_id) DO UPDATE SET number = ledger_head.number \
                   RETURNING number, hash";
        let (number, hash): (i64, Vec<u8>) = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(GENESIS.as_slice())
            .fetch_one(&mut *conn)
            .await)
        .doing("locking the ledger")?;
        Ok(Head {
            number,
            hash: digest("ledger_head", "hash", brand.as_db(), &hash)?,
        })
    }

    /// Appends events with consecutive numbers as one block; nothing when there are none.
    pub(crate) async fn append_block(
        &mut self,
        brand: BrandId,
        now: Timestamp,
        head: Head,
        events: Vec<ConsentEvent>,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Ok(());
        };
        if events.len() > BLOCK_EVENTS_MAX {
            return Err(StoreError::OutOfIds);
        }
        let mut block = Block {
            brand,
            number: head.number + 1,
            first: first.id,
            last: last.id,
            count: i64::try_from(events.len()).unwrap_or(i64::MAX),
            root: GENESIS,
            previous: head.hash,
            created_at: now,
        };
        let events = Arc::new(events);
        let kept;
        if events.len() <= HASHED_IN_PLACE_MAX {
            (block.root, kept) = hashed(&events);
            self.append_rows(brand, now, &events).await?;
        } else {
            // Hashing and inserting have nothing to do with each other.
            let shared = Arc::clone(&events);
            let hashing = tokio::task::spawn_blocking(move || hashed(&shared));
            self.append_rows(brand, now, &events).await?;
            (block.root, kept) = hashing.await.map_err(|_| hashing_stopped())?;
        }
        self.insert_block(&block).await?;
        self.insert_prints(&block, &kept).await
    }

    async fn append_rows(
        &mut self,
        brand: BrandId,
        now: Timestamp,
        events: &[ConsentEvent],
    ) -> Result<(), StoreError> {
        let given = Given::new()
            .ints("id", events.iter().map(|e| e.id.as_db()))
            .ints(
                "recipient_id",
                events.iter().map(|e| e.key.recipient.as_db()),
            )
            .ints("channel", events.iter().map(|e| e.key.channel.as_db()))
            .ints("kind", events.iter().map(|e| e.key.kind.as_db()))
            .ints("status", events.iter().map(|e| e.status.as_db()))
            .ints(
                "consent_us",
                events.iter().map(|e| e.consent_date.as_micros()),
            )
            .texts("source", events.iter().map(|e| e.source.as_str()))
            .ints("origin", events.iter().map(|e| e.origin.as_db()))
            .maybe_ints("origin_id", events.iter().map(|e| e.origin_id))
            .maybe_ints("origin_line", events.iter().map(|e| e.origin_line))
            .maybe_texts("evidence", events.iter().map(|e| e.evidence.as_deref()))
            .texts("actor", events.iter().map(|e| e.actor.as_str()))
            .same("brand_id", brand.as_db())
            .same("recorded_us", now.as_micros());
        self.load("consent_event", &given, "appending events").await
    }

    async fn insert_block(&mut self, block: &Block) -> Result<(), StoreError> {
        let sql = "INSERT INTO ledger_block (brand_id, number, first_event_id, last_event_id, \
                          event_count, root, previous, hash, created_us) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let hash = block.hash();
        on!(self, conn => sqlx::query(sql)
            .bind(block.brand.as_db())
            .bind(block.number)
            .bind(block.first.as_db())
            .bind(block.last.as_db())
            .bind(block.count)
            .bind(block.root.as_slice())
            .bind(block.previous.as_slice())
            .bind(hash.as_slice())
            .bind(block.created_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("appending a block")?;
        let sql = "UPDATE ledger_head SET number = $1, hash = $2 \
                   WHERE brand_id = $3 AND number = $4";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(block.number)
            .bind(hash.as_slice())
            .bind(block.brand.as_db())
            .bind(block.number - 1)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("moving the head of the ledger")?;
        exactly(rows, 1, "the head of the ledger")
    }

    async fn insert_prints(&mut self, block: &Block, kept: &[u8]) -> Result<(), StoreError> {
        let sql = "INSERT INTO ledger_print (brand_id, number, prints) VALUES ($1, $2, $3)";
        on!(self, conn => sqlx::query(sql)
            .bind(block.brand.as_db())
            .bind(block.number)
            .bind(kept)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping the prints of a block")
    }
}

/// The root of a block's events, and the prints that are kept beside it.
fn hashed(events: &[ConsentEvent]) -> (Hash, Vec<u8>) {
    let leaves: Vec<Hash> = events.iter().map(leaf).collect();
    (root(&leaves), prints(&leaves))
}

fn digest(
    table: &'static str,
    column: &'static str,
    row: i64,
    bytes: &[u8],
) -> Result<Hash, StoreError> {
    known(Hash::try_from(bytes).ok(), table, column, row)
}

fn hashing_stopped() -> StoreError {
    StoreError::Configuration("a hashing task was stopped from outside".into())
}
