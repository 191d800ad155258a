//! Recomputing the chain from the rows as they are now.

use std::ops::ControlFlow;

use domain::ids::{BrandId, EventId};
use domain::ledger::{GENESIS, Hash};

use super::{Head, StoredBlock, digest, events_root, hashing_stopped};
use crate::db::{Reader, Store};
use crate::error::{Doing, StoreError};

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
        Self {
            head,
            blocks: 0,
            events: 0,
            last: GENESIS,
            fault: None,
        }
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
        let StoredBlock {
            block,
            hash,
            events,
        } = stored;
        if block.number != self.blocks + 1 {
            return Some(Fault::BlockMissing {
                block: self.blocks + 1,
            });
        }
        if block.previous != self.last {
            return Some(Fault::ChainBroken {
                block: block.number,
            });
        }
        if block.hash() != *hash {
            return Some(Fault::BlockChanged {
                block: block.number,
            });
        }
        if block.number == self.head.number && *hash != self.head.hash {
            return Some(Fault::HeadDiffers {
                head: self.head.number,
            });
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
            return Some(Fault::EventMissing {
                block: block.number,
                event,
            });
        }
        let (first, last) = (block.first, block.last);
        (events_root(events) != block.root).then_some(Fault::EventChanged {
            block: block.number,
            first,
            last,
        })
    }

    fn into_verification(self) -> Verification {
        Verification {
            blocks: self.blocks,
            events: self.events,
            fault: self.fault,
        }
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
            return Ok(Head {
                number: 0,
                hash: GENESIS,
            });
        };
        Ok(Head {
            number,
            hash: digest("ledger_head", "hash", brand.as_db(), &hash)?,
        })
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
