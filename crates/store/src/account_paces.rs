//! The speed of a provider account, shared by all processes: its requests stand
//! on one line of time, of which each process takes pieces.
//!
//! One short transaction a piece, in line behind the account's own row. What a
//! piece is worth is decided by whoever takes it.

use domain::Timestamp;
use domain::ids::ConnectorId;

use crate::db::Writer;
use crate::error::{Doing, StoreError, exactly};
use crate::row::for_update;

/// Full speed, in thousandths.
pub const FULL_PERMILLE: i64 = 1_000;

/// How an account's line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountPace {
    /// From here on the line is free.
    pub next: Timestamp,
    /// The speed in thousandths when it was last slowed down.
    pub permille: i64,
    /// When that was.
    pub slowed_at: Timestamp,
}

impl Writer {
    /// The line of an account. Whoever holds it is alone until the commit, which
    /// should follow at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Busy`].
    pub async fn lock_account_pace(
        &mut self,
        connector: ConnectorId,
    ) -> Result<AccountPace, StoreError> {
        let begin = "INSERT INTO account_pace (connector_id, next_us, permille, slowed_us) \
             VALUES ($1, 0, $2, 0) ON CONFLICT (connector_id) DO NOTHING";
        on!(self, conn => sqlx::query(begin)
            .bind(connector.as_db())
            .bind(FULL_PERMILLE)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("beginning an account's line")?;
        let locked = for_update!(
            self,
            "SELECT next_us, permille, slowed_us FROM account_pace WHERE connector_id = $1"
        );
        let (next, permille, slowed): (i64, i64, i64) = on!(self, conn => sqlx::query_as(locked)
            .bind(connector.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("reading an account's line")?;
        Ok(AccountPace {
            next: Timestamp::from_micros(next),
            permille,
            slowed_at: Timestamp::from_micros(slowed),
        })
    }

    /// Writes down how the line that was locked stands now.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it was not locked before.
    pub async fn save_account_pace(
        &mut self,
        connector: ConnectorId,
        pace: &AccountPace,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE account_pace SET next_us = $2, permille = $3, slowed_us = $4 \
             WHERE connector_id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(connector.as_db())
            .bind(pace.next.as_micros())
            .bind(pace.permille)
            .bind(pace.slowed_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing an account's line")?;
        exactly(rows, 1, "the account's line")
    }
}
