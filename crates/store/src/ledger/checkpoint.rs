//! How far a brand's chain was found right, so that the next look begins there.

use domain::Timestamp;
use domain::ids::BrandId;
use domain::ledger::{Chain, Hash};

use super::digest;
use crate::db::{Reader, Store};
use crate::error::{Doing, StoreError};

/// The end of the part of a chain that was found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of its last block.
    pub number: i64,
    /// Hash of that block: it stands for everything before it.
    pub hash: Hash,
    /// When it was found right.
    pub verified_at: Timestamp,
}

impl Reader {
    /// How far a brand's chain was found right.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the hash is none.
    pub async fn ledger_checkpoint(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let sql = "SELECT number, hash, verified_us FROM ledger_checkpoint WHERE brand_id = $1";
        let row: Option<(i64, Vec<u8>, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a checkpoint of the ledger")?;
        row.map(|(number, hash, verified)| {
            Ok(Checkpoint {
                number,
                hash: digest("ledger_checkpoint", "hash", brand.as_db(), &hash)?,
                verified_at: Timestamp::from_micros(verified),
            })
        })
        .transpose()
    }
}

impl Store {
    pub(super) async fn save_checkpoint(
        &self,
        brand: BrandId,
        chain: &Chain,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO ledger_checkpoint (brand_id, number, hash, verified_us) \
                   VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (brand_id) DO UPDATE SET number = excluded.number, \
                       hash = excluded.hash, verified_us = excluded.verified_us";
        let mut writer = self.write().await?;
        let now = writer.now().as_micros();
        let hash = chain.last_hash();
        on!(writer, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(chain.blocks)
            .bind(hash.as_slice())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("saving a checkpoint of the ledger")?;
        writer.commit().await
    }
}
