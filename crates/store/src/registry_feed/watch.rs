//! How long the feeds went unread, and what that means for what we believe.

use domain::Timestamp;
use domain::ids::BrandId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::registry_accounts::RegistryFeed;
use crate::row::{instant, page_rows};

/// A time without a complete pull that was long enough to raise an alarm.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Gap {
    /// The last complete pull before it.
    pub began_at: Timestamp,
    /// When the alarm was raised.
    pub alarmed_at: Timestamp,
    /// When the feed had become too short to tell what was missed, so that
    /// everybody had to be asked again.
    pub missed_at: Option<Timestamp>,
    /// When everybody had been asked, or the feed was read in time after all.
    pub closed_at: Option<Timestamp>,
}

impl Writer {
    /// The feed was read to its end just now.
    pub async fn complete_feed(
        &mut self,
        brand: BrandId,
        feed: RegistryFeed,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_cursor SET complete_us = $3 WHERE brand_id = $1 AND feed = $2";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(feed.as_str())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting that a feed was read")?;
        exactly(rows, 1, "the position of the feed")?;
        if feed == RegistryFeed::Citizen {
            self.set_feed_complete(brand, now).await?;
            self.close(brand, false).await?;
        }
        Ok(())
    }

    async fn set_feed_complete(&mut self, brand: BrandId, now: i64) -> Result<(), StoreError> {
        let sql = "UPDATE brand SET feed_complete_us = $2 WHERE id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting that a feed was read")?;
        exactly(rows, 1, "the brand")
    }

    /// Everybody has been asked again: the gaps are closed.
    pub async fn close_gaps(&mut self, brand: BrandId) -> Result<(), StoreError> {
        self.close(brand, true).await
    }

    /// Closes the brand's gaps; those in which changes were lost only when
    /// everybody has been asked again.
    async fn close(&mut self, brand: BrandId, has_asked_everybody: bool) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_gap SET closed_us = $2 \
             WHERE brand_id = $1 AND closed_us IS NULL AND ($3 = 1 OR missed_us IS NULL)";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .bind(i64::from(has_asked_everybody))
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("closing a gap")
    }

    /// Reading the feed is watched from now on, if it was not before.
    pub async fn begin_watch(&mut self, brand: BrandId) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql =
            "UPDATE brand SET feed_complete_us = $2 WHERE id = $1 AND feed_complete_us IS NULL";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("watching a feed")
    }

    /// Notes an alarm once; `false` when it was raised before.
    pub async fn alarm_gap(
        &mut self,
        brand: BrandId,
        began: Timestamp,
    ) -> Result<bool, StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO registry_gap (brand_id, began_us, alarmed_us) VALUES ($1, $2, $3) \
             ON CONFLICT (brand_id, began_us) DO NOTHING";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(began.as_micros())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("raising an alarm")?;
        Ok(rows == 1)
    }

    /// The feed no longer shows what was missed: both feeds begin anew and
    /// answers from before now are not relied on. `false` when that was done
    /// after `not_since` already.
    pub async fn miss_gap(
        &mut self,
        brand: BrandId,
        began: Timestamp,
        not_since: Timestamp,
    ) -> Result<bool, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_gap SET missed_us = $3, closed_us = NULL \
             WHERE brand_id = $1 AND began_us = $2 AND (missed_us IS NULL OR missed_us < $4)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(began.as_micros())
            .bind(now)
            .bind(not_since.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting a gap")?;
        if rows == 0 {
            return Ok(false);
        }
        let sql = "UPDATE brand SET distrust_us = $2 WHERE id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("distrusting old answers")?;
        exactly(rows, 1, "the brand")?;
        let sql = "UPDATE registry_cursor SET cursor = NULL WHERE brand_id = $1";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("beginning the feeds anew")?;
        Ok(true)
    }

    /// Counts rows of a feed that could not be read.
    pub async fn note_unreadable(
        &mut self,
        brand: BrandId,
        feed: RegistryFeed,
        count: usize,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE registry_cursor SET unreadable = unreadable + $3 \
             WHERE brand_id = $1 AND feed = $2";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(feed.as_str())
            .bind(count)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting unreadable rows")
    }
}

impl Reader {
    /// The gaps of a brand, newest first.
    pub async fn gaps(&mut self, brand: BrandId, limit: usize) -> Result<Vec<Gap>, StoreError> {
        let sql = "SELECT began_us, alarmed_us, missed_us, closed_us FROM registry_gap \
             WHERE brand_id = $1 ORDER BY began_us DESC LIMIT $2";
        let rows: Vec<(i64, i64, Option<i64>, Option<i64>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing gaps")?;
        Ok(rows
            .into_iter()
            .map(|(began, alarmed, missed, closed)| Gap {
                began_at: Timestamp::from_micros(began),
                alarmed_at: Timestamp::from_micros(alarmed),
                missed_at: instant(missed),
                closed_at: instant(closed),
            })
            .collect())
    }
}
