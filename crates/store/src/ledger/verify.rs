//! Recomputing the chain from the rows as they are now.

use std::ops::ControlFlow;

use domain::ids::{BrandId, EventId};
use domain::ledger::{Chain, Fault, GENESIS, Hash, first_changed, leaf};

use super::{Head, StoredBlock, digest, hashing_stopped};
use crate::db::{Reader, Store};
use crate::error::{Doing, StoreError};

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Blocks that stand for the whole chain so far: recomputed now, or before
    /// the checkpoint.
    pub blocks: i64,
    /// Events recomputed.
    pub events: i64,
    /// The first thing that differs; `None` when everything agrees.
    pub fault: Option<Fault>,
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
        progress: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<Verification, StoreError> {
        let head = self.read().await?.ledger_head(brand).await?;
        let start = Chain::start((head.number, head.hash));
        let (mut chain, is_whole) = self.follow_ledger(brand, start, head, progress).await?;
        if is_whole && chain.fault.is_none() {
            let outside = self.read().await?.events_outside(brand).await?;
            if outside != 0 {
                chain.fault = Some(Fault::EventsOutside { count: outside });
            }
        }
        if is_whole && chain.fault.is_none() {
            self.save_checkpoint(brand, &chain).await?;
        }
        Ok(verification(chain))
    }

    /// Recomputes only what was appended since the last verification that
    /// found everything right; the whole chain when there was none.
    ///
    /// # Errors
    /// See [`Store::verify_ledger`].
    pub async fn verify_ledger_since(
        &self,
        brand: BrandId,
        progress: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<Verification, StoreError> {
        let mut reader = self.read().await?;
        let Some(point) = reader.ledger_checkpoint(brand).await? else {
            drop(reader);
            return self.verify_ledger(brand, progress).await;
        };
        let head = reader.ledger_head(brand).await?;
        let held = reader.ledger_block(brand, point.number).await?;
        drop(reader);
        let fault = match held {
            _ if point.number == 0 => None,
            None => Some(Fault::BlockMissing {
                block: point.number,
            }),
            Some(held) if held.block.hash() != point.hash => Some(Fault::BlockChanged {
                block: point.number,
                at: held.block.created_at,
            }),
            Some(_) => None,
        };
        let mut start = Chain::after(point.number, point.hash, (head.number, head.hash));
        if fault.is_some() {
            start.fault = fault;
            return Ok(verification(start));
        }
        let (chain, is_whole) = self.follow_ledger(brand, start, head, progress).await?;
        if is_whole && chain.fault.is_none() {
            self.save_checkpoint(brand, &chain).await?;
        }
        Ok(verification(chain))
    }

    /// Follows the chain from where it stands to its present end; the flag
    /// tells whether it came there.
    async fn follow_ledger(
        &self,
        brand: BrandId,
        mut chain: Chain,
        head: Head,
        mut progress: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<(Chain, bool), StoreError> {
        let mut reader = self.read().await?;
        let mut read = chain.blocks;
        // While one portion is hashed, the next is read.
        let mut hashing: Option<tokio::task::JoinHandle<Chain>> = None;
        loop {
            let blocks = reader.ledger_blocks(brand, read).await?;
            if let Some(earlier) = hashing.take() {
                chain = earlier.await.map_err(|_| hashing_stopped())?;
            }
            if chain.fault.is_some() {
                reader.locate(brand, &mut chain).await?;
                return Ok((chain, false));
            }
            if progress(chain.events).is_break() {
                return Ok((chain, false));
            }
            let Some(last) = blocks.last() else { break };
            // The chain grows while it is read: what came later is not looked at.
            if read >= head.number {
                break;
            }
            read = last.block.number;
            let follows = chain.clone();
            hashing = Some(tokio::task::spawn_blocking(move || {
                follow(follows, &blocks, head.number)
            }));
        }
        chain.end();
        Ok((chain, true))
    }
}

fn follow(mut chain: Chain, blocks: &[StoredBlock], up_to: i64) -> Chain {
    for stored in blocks.iter().filter(|stored| stored.block.number <= up_to) {
        chain.follow(&stored.block, &stored.hash, &stored.events);
    }
    chain
}

fn verification(chain: Chain) -> Verification {
    Verification {
        blocks: chain.blocks,
        events: chain.events,
        fault: chain.fault,
    }
}

impl Reader {
    /// The number and hash of the last block of a brand's chain.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the hash is none.
    pub async fn ledger_end(&mut self, brand: BrandId) -> Result<(i64, Hash), StoreError> {
        let head = self.ledger_head(brand).await?;
        Ok((head.number, head.hash))
    }

    pub(super) async fn ledger_head(&mut self, brand: BrandId) -> Result<Head, StoreError> {
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

    /// Names the event that was changed, and when it was recorded.
    async fn locate(&mut self, brand: BrandId, chain: &mut Chain) -> Result<(), StoreError> {
        let Some(Fault::EventChanged { block, event, .. }) = &mut chain.fault else {
            return Ok(());
        };
        let (Some(kept), Some(stored)) = (
            self.block_prints(brand, *block).await?,
            self.ledger_block(brand, *block).await?,
        ) else {
            return Ok(());
        };
        let leaves: Vec<Hash> = stored.events.iter().map(leaf).collect();
        *event = first_changed(&leaves, &kept)
            .and_then(|place| stored.events.get(place))
            .map(|found| EventId::from_db(found.id.as_db()));
        Ok(())
    }

    /// Events of the brand that no block covers.
    async fn events_outside(&mut self, brand: BrandId) -> Result<i64, StoreError> {
        // One statement, so that an append in between changes both sums.
        let sql = "SELECT \
                     (SELECT count(*) FROM consent_event WHERE brand_id = $1) - \
                     (SELECT CAST(coalesce(sum(event_count), 0) AS BIGINT) FROM ledger_block \
                      WHERE brand_id = $1)";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting events")
    }
}
