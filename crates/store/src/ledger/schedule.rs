//! When a brand's ledger was last recomputed by the program itself, and whose
//! turn it is.

use domain::Timestamp;
use domain::ids::BrandId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::instant;

/// The last check of a brand's ledger that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerChecked {
    /// When.
    pub at: Timestamp,
    /// What differed; `None` when everything agreed.
    pub fault: Option<String>,
}

impl Reader {
    /// A brand whose ledger was not checked since `before` and is in nobody's
    /// hands; a brand younger than that waits for its turn.
    pub async fn ledger_to_check(
        &mut self,
        before: Timestamp,
    ) -> Result<Option<BrandId>, StoreError> {
        let sql = "SELECT b.id FROM brand b LEFT JOIN ledger_check c ON c.brand_id = b.id \
             WHERE b.created_us < $1 AND COALESCE(c.checked_us, 0) < $1 \
               AND COALESCE(c.lease_until_us, 0) <= $2 ORDER BY b.id LIMIT 1";
        let now = self.store().clock().now().as_micros();
        let found: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(before.as_micros())
            .bind(now)
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for a ledger to check")?;
        Ok(found.map(BrandId::from_db))
    }

    /// The last check of a brand's ledger.
    pub async fn ledger_checked(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<LedgerChecked>, StoreError> {
        let sql = "SELECT checked_us, fault FROM ledger_check WHERE brand_id = $1";
        let row: Option<(Option<i64>, Option<String>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading when a ledger was checked")?;
        Ok(row.and_then(|(checked, fault)| {
            Some(LedgerChecked {
                at: instant(checked)?,
                fault,
            })
        }))
    }
}

impl Writer {
    /// Takes the check of a brand's ledger in hand; `false` when another has it.
    pub async fn begin_ledger_check(
        &mut self,
        brand: BrandId,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO ledger_check (brand_id, lease_until_us) VALUES ($1, $2) \
             ON CONFLICT (brand_id) DO UPDATE SET lease_until_us = excluded.lease_until_us \
             WHERE COALESCE(ledger_check.lease_until_us, 0) <= $3";
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(lease_until.as_micros())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("beginning to check a ledger")?;
        Ok(rows == 1)
    }

    /// A check came to its end.
    pub async fn end_ledger_check(
        &mut self,
        brand: BrandId,
        fault: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO ledger_check (brand_id, checked_us, fault) VALUES ($1, $2, $3) \
             ON CONFLICT (brand_id) DO UPDATE SET checked_us = excluded.checked_us, \
                fault = excluded.fault, lease_until_us = NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .bind(fault)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting that a ledger was checked")?;
        exactly(rows, 1, "the check of the ledger")
    }
}
