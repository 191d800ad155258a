//! Branches (*şube*) about which people complained: a file that brings
//! consents of one of them waits for somebody else than who uploaded it.

use domain::Timestamp;
use domain::ids::{BrandId, FirmId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::instant;

/// Most branches of one brand that are watched.
const WATCHES_MAX: i64 = 1_000;

/// A branch that is watched, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchWatch {
    /// For which brand.
    pub brand: BrandId,
    /// As the rows of files name it.
    pub branch: String,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub opened_by: String,
    /// When.
    pub opened_at: Timestamp,
    /// Who ended it.
    pub closed_by: Option<String>,
    /// When.
    pub closed_at: Option<Timestamp>,
}

type Row = (
    i64,
    String,
    String,
    String,
    i64,
    Option<String>,
    Option<i64>,
);

fn watch(row: Row) -> BranchWatch {
    let (brand, branch, reason, opened_by, opened, closed_by, closed) = row;
    BranchWatch {
        brand: BrandId::from_db(brand),
        branch,
        reason,
        opened_by,
        opened_at: Timestamp::from_micros(opened),
        closed_by,
        closed_at: instant(closed),
    }
}

impl Reader {
    /// The branches of a brand that are watched now.
    pub async fn branch_watches(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<BranchWatch>, StoreError> {
        let sql = "SELECT brand_id, branch, reason, opened_by, opened_us, closed_by, closed_us \
             FROM branch_watch WHERE brand_id = $1 AND firm_id = $2 AND closed_us IS NULL \
             ORDER BY branch LIMIT $3";
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(firm.as_db())
            .bind(WATCHES_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("listing watched branches")?;
        Ok(rows.into_iter().map(watch).collect())
    }
}

impl Writer {
    /// Watches a branch from now on; one that is watched already stays so.
    pub async fn watch_branch(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        branch: &str,
        reason: &str,
        actor: &str,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO branch_watch (brand_id, branch, firm_id, reason, opened_by, opened_us) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (brand_id, branch) DO UPDATE SET reason = excluded.reason, \
                opened_by = excluded.opened_by, opened_us = excluded.opened_us, \
                closed_by = NULL, closed_us = NULL \
             WHERE branch_watch.closed_us IS NOT NULL";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(branch)
            .bind(firm.as_db())
            .bind(reason)
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("watching a branch")
    }

    /// Ends the watch over a branch.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is not watched.
    pub async fn end_branch_watch(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        branch: &str,
        actor: &str,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE branch_watch SET closed_by = $4, closed_us = $5 WHERE brand_id = $1 \
             AND firm_id = $2 AND branch = $3 AND closed_us IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(firm.as_db())
            .bind(branch)
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("ending the watch over a branch")?;
        exactly(rows, 1, "the watched branch")
    }
}
