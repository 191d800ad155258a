//! What all processes behind one source address share of İYS's limits: turns,
//! hourly counts, closed windows and the success share.
//!
//! One transaction per block of calls, in line behind the address's own row.

use domain::Timestamp;
use domain::time::HOUR_US;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::row::for_update;

/// How many hours the success share covers.
const SHARE_HOURS: i64 = 24;

/// What a process tells and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRequest<'a> {
    /// The source address.
    pub egress: &'a str,
    /// The present instant.
    pub now: Timestamp,
    /// Turns asked for, and the distance between two.
    pub turns: (u32, i64),
    /// Calls asked for out of an hourly limit.
    pub hourly: Option<HourlyRequest<'a>>,
    /// Calls answered since the last time, and how many of them well.
    pub answered: (i64, i64),
    /// Windows closed since the last time: kind of call and until when.
    pub closed: Vec<(&'a str, Timestamp)>,
}

/// Calls asked for out of an hourly limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlyRequest<'a> {
    /// Kind of call.
    pub kind: &'a str,
    /// How many at most.
    pub wanted: u32,
    /// The limit.
    pub limit: u32,
    /// The piece of time that they are counted in.
    pub bucket: Timestamp,
    /// How long a piece counts.
    pub counted_us: i64,
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitGrant {
    /// The first of the turns.
    pub first_turn: Timestamp,
    /// Calls granted out of the hourly limit.
    pub hourly: u32,
    /// When more may be asked for, where none was granted.
    pub hourly_opens: Option<Timestamp>,
    /// Calls of the last 24 hours, and how many of them went well.
    pub share: (i64, i64),
    /// Closed windows that are still closed.
    pub closed: Vec<(String, Timestamp)>,
}

/// The first hour of those that the share covers.
fn oldest_hour(now: Timestamp) -> i64 {
    let now = now.as_micros();
    now - now.rem_euclid(HOUR_US) - (SHARE_HOURS - 1) * HOUR_US
}

impl Reader {
    /// Calls of the last 24 hours from an address, answered and answered well,
    /// as far as all its processes have told.
    pub async fn registry_share(
        &mut self,
        egress: &str,
        now: Timestamp,
    ) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT CAST(COALESCE(sum(requests), 0) AS BIGINT), \
                CAST(COALESCE(sum(successes), 0) AS BIGINT) \
             FROM registry_egress_share WHERE egress = $1 AND hour_us >= $2";
        on!(self, conn => sqlx::query_as(sql)
            .bind(egress)
            .bind(oldest_hour(now))
            .fetch_one(&mut *conn)
            .await)
        .doing("reading the success share")
    }
}

impl Writer {
    /// Tells and asks in one step. Whoever holds the address's row is alone
    /// until the commit, which should follow at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and [`StoreError::Busy`].
    pub async fn exchange_registry_limits(
        &mut self,
        ask: &LimitRequest<'_>,
    ) -> Result<LimitGrant, StoreError> {
        let first_turn = self.take_turns(ask).await?;
        let share = self.count_answers(ask).await?;
        let closed = self.close_windows(ask).await?;
        let (hourly, hourly_opens) = match &ask.hourly {
            Some(hourly) => self.take_hourly(ask, hourly).await?,
            None => (0, None),
        };
        Ok(LimitGrant {
            first_turn,
            hourly,
            hourly_opens,
            share,
            closed,
        })
    }

    async fn take_turns(&mut self, ask: &LimitRequest<'_>) -> Result<Timestamp, StoreError> {
        let begin = "INSERT INTO registry_egress (egress, next_turn_us) VALUES ($1, 0) \
             ON CONFLICT (egress) DO NOTHING";
        on!(self, conn => sqlx::query(begin)
            .bind(ask.egress)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("beginning a source address")?;
        let locked = for_update!(
            self,
            "SELECT next_turn_us FROM registry_egress WHERE egress = $1"
        );
        let next: i64 = on!(self, conn => sqlx::query_scalar(locked)
            .bind(ask.egress)
            .fetch_one(&mut *conn)
            .await)
        .doing("reading the next turn")?;
        let first = next.max(ask.now.as_micros());
        let (turns, distance_us) = ask.turns;
        if turns > 0 {
            let taken_us = distance_us.saturating_mul(i64::from(turns));
            let sql = "UPDATE registry_egress SET next_turn_us = $2 WHERE egress = $1";
            on!(self, conn => sqlx::query(sql)
                .bind(ask.egress)
                .bind(first.saturating_add(taken_us))
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("taking turns")?;
        }
        Ok(Timestamp::from_micros(first))
    }

    async fn count_answers(&mut self, ask: &LimitRequest<'_>) -> Result<(i64, i64), StoreError> {
        let now = ask.now.as_micros();
        let hour = now - now.rem_euclid(HOUR_US);
        let oldest = oldest_hour(ask.now);
        let (requests, successes) = ask.answered;
        if requests > 0 {
            let sql = "INSERT INTO registry_egress_share (egress, hour_us, requests, successes) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (egress, hour_us) DO UPDATE \
                 SET requests = registry_egress_share.requests + excluded.requests, \
                     successes = registry_egress_share.successes + excluded.successes";
            on!(self, conn => sqlx::query(sql)
                .bind(ask.egress)
                .bind(hour)
                .bind(requests)
                .bind(successes)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("counting answers of İYS")?;
            let old = "DELETE FROM registry_egress_share WHERE egress = $1 AND hour_us < $2";
            on!(self, conn => sqlx::query(old)
                .bind(ask.egress)
                .bind(oldest)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("forgetting old answers of İYS")?;
        }
        self.registry_share(ask.egress, ask.now).await
    }

    async fn close_windows(
        &mut self,
        ask: &LimitRequest<'_>,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let close = "INSERT INTO registry_egress_closed (egress, call_kind, until_us) \
             VALUES ($1, $2, $3) ON CONFLICT (egress, call_kind) DO UPDATE \
             SET until_us = excluded.until_us \
             WHERE registry_egress_closed.until_us < excluded.until_us";
        for (kind, until) in &ask.closed {
            on!(self, conn => sqlx::query(close)
                .bind(ask.egress)
                .bind(*kind)
                .bind(until.as_micros())
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("closing a window")?;
        }
        let sql = "SELECT call_kind, until_us FROM registry_egress_closed \
             WHERE egress = $1 AND until_us > $2 ORDER BY call_kind";
        let rows: Vec<(String, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(ask.egress)
            .bind(ask.now.as_micros())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading closed windows")?;
        Ok(rows
            .into_iter()
            .map(|(kind, until)| (kind, Timestamp::from_micros(until)))
            .collect())
    }

    async fn take_hourly(
        &mut self,
        ask: &LimitRequest<'_>,
        hourly: &HourlyRequest<'_>,
    ) -> Result<(u32, Option<Timestamp>), StoreError> {
        let since = ask.now.plus_micros(-hourly.counted_us).as_micros();
        let sql = "SELECT CAST(COALESCE(sum(taken), 0) AS BIGINT), min(bucket_us) \
             FROM registry_egress_hourly WHERE egress = $1 AND call_kind = $2 AND bucket_us > $3";
        let (taken, oldest): (i64, Option<i64>) = on!(self, conn => sqlx::query_as(sql)
            .bind(ask.egress)
            .bind(hourly.kind)
            .bind(since)
            .fetch_one(&mut *conn)
            .await)
        .doing("reading an hour's calls")?;
        let left = (i64::from(hourly.limit) - taken).max(0);
        let granted = hourly.wanted.min(u32::try_from(left).unwrap_or(0));
        if granted == 0 {
            let opens = oldest.map(|bucket| bucket.saturating_add(hourly.counted_us));
            return Ok((0, opens.map(Timestamp::from_micros)));
        }
        let old = "DELETE FROM registry_egress_hourly \
             WHERE egress = $1 AND call_kind = $2 AND bucket_us <= $3";
        on!(self, conn => sqlx::query(old)
            .bind(ask.egress)
            .bind(hourly.kind)
            .bind(since)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("forgetting an old hour's calls")?;
        let take = "INSERT INTO registry_egress_hourly (egress, call_kind, bucket_us, taken) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (egress, call_kind, bucket_us) DO UPDATE \
             SET taken = registry_egress_hourly.taken + excluded.taken";
        on!(self, conn => sqlx::query(take)
            .bind(ask.egress)
            .bind(hourly.kind)
            .bind(hourly.bucket.as_micros())
            .bind(i64::from(granted))
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("taking calls out of an hour")?;
        Ok((granted, None))
    }
}
