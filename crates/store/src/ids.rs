//! Ids in blocks: one short update reserves many numbers, which are then
//! handed out in memory. A killed process wastes the rest of its block, which
//! costs nothing; no two processes ever hold the same number.

use std::sync::Mutex;

use crate::db::Store;
use crate::error::{Doing, StoreError};

/// Numbers reserved at a time.
const BLOCK: i64 = 1 << 20;

/// Ids that one transaction may use.
pub const IDS_PER_WRITE: usize = 65_536;

/// The shard stands above this bit: 2^47 ids for each of 65,536 shards.
const SHARD_SHIFT: u32 = 47;

#[derive(Debug)]
pub(crate) struct IdBlocks {
    shard: u16,
    block: Mutex<std::ops::Range<i64>>,
    refill: tokio::sync::Mutex<()>,
}

impl IdBlocks {
    pub(crate) fn new(shard: u16) -> Self {
        Self {
            shard,
            block: Mutex::new(0..0),
            refill: tokio::sync::Mutex::new(()),
        }
    }

    fn left(&self) -> i64 {
        let block = self
            .block
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        block.end - block.start
    }

    /// Whether a transaction finds as many ids as it may use.
    pub(crate) fn has_enough(&self) -> bool {
        i64::try_from(IDS_PER_WRITE).is_ok_and(|enough| self.left() >= enough)
    }

    pub(crate) fn take(&self, count: usize) -> Result<i64, StoreError> {
        let count = i64::try_from(count).map_err(|_| StoreError::OutOfIds)?;
        let mut block = self
            .block
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if block.end - block.start < count {
            return Err(StoreError::OutOfIds);
        }
        let first = block.start;
        block.start += count;
        Ok(first)
    }

    /// Sees to it that a transaction finds enough ids.
    ///
    /// Done before the transaction and in one of its own: a number that was
    /// handed out must never come back when a transaction is undone.
    pub(crate) async fn ensure(&self, store: &Store) -> Result<(), StoreError> {
        if self.has_enough() {
            return Ok(());
        }
        let _one_at_a_time = self.refill.lock().await;
        if self.has_enough() {
            return Ok(());
        }
        let mut writer = store.begin().await?;
        let shard = i64::from(self.shard);
        let first_ever = (shard << SHARD_SHIFT) + (1 << 20);
        let sql = "INSERT INTO id_block (shard, next) VALUES ($1, $2) \
             ON CONFLICT (shard) DO UPDATE SET next = id_block.next + $3 RETURNING next";
        let end: i64 = on!(writer, conn => sqlx::query_scalar(sql)
            .bind(shard)
            .bind(first_ever + BLOCK)
            .bind(BLOCK)
            .fetch_one(&mut *conn)
            .await)
        .doing("reserving ids")?;
        writer.commit().await?;
        let mut block = self
            .block
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *block = end - BLOCK..end;
        Ok(())
    }
}
