//! Creating calls that may be repeated (`Idempotency-Key`): the repeat gets
//! the answer of the first, and of two twins at the same time only one works.
//!
//! 1. [`Writer::begin_call`] and commit, so that a twin sees it;
//! 2. do the work and [`Writer::finish_call`] in one transaction;
//! 3. when nothing was changed, [`Writer::abandon_call`] instead.
//!
//! A call whose process was killed between 1 and 2 has changed nothing; after
//! a stated time its repeat takes it over. Should the first one live after
//! all, its `finish_call` fails and undoes its work with it.

use domain::Timestamp;
use domain::ids::FirmId;

use crate::db::Writer;
use crate::error::{Doing, StoreError, exactly};
use crate::row::for_update;

const BODY: &str = "idempotency.body";

/// How often a key that comes and goes is tried before its call counts as running.
const CLAIM_TRIES: usize = 3;

const PURGE: &str = "DELETE FROM idempotency WHERE (firm_id, idempotency_key) IN \
     (SELECT firm_id, idempotency_key FROM idempotency \
      WHERE created_us < $1 ORDER BY created_us LIMIT $2)";

/// A call that is under way here and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a call that is neither finished nor abandoned blocks its repeats for a while"]
pub struct Call {
    firm: FirmId,
    key: String,
    /// Tells the holder from one who took the call over.
    began: Timestamp,
}

/// What a creating call finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Nobody did this before: do it.
    Fresh(Call),
    /// Somebody is doing it now: ask again later.
    Running,
    /// It was done, and this was the answer.
    Done {
        /// The HTTP status.
        status: i64,
        /// The body, byte for byte.
        body: Vec<u8>,
    },
    /// The key belongs to another request.
    Mismatch,
}

#[derive(sqlx::FromRow)]
struct CallRow {
    fingerprint: Vec<u8>,
    status: Option<i64>,
    body: Option<Vec<u8>>,
    created_us: i64,
}

impl Writer {
    /// Claims a key of a firm for the request with this fingerprint (SHA-256
    /// of method, path and body). A claim older than `takeover_us` whose call
    /// was never finished is taken over.
    pub async fn begin_call(
        &mut self,
        firm: FirmId,
        key: &str,
        fingerprint: &[u8; 32],
        takeover_us: i64,
    ) -> Result<Begin, StoreError> {
        let call = Call {
            firm,
            key: key.to_owned(),
            began: self.now(),
        };
        for _ in 0..CLAIM_TRIES {
            if self.insert_call(&call, fingerprint).await? {
                return Ok(Begin::Fresh(call));
            }
            // On PostgreSQL the row can be gone again: its call was abandoned.
            let Some(row) = self.call_to_change(&call).await? else {
                continue;
            };
            if row.fingerprint != fingerprint {
                return Ok(Begin::Mismatch);
            }
            if let Some(status) = row.status {
                let body = row.body.unwrap_or_default();
                let body = self.store().keys().open(BODY, &body)?;
                return Ok(Begin::Done { status, body });
            }
            if call.began.as_micros() - row.created_us < takeover_us.max(1) {
                return Ok(Begin::Running);
            }
            self.take_call_over(&call).await?;
            return Ok(Begin::Fresh(call));
        }
        Ok(Begin::Running)
    }

    /// Keeps the answer of a call, in the transaction of what it created.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when a repeat took the call over: drop the
    /// transaction, the repeat does the work.
    pub async fn finish_call(
        &mut self,
        call: Call,
        status: i64,
        body: &[u8],
    ) -> Result<(), StoreError> {
        let sealed = self.store().keys().seal(BODY, body)?;
        let sql = "UPDATE idempotency SET status = $4, body = $5 \
             WHERE firm_id = $1 AND idempotency_key = $2 AND created_us = $3 AND status IS NULL";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(call.firm.as_db())
            .bind(call.key.as_str())
            .bind(call.began.as_micros())
            .bind(status)
            .bind(sealed)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping the answer of a call")?;
        exactly(done, 1, "the claim on the idempotency key")
    }

    /// Renews the claim of a call that takes long.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when a repeat took the call over.
    pub async fn renew_call(&mut self, call: &mut Call) -> Result<(), StoreError> {
        let sql = "UPDATE idempotency SET created_us = $4 \
             WHERE firm_id = $1 AND idempotency_key = $2 AND created_us = $3 AND status IS NULL";
        let now = self.now();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(call.firm.as_db())
            .bind(call.key.as_str())
            .bind(call.began.as_micros())
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("renewing the claim on an idempotency key")?;
        exactly(done, 1, "the claim on the idempotency key")?;
        call.began = now;
        Ok(())
    }

    /// Gives a key back after a call that changed nothing; harmless when a
    /// repeat took it over.
    pub async fn abandon_call(&mut self, call: Call) -> Result<(), StoreError> {
        let sql = "DELETE FROM idempotency \
             WHERE firm_id = $1 AND idempotency_key = $2 AND created_us = $3 AND status IS NULL";
        on!(self, conn => sqlx::query(sql)
            .bind(call.firm.as_db())
            .bind(call.key.as_str())
            .bind(call.began.as_micros())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("giving an idempotency key back")
    }

    /// Forgets calls that began before `before`, at most `limit` of them;
    /// returns how many.
    pub async fn purge_calls(
        &mut self,
        before: Timestamp,
        limit: usize,
    ) -> Result<u64, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        on!(self, conn => sqlx::query(PURGE)
            .bind(before.as_micros())
            .bind(limit)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting old calls")
    }

    async fn insert_call(&mut self, call: &Call, fingerprint: &[u8]) -> Result<bool, StoreError> {
        let sql = "INSERT INTO idempotency (firm_id, idempotency_key, fingerprint, created_us) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (firm_id, idempotency_key) DO NOTHING";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(call.firm.as_db())
            .bind(call.key.as_str())
            .bind(fingerprint)
            .bind(call.began.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("claiming an idempotency key")?;
        Ok(done == 1)
    }

    async fn call_to_change(&mut self, call: &Call) -> Result<Option<CallRow>, StoreError> {
        let sql = for_update!(
            self,
            "SELECT fingerprint, status, body, created_us FROM idempotency \
             WHERE firm_id = $1 AND idempotency_key = $2"
        );
        on!(self, conn => sqlx::query_as::<_, CallRow>(sql)
            .bind(call.firm.as_db())
            .bind(call.key.as_str())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an idempotency key")
    }

    async fn take_call_over(&mut self, call: &Call) -> Result<(), StoreError> {
        let sql = "UPDATE idempotency SET created_us = $3 \
             WHERE firm_id = $1 AND idempotency_key = $2 AND status IS NULL";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(call.firm.as_db())
            .bind(call.key.as_str())
            .bind(call.began.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("taking a call over")?;
        exactly(done, 1, "the claim on the idempotency key")
    }
}

#[cfg(test)]
mod tests {
    use super::PURGE;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn old_calls_are_found_by_their_age() {
        walks(|_| PURGE, Index::named("idempotency_age")).await;
    }
}
