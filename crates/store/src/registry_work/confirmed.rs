//! The common answer, written without reading anybody: İYS confirms an address
//! and nothing follows from it but the verdict and its date.
//!
//! Whoever the statements below do not reach needs a look, and is decided
//! about one by one ([`Writer::update_mirror`]); a property test holds both
//! ways to the same rows.

use domain::ids::{BrandId, RecipientId, RegistryBatchId};
use domain::{Channel, RecipientKind, Status, Timestamp};
use sqlx::AssertSqlSafe;

use crate::db::{Engine, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};

/// What İYS confirmed by one call.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmedList<'a> {
    /// The brand asked for.
    pub brand: BrandId,
    /// The channel asked about.
    pub channel: Channel,
    /// The capacity asked about.
    pub kind: RecipientKind,
    /// Whom İYS confirmed, each once.
    pub recipients: &'a [RecipientId],
    /// The instant before the request left.
    pub asked_at: Timestamp,
    /// Our number of the call.
    pub batch: RegistryBatchId,
    /// Whether a consent of ours may have to be told to İYS as well; whoever
    /// gave one then needs a look.
    pub renews: bool,
}

impl ConfirmedList<'_> {
    /// The strongest local word of which nothing follows: a refusal always
    /// needs a look, for İYS must be told of it.
    fn said_most(&self) -> i64 {
        if self.renews { 0 } else { Status::Onay.as_db() }
    }
}

/// The keys of a list that may be written without a look: nothing newer is
/// known of them, and no refusal was said to us.
macro_rules! plain_keys {
    () => {
        "WHERE brand_id = $1 AND channel = $2 AND kind = $3 \
             AND recipient_id IN (SELECT recipient_id FROM given) \
             AND local_status <= $6 AND (checked_us IS NULL OR checked_us <= $4)"
    };
}

/// Confirmed before: the verdict stays, so no index is touched.
const SEEN_AGAIN: &str = concat!(
    "UPDATE consent_state SET checked_us = $4, registry_batch_id = $5 ",
    plain_keys!(),
    " AND verdict = 1"
);
/// Confirmed now: what was known of the record before is not known of this one.
const NEWLY_CONFIRMED: &str = concat!(
    "UPDATE consent_state SET verdict = 1, verdict_citizen = 0, verdict_us = NULL, \
         checked_us = $4, registry_batch_id = $5, registry_transaction = NULL, verdict_code = NULL ",
    plain_keys!(),
    " AND verdict <> 1"
);
/// Nothing was on record. (The sixth parameter has no say here; PostgreSQL
/// wants each to be named.)
const UNHEARD_OF: &str = "INSERT INTO consent_state (brand_id, recipient_id, channel, kind, \
         local_status, local_citizen, verdict, verdict_citizen, checked_us, registry_batch_id) \
     SELECT CAST($1 AS BIGINT), recipient_id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), \
         CAST($6 AS BIGINT) * 0, 0, 1, 0, CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
     FROM given WHERE true \
     ON CONFLICT (brand_id, recipient_id, channel, kind) DO NOTHING";

fn sql(given: &Given<'_>, engine: Engine, body: &str) -> AssertSqlSafe<String> {
    given.sql(engine, 7, body)
}

impl Writer {
    /// Writes that İYS confirms these addresses, for all of whom nothing else
    /// follows. Returns for how many it did; while that is fewer than all, the
    /// others are still to be decided about.
    ///
    /// Nobody becomes unsendable by it, so no claim has to be waited out.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn confirm_plainly(&mut self, list: &ConfirmedList<'_>) -> Result<u64, StoreError> {
        if list.recipients.is_empty() {
            return Ok(0);
        }
        self.lock_ledger(list.brand).await?;
        self.changes_brand(list.brand);
        self.keep_to_indexes().await?;
        let all = list.recipients.len() as u64;
        let given = Given::new().ints("recipient_id", list.recipients.iter().map(|id| id.as_db()));
        let mut done = 0;
        // In this order nobody is counted twice: whoever is confirmed now would
        // fit the first statement as well.
        for body in [SEEN_AGAIN, NEWLY_CONFIRMED, UNHEARD_OF] {
            done += self.write_plainly(list, &given, body).await?;
            if done >= all {
                break;
            }
        }
        Ok(done)
    }

    async fn write_plainly(
        &mut self,
        list: &ConfirmedList<'_>,
        given: &Given<'_>,
        body: &str,
    ) -> Result<u64, StoreError> {
        let sql = sql(given, self.engine(), body);
        on!(self, conn => sqlx::query(sql)
            .bind(list.brand.as_db())
            .bind(list.channel.as_db())
            .bind(list.kind.as_db())
            .bind(list.asked_at.as_micros())
            .bind(list.batch.as_db())
            .bind(list.said_most())
            .bind_given(given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing what İYS confirmed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn confirmed_addresses_are_reached_by_their_whole_key() {
        let again: fn(Engine) -> &'static str = |engine| {
            let nobody = Given::new().ints("recipient_id", []);
            sql(&nobody, engine, SEEN_AGAIN).0.leak()
        };
        let newly: fn(Engine) -> &'static str = |engine| {
            let nobody = Given::new().ints("recipient_id", []);
            sql(&nobody, engine, NEWLY_CONFIRMED).0.leak()
        };
        for sql in [again, newly] {
            walks(
                sql,
                Index::of_key("USING PRIMARY KEY", "consent_state_pkey"),
            )
            .await;
        }
    }
}
