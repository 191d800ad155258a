//! Recomputing the chain from the rows as they are now.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use domain::ids::{BrandId, EventId};
use domain::ledger::{Chain, Fault, GENESIS, Hash, first_changed, leaf};

use tokio::task::JoinHandle;

use super::packed::Packed;
use super::read::portion;
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
        // Half of the portions come over a second connection where one is to be had.
        let mut beside = self.read_beside().await;
        let mut heads = VecDeque::new();
        let mut read = chain.blocks;
        // While some portions are unpacked and hashed, the next are read.
        let mut hashing: Option<JoinHandle<Result<Chain, StoreError>>> = None;
        loop {
            // The chain grows while it is read: what came later is not looked at.
            if heads.is_empty() && read < head.number {
                heads = reader.ledger_heads(brand, read).await?;
                heads.retain(|stored| stored.block.number <= head.number);
            }
            let portions = read_portions(&mut reader, beside.as_mut(), brand, &mut heads).await?;
            if let Some(earlier) = hashing.take() {
                chain = earlier.await.map_err(|_| hashing_stopped())??;
            }
            if chain.fault.is_some() {
                reader.locate(brand, &mut chain).await?;
                return Ok((chain, false));
            }
            if progress(chain.events).is_break() {
                return Ok((chain, false));
            }
            let Some(last) = portions.last().and_then(|portion| portion.blocks.last()) else {
                break;
            };
            read = last.block.number;
            let follows = chain.clone();
            hashing = Some(tokio::task::spawn_blocking(move || {
                follow(follows, brand, portions)
            }));
        }
        chain.end();
        Ok((chain, true))
    }
}

/// Whole blocks, and their events as the database packed them.
struct Portion {
    blocks: Vec<StoredBlock>,
    events: Packed,
}

/// The next portions of the heads: one, or two where a second connection is at hand.
async fn read_portions(
    reader: &mut Reader,
    beside: Option<&mut Reader>,
    brand: BrandId,
    heads: &mut VecDeque<StoredBlock>,
) -> Result<Vec<Portion>, StoreError> {
    let first = portion(heads);
    if first.is_empty() {
        return Ok(Vec::new());
    }
    let second = portion(heads);
    let (Some(beside), false) = (beside, second.is_empty()) else {
        let mut portions = Vec::with_capacity(2);
        for blocks in [first, second] {
            if !blocks.is_empty() {
                let events = reader.packed_events(brand, &blocks).await?;
                portions.push(Portion { blocks, events });
            }
        }
        return Ok(portions);
    };
    let (one, two) = tokio::try_join!(
        reader.packed_events(brand, &first),
        beside.packed_events(brand, &second)
    )?;
    Ok(vec![
        Portion {
            blocks: first,
            events: one,
        },
        Portion {
            blocks: second,
            events: two,
        },
    ])
}

fn follow(mut chain: Chain, brand: BrandId, portions: Vec<Portion>) -> Result<Chain, StoreError> {
    for Portion { mut blocks, events } in portions {
        events.unpack(brand, &mut blocks)?;
        for stored in &blocks {
            chain.follow(&stored.block, &stored.hash, &stored.events);
        }
    }
    Ok(chain)
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
