//! What of a brand rests because İYS turned its account down: one refused call
//! stops the others of its kind, until a question or a person shows that the
//! account works again. Kept here, so that every process of an address rests.

use domain::ids::BrandId;
use domain::{Channel, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::row::{instant, known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What of a brand rests.
    RestScope {
        /// Every call.
        Account = 1, "account";
        /// New consents: the package is full (H525). Refusals go on.
        Consents = 2, "consents";
        /// What is about messages.
        Mesaj = 3, "MESAJ";
        /// What is about calls.
        Arama = 4, "ARAMA";
        /// What is about e-mail.
        Eposta = 5, "EPOSTA";
    }
}

impl RestScope {
    /// What is about a channel; everything for one that İYS does not keep.
    pub const fn of(channel: Channel) -> Self {
        match channel {
            Channel::Mesaj => Self::Mesaj,
            Channel::Arama => Self::Arama,
            Channel::Eposta => Self::Eposta,
            Channel::Whatsapp => Self::Account,
        }
    }
}

/// How long something rests: first, and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The first time, microseconds.
    pub first_us: i64,
    /// However often it was tried in vain, microseconds.
    pub max_us: i64,
}

/// Something of a brand that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Whose.
    pub brand: BrandId,
    /// What.
    pub scope: RestScope,
    /// When it is tried again; none while one try is allowed.
    pub until: Option<Timestamp>,
    /// How long it rests, microseconds.
    pub pause_us: i64,
    /// Since when.
    pub began_at: Timestamp,
    /// What İYS said.
    pub reason: String,
}

type Row = (i64, i64, Option<i64>, i64, i64, String);

fn rest(row: Row) -> Result<Rest, StoreError> {
    Ok(Rest {
        brand: BrandId::from_db(row.0),
        scope: known(RestScope::from_db(row.1), "registry_rest", "scope", row.0)?,
        until: instant(row.2),
        pause_us: row.3,
        began_at: Timestamp::from_micros(row.4),
        reason: row.5,
    })
}

impl Reader {
    /// Whether a rest is over that İYS should be asked about.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn is_a_rest_over(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM registry_rest WHERE scope IN (1, 2) AND until_us <= $1";
        let over: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(now.as_micros())
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for rests that are over")?;
        Ok(over > 0)
    }

    /// What of a brand rests or is being tried.
    pub async fn rests(&mut self, brand: BrandId) -> Result<Vec<Rest>, StoreError> {
        let sql = "SELECT brand_id, scope, until_us, pause_us, began_us, reason FROM registry_rest \
             WHERE brand_id = $1 ORDER BY scope";
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what rests")?;
        rows.into_iter().map(rest).collect()
    }

    /// Whether no call of a brand may be made now.
    pub async fn is_account_resting(&mut self, brand: BrandId) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM registry_rest \
             WHERE brand_id = $1 AND scope = 1 AND until_us IS NOT NULL";
        let count: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("reading what rests")?;
        Ok(count > 0)
    }
}

impl Writer {
    /// Lets something of a brand rest; what was tried in vain rests twice as
    /// long as before. Calls that were under way when it began change nothing.
    /// The instant until which it rests.
    pub async fn begin_rest(
        &mut self,
        brand: BrandId,
        scope: RestScope,
        pause: Pause,
        reason: &str,
    ) -> Result<Timestamp, StoreError> {
        let now = self.now();
        let sql = "INSERT INTO registry_rest (brand_id, scope, until_us, pause_us, began_us, reason) \
             VALUES ($1, $2, $3, $4, $5, $7) ON CONFLICT (brand_id, scope) DO UPDATE SET \
                until_us = CASE WHEN registry_rest.until_us > $5 THEN registry_rest.until_us \
                    WHEN registry_rest.pause_us * 2 < $6 THEN $5 + registry_rest.pause_us * 2 \
                    ELSE $5 + $6 END, \
                pause_us = CASE WHEN registry_rest.until_us > $5 THEN registry_rest.pause_us \
                    WHEN registry_rest.pause_us * 2 < $6 THEN registry_rest.pause_us * 2 \
                    ELSE $6 END, \
                reason = excluded.reason \
             RETURNING until_us";
        let until: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(scope.as_db())
            .bind(now.plus_micros(pause.first_us).as_micros())
            .bind(pause.first_us)
            .bind(now.as_micros())
            .bind(pause.max_us)
            .bind(reason)
            .fetch_one(&mut *conn)
            .await)
        .doing("letting a brand rest")?;
        Ok(Timestamp::from_micros(until))
    }

    /// Takes accounts and packages whose rest is over, to ask İYS about them
    /// until `lease_until`; the longest over first.
    pub async fn rests_to_ask_about(
        &mut self,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Rest>, StoreError> {
        let now = self.now();
        let sql = "UPDATE registry_rest SET until_us = $2 WHERE until_us <= $1 AND (brand_id, scope) IN ( \
                SELECT brand_id, scope FROM registry_rest WHERE scope IN (1, 2) AND until_us <= $1 \
                ORDER BY until_us, brand_id LIMIT $3) \
             RETURNING brand_id, scope, until_us, pause_us, began_us, reason";
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(now.as_micros())
            .bind(lease_until.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for rests that are over")?;
        rows.into_iter().map(rest).collect()
    }

    /// Writes what came of asking about a rest: until when it goes on, or none
    /// when one try is allowed. A rest that ended meanwhile stays ended.
    pub async fn change_rest(
        &mut self,
        taken: &Rest,
        until: Option<Timestamp>,
        pause_us: i64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE registry_rest SET until_us = $4, pause_us = $5 \
             WHERE brand_id = $1 AND scope = $2 AND until_us = $3";
        on!(self, conn => sqlx::query(sql)
            .bind(taken.brand.as_db())
            .bind(taken.scope.as_db())
            .bind(taken.until.map(Timestamp::as_micros))
            .bind(until.map(Timestamp::as_micros))
            .bind(pause_us)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("letting a brand rest on")
    }

    /// Ends the rest of one thing of a brand; whether it rested.
    pub async fn end_rest(&mut self, brand: BrandId, scope: RestScope) -> Result<bool, StoreError> {
        let sql = "DELETE FROM registry_rest WHERE brand_id = $1 AND scope = $2";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(scope.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("ending a rest")?;
        Ok(rows > 0)
    }

    /// Ends everything of a brand that rests, because a person says so: its
    /// parked lists are due now. Whether anything rested.
    pub async fn end_rests(&mut self, brand: BrandId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM registry_rest WHERE brand_id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("ending a rest")?;
        if rows == 0 {
            return Ok(false);
        }
        let now = self.now().as_micros();
        let due = "UPDATE registry_batch SET next_us = $2 \
             WHERE brand_id = $1 AND state = 4 AND next_us > $2 AND lease_until_us IS NULL";
        on!(self, conn => sqlx::query(due)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("ending a rest")?;
        Ok(true)
    }

    /// The same for every brand whose calls go by the partner account, which
    /// has just been entered anew.
    pub async fn end_partner_rests(&mut self) -> Result<(), StoreError> {
        let sql = "DELETE FROM registry_rest \
             WHERE brand_id IN (SELECT id FROM brand WHERE uses_partner = 1)";
        on!(self, conn => sqlx::query(sql).execute(&mut *conn).await.map(drop))
            .doing("ending a rest")
    }
}
