//! What a calendar shows: campaigns by the time at which they began or are
//! meant to.

use domain::Timestamp;
use domain::ids::FirmId;

use super::{Campaign, CampaignState, Row};
use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::page_rows;

impl Reader {
    /// Launched campaigns that began, or will, from `from` on and before `until`:
    /// the first ones, in the order in which they begin.
    pub async fn campaigns_within(
        &mut self,
        firm: FirmId,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        // Whoever launches after the planned time begins at once.
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM campaign WHERE firm_id = $1 AND launched_us IS NOT NULL \
             AND CASE WHEN start_us > launched_us THEN start_us ELSE launched_us END >= $2 \
             AND CASE WHEN start_us > launched_us THEN start_us ELSE launched_us END < $3 \
             ORDER BY CASE WHEN start_us > launched_us THEN start_us ELSE launched_us END, id \
             LIMIT $4"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(from.as_micros())
            .bind(until.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing campaigns of a time")?;
        rows.into_iter().map(Campaign::try_from).collect()
    }

    /// Campaigns that will have to be paid for: on their way, or launched for a
    /// later time; in the order in which they begin.
    pub async fn campaigns_to_pay(
        &mut self,
        firm: FirmId,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM campaign WHERE firm_id = $1 AND state IN (4, 5) AND aside = 0 AND by_key = 0 \
             ORDER BY CASE WHEN start_us > launched_us THEN start_us ELSE launched_us END, id \
             LIMIT $2"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing campaigns that will be paid for")?;
        rows.into_iter().map(Campaign::try_from).collect()
    }

    /// Campaigns that nobody has launched yet, newest first.
    pub async fn campaigns_unlaunched(
        &mut self,
        firm: FirmId,
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM campaign WHERE firm_id = $1 AND state <= $2 \
             ORDER BY created_us DESC, id DESC LIMIT $3"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(CampaignState::Approved.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing campaigns that wait")?;
        rows.into_iter().map(Campaign::try_from).collect()
    }
}
