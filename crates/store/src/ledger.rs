//! The consent ledger: events appended in blocks, each block chained to the
//! one before it, and the whole recomputed on demand.
//!
//! A block's events have consecutive numbers, so a block is read by a range of
//! the primary key. The row of `ledger_head` is the end of a brand's chain;
//! its lock is also what puts all writers of the brand's consent states in
//! line (see [`crate::consent`]).

use std::ops::ControlFlow;
use std::sync::Arc;

use domain::consent::{ConsentEvent, ConsentKey, Origin};
use domain::ids::{BrandId, EventId, RecipientId};
use domain::ledger::{BLOCK_EVENTS_MAX, Block, GENESIS, Hash, leaf, root};
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};

use crate::db::{Reader, Store, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::Given;
use crate::row::known;

/// Block heads read at a time.
const HEADS: i64 = 256;

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

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Blocks recomputed.
    pub blocks: i64,
    /// Events recomputed.
    pub events: i64,
    /// The first thing that differs; `None` when everything agrees.
    pub fault: Option<Fault>,
}

/// What differs from what was once written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A block is missing: the chain jumps over this number.
    BlockMissing {
        /// Its number.
        block: i64,
    },
    /// A block does not follow from the one before it.
    ChainBroken {
        /// Its number.
        block: i64,
    },
    /// The head of a block was changed: it does not give its own hash.
    BlockChanged {
        /// Its number.
        block: i64,
    },
    /// An event of a block is gone.
    EventMissing {
        /// The block.
        block: i64,
        /// The first number without a row.
        event: EventId,
    },
    /// One of a block's events was changed.
    EventChanged {
        /// The block.
        block: i64,
        /// Its first event.
        first: EventId,
        /// Its last event.
        last: EventId,
    },
    /// There are events that stand in no block.
    EventsOutside {
        /// How many.
        count: i64,
    },
    /// The chain ends elsewhere than its head says: blocks were cut off.
    HeadDiffers {
        /// The number that the head names.
        head: i64,
    },
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
        Ok(Head { number, hash: digest("ledger_head", "hash", brand.as_db(), &hash)? })
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
        if events.len() <= HASHED_IN_PLACE_MAX {
            block.root = events_root(&events);
            self.insert_events(brand, now, &events).await?;
        } else {
            // Hashing and inserting have nothing to do with each other.
            let hashed = Arc::clone(&events);
            let hashing = tokio::task::spawn_blocking(move || events_root(&hashed));
            self.insert_events(brand, now, &events).await?;
            block.root = hashing.await.map_err(|_| hashing_stopped())?;
        }
        self.insert_block(&block).await
    }

    async fn insert_events(
        &mut self,
        brand: BrandId,
        now: Timestamp,
        events: &[ConsentEvent],
    ) -> Result<(), StoreError> {
        let given = Given::new()
            .ints("id", events.iter().map(|e| e.id.as_db()))
            .ints("recipient_id", events.iter().map(|e| e.key.recipient.as_db()))
            .ints("channel", events.iter().map(|e| e.key.channel.as_db()))
            .ints("kind", events.iter().map(|e| e.key.kind.as_db()))
            .ints("status", events.iter().map(|e| e.status.as_db()))
            .ints("consent_us", events.iter().map(|e| e.consent_date.as_micros()))
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
        let sql = "SELECT number, first_event_id, last_event_id, event_count, root, previous, \
                          hash, created_us \
                   FROM ledger_block WHERE brand_id = $1 AND number > $2 \
                   ORDER BY number LIMIT $3";
        #[expect(clippy::type_complexity, reason = "the columns of one row, named in the SQL above")]
        let rows: Vec<(i64, i64, i64, i64, Vec<u8>, Vec<u8>, Vec<u8>, i64)> =
            on!(self, conn => sqlx::query_as(sql)
                .bind(brand.as_db())
                .bind(after)
                .bind(HEADS)
                .fetch_all(&mut *conn)
                .await)
            .doing("reading the ledger")?;
        let mut blocks = Vec::new();
        let mut events = 0_i64;
        for (number, first, last, count, root, previous, hash, created) in rows {
            events = events.saturating_add(count.max(1));
            if !blocks.is_empty() && events > BLOCK_EVENTS_MAX as i64 {
                break;
            }
            let digest = |column, bytes: &[u8]| digest("ledger_block", column, number, bytes);
            let block = Block {
                brand,
                number,
                first: EventId::from_db(first),
                last: EventId::from_db(last),
                count,
                root: digest("root", &root)?,
                previous: digest("previous", &previous)?,
                created_at: Timestamp::from_micros(created),
            };
            blocks.push(StoredBlock { block, hash: digest("hash", &hash)?, events: Vec::new() });
        }
        self.fill_blocks(brand, &mut blocks).await?;
        Ok(blocks)
    }

    async fn fill_blocks(
        &mut self,
        brand: BrandId,
        blocks: &mut [StoredBlock],
    ) -> Result<(), StoreError> {
        let (Some(low), Some(high)) = (blocks.first(), blocks.last()) else {
            return Ok(());
        };
        let sql = "SELECT b.number, e.id, e.recipient_id, e.channel, e.kind, e.status, \
                          e.consent_us, e.recorded_us, e.source, e.origin, e.origin_id, \
                          e.origin_line, e.evidence, e.actor, r.address \
                   FROM ledger_block b CROSS JOIN consent_event e CROSS JOIN recipient r \
                   WHERE b.brand_id = $1 AND b.number BETWEEN $2 AND $3 \
                     AND e.id BETWEEN b.first_event_id AND b.last_event_id \
                     AND e.brand_id = $1 AND r.id = e.recipient_id \
                   ORDER BY b.number, e.id";
        let (low, high) = (low.block.number, high.block.number);
        #[expect(clippy::type_complexity, reason = "the columns of one row, named in the SQL above")]
        let rows: Vec<(
            i64, i64, i64, i64, i64, i64, i64, i64, String, i64, Option<i64>, Option<i64>,
            Option<String>, String, String,
        )> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(low)
            .bind(high)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the ledger")?;
        let mut at = 0;
        for row in rows {
            while blocks.get(at).is_some_and(|block| block.block.number < row.0) {
                at += 1;
            }
            let event = EventRow {
                id: row.1, recipient: row.2, channel: row.3, kind: row.4, status: row.5,
                consent_us: row.6, recorded_us: row.7, source: row.8, origin: row.9,
                origin_id: row.10, origin_line: row.11, evidence: row.12, actor: row.13,
                address: row.14,
            };
            if let Some(block) = blocks.get_mut(at) {
                block.events.push(event.into_event(brand)?);
            }
        }
        Ok(())
    }
}

/// A row of `consent_event` with its address.
pub(crate) struct EventRow {
    pub id: i64,
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
                Recipient::from_normalised(&self.address).ok(),
                "recipient",
                "address",
                self.recipient,
            )?,
            status: known(Status::from_db(self.status), table, "status", id)?,
            consent_date: Timestamp::from_micros(self.consent_us),
            recorded_at: Timestamp::from_micros(self.recorded_us),
            source: known(Source::from_registry(&self.source), table, "source", id)?,
            origin: known(Origin::from_db(self.origin), table, "origin", id)?,
            origin_id: self.origin_id,
            origin_line: self.origin_line,
            evidence: self.evidence,
            actor: self.actor,
        })
    }
}

impl Store {
    /// Recomputes a brand's whole chain from the rows as they are now, in
    /// bounded memory, and names the first thing that differs.
    ///
    /// `progress` hears the number of events done after each portion and may
    /// stop the work; a stopped verification reports what it has seen.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be: it was
    /// changed, but into something that no longer reads as an event.
    pub async fn verify_ledger(
        &self,
        brand: BrandId,
        mut progress: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<Verification, StoreError> {
        let mut reader = self.read().await?;
        let head = reader.ledger_head(brand).await?;
        let mut chain = Chain::start(head);
        let mut read = 0_i64;
        // While one portion is hashed, the next is read.
        let mut hashing: Option<tokio::task::JoinHandle<Chain>> = None;
        loop {
            let blocks = reader.ledger_blocks(brand, read).await?;
            if let Some(earlier) = hashing.take() {
                chain = earlier.await.map_err(|_| hashing_stopped())?;
            }
            if chain.fault.is_some() || progress(chain.events).is_break() {
                return Ok(chain.into_verification());
            }
            let Some(last) = blocks.last() else { break };
            // The chain grows while it is read: what came later is not looked at.
            if read >= head.number {
                break;
            }
            read = last.block.number;
            hashing = Some(tokio::task::spawn_blocking(move || chain.follow(&blocks)));
            chain = Chain::start(head);
        }
        if chain.blocks < head.number {
            chain.fault = Some(Fault::HeadDiffers { head: head.number });
            return Ok(chain.into_verification());
        }
        reader.check_outside(brand, &mut chain).await?;
        Ok(chain.into_verification())
    }
}

/// How far a verification has come.
#[derive(Debug)]
struct Chain {
    head: Head,
    blocks: i64,
    events: i64,
    last: Hash,
    fault: Option<Fault>,
}

impl Chain {
    const fn start(head: Head) -> Self {
        Self { head, blocks: 0, events: 0, last: GENESIS, fault: None }
    }

    fn follow(mut self, blocks: &[StoredBlock]) -> Self {
        for stored in blocks {
            self.fault = self.fault_of(stored);
            if self.fault.is_some() {
                return self;
            }
            self.blocks = stored.block.number;
            self.events += stored.block.count;
            self.last = stored.hash;
        }
        self
    }

    fn fault_of(&self, stored: &StoredBlock) -> Option<Fault> {
        let StoredBlock { block, hash, events } = stored;
        if block.number != self.blocks + 1 {
            return Some(Fault::BlockMissing { block: self.blocks + 1 });
        }
        if block.previous != self.last {
            return Some(Fault::ChainBroken { block: block.number });
        }
        if block.hash() != *hash {
            return Some(Fault::BlockChanged { block: block.number });
        }
        if block.number == self.head.number && *hash != self.head.hash {
            return Some(Fault::HeadDiffers { head: self.head.number });
        }
        let mut expected = block.first.as_db();
        for event in events {
            if event.id.as_db() != expected {
                break;
            }
            expected += 1;
        }
        if expected <= block.last.as_db() {
            let event = EventId::from_db(expected);
            return Some(Fault::EventMissing { block: block.number, event });
        }
        let (first, last) = (block.first, block.last);
        (events_root(events) != block.root)
            .then_some(Fault::EventChanged { block: block.number, first, last })
    }

    fn into_verification(self) -> Verification {
        Verification { blocks: self.blocks, events: self.events, fault: self.fault }
    }
}

impl Reader {
    async fn ledger_head(&mut self, brand: BrandId) -> Result<Head, StoreError> {
        let sql = "SELECT number, hash FROM ledger_head WHERE brand_id = $1";
        let row: Option<(i64, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the head of the ledger")?;
        let Some((number, hash)) = row else {
            return Ok(Head { number: 0, hash: GENESIS });
        };
        Ok(Head { number, hash: digest("ledger_head", "hash", brand.as_db(), &hash)? })
    }

    /// Events of the brand that no block covers.
    async fn check_outside(&mut self, brand: BrandId, chain: &mut Chain) -> Result<(), StoreError> {
        // One statement, so that an append in between changes both sums.
        let sql = "SELECT \
                     (SELECT count(*) FROM consent_event WHERE brand_id = $1) - \
                     (SELECT CAST(coalesce(sum(event_count), 0) AS BIGINT) FROM ledger_block \
                      WHERE brand_id = $1)";
        let outside: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting events")?;
        if outside != 0 {
            chain.fault = Some(Fault::EventsOutside { count: outside });
        }
        Ok(())
    }
}

fn events_root(events: &[ConsentEvent]) -> Hash {
    let leaves: Vec<Hash> = events.iter().map(leaf).collect();
    root(&leaves)
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
