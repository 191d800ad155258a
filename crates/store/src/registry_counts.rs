//! How many refusals İYS counts for a brand, held against those we know of.

use domain::Timestamp;
use domain::ids::BrandId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::instant;

/// The newest count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalCount {
    /// The instant before İYS was asked.
    pub asked_at: Timestamp,
    /// What İYS counts.
    pub theirs: i64,
    /// What we knew then.
    pub ours: i64,
    /// Since when every count agreed; none when this one does not.
    pub agrees_since: Option<Timestamp>,
}

const KNOWN: &str = "SELECT (SELECT count(*) FROM consent_state WHERE brand_id = $1 AND verdict = 2) \
     + (SELECT count(*) FROM registry_stranger WHERE brand_id = $1 AND status = 2)";

impl Reader {
    /// The newest count of a brand.
    pub async fn refusal_count(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<RefusalCount>, StoreError> {
        let sql = "SELECT asked_us, theirs, ours, agrees_since_us FROM registry_count \
             WHERE brand_id = $1";
        let row: Option<(i64, i64, i64, Option<i64>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a count of refusals")?;
        Ok(row.map(|(asked, theirs, ours, since)| RefusalCount {
            asked_at: Timestamp::from_micros(asked),
            theirs,
            ours,
            agrees_since: instant(since),
        }))
    }
}

impl Writer {
    /// Holds what İYS counted against what we know now, and keeps both.
    pub async fn note_refusal_count(
        &mut self,
        brand: BrandId,
        asked_at: Timestamp,
        theirs: i64,
    ) -> Result<RefusalCount, StoreError> {
        let ours: i64 = on!(self, conn => sqlx::query_scalar(KNOWN)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting known refusals")?;
        let before = self.refusal_count(brand).await?;
        let agrees = theirs == ours;
        let agrees_since = agrees.then(|| {
            before
                .and_then(|before| before.agrees_since)
                .unwrap_or(asked_at)
        });
        let sql = "INSERT INTO registry_count (brand_id, asked_us, theirs, ours, agrees_since_us) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (brand_id) DO UPDATE SET \
                asked_us = excluded.asked_us, theirs = excluded.theirs, ours = excluded.ours, \
                agrees_since_us = excluded.agrees_since_us";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(asked_at.as_micros())
            .bind(theirs)
            .bind(ours)
            .bind(agrees_since.map(Timestamp::as_micros))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a count of refusals")?;
        exactly(rows, 1, "the count of refusals")?;
        Ok(RefusalCount {
            asked_at,
            theirs,
            ours,
            agrees_since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::KNOWN;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn known_refusals_are_counted_in_their_own_indexes() {
        walks(|_| KNOWN, Index::named("consent_state_ret")).await;
    }
}
