//! Outcomes: what became of a request, written by the claim that made it, and
//! what becomes of batches whose worker or campaign ended.

use std::collections::HashSet;

use domain::Timestamp;
use domain::ids::{BatchKey, CampaignId};

use super::{BatchState, FailedAs, PickedBatch, SendException, keys_of};
use crate::db::{Engine, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::BindGiven as _;

/// A batch that the provider took.
#[derive(Debug)]
pub struct Acceptance<'a> {
    /// The claim.
    pub batch: &'a PickedBatch,
    /// The provider's name for the request.
    pub reference: &'a str,
    /// People it took.
    pub accepted: i64,
    /// People it turned down.
    pub refused: Vec<SendException>,
}

impl Writer {
    /// The provider took the batch; `refused` are the people it turned down.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn settle_accepted(
        &mut self,
        batch: &PickedBatch,
        reference: &str,
        accepted: i64,
        refused: &[SendException],
    ) -> Result<(), StoreError> {
        let settled = Settled {
            reference: Some(reference),
            accepted,
            ..Settled::to(BatchState::Accepted)
        };
        self.settle(batch, &settled).await?;
        self.add_exceptions(batch.key, refused).await
    }

    /// [`Writer::settle_accepted`] for many batches. Those that are not their
    /// claim's any more are passed over; returns them.
    pub async fn settle_all_accepted(
        &mut self,
        batches: &[Acceptance<'_>],
    ) -> Result<Vec<BatchKey>, StoreError> {
        if batches.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now().as_micros();
        let given = keys_of(batches.iter().map(|accepted| accepted.batch))
            .ints("claim", batches.iter().map(|a| a.batch.attempt))
            .texts("reference", batches.iter().map(|a| a.reference))
            .ints("taken", batches.iter().map(|a| a.accepted));
        let sql = given.sql(
            self.engine(),
            2,
            "UPDATE send_batch SET state = 3, provider_reference = g.reference, accepted_count = g.taken, \
                last_error = NULL, settled_us = $1, lease_until_us = NULL, worker = NULL \
             FROM given g \
             WHERE campaign_id = g.campaign AND batch_no = g.number AND attempt = g.claim \
               AND state IN (2, 5) \
             RETURNING campaign_id, batch_no",
        );
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(now)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("settling batches")?;
        let settled: HashSet<(i64, i64)> = rows.into_iter().collect();
        let mut lost = Vec::new();
        for accepted in batches {
            let key = accepted.batch.key;
            if settled.contains(&(key.campaign.as_db(), key.number)) {
                self.add_exceptions(key, &accepted.refused).await?;
            } else {
                lost.push(key);
            }
        }
        Ok(lost)
    }

    /// The provider refused the batch as a whole; nothing was sent.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn settle_failed(
        &mut self,
        batch: &PickedBatch,
        failed_as: FailedAs,
        error: &str,
    ) -> Result<(), StoreError> {
        self.settle(
            batch,
            &Settled {
                error: Some(error),
                failed_as,
                ..Settled::to(BatchState::Failed)
            },
        )
        .await
    }

    /// Nobody can tell what became of the batch; a person decides.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn settle_unresolved(
        &mut self,
        batch: &PickedBatch,
        error: &str,
    ) -> Result<(), StoreError> {
        self.settle(
            batch,
            &Settled {
                error: Some(error),
                ..Settled::to(BatchState::Unresolved)
            },
        )
        .await
    }

    /// The request may have arrived; ask from `next` on.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn mark_in_doubt(
        &mut self,
        batch: &PickedBatch,
        next: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        let settled = Settled {
            error: Some(error),
            next: Some(next),
            ..Settled::to(BatchState::InDoubt)
        };
        self.settle(batch, &settled).await
    }

    /// The request surely never left: the batch waits again, or follows its
    /// campaign if that was paused or stopped, and everyone in it will pass the
    /// gate anew. Not for the transaction that claimed it: see
    /// [`Writer::delay_batch`].
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn return_to_pending(
        &mut self,
        batch: &PickedBatch,
        next: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        // Locked, so that a pause or stop either waits for us and then finds the
        // batch pending, or has committed and is followed. SQLite has one writer.
        if self.engine() == Engine::Postgres {
            let sql = "SELECT state FROM campaign WHERE id = $1 FOR SHARE";
            on!(self, conn => sqlx::query(sql)
                .bind(batch.key.campaign.as_db())
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("returning a batch")?;
        }
        self.back_to_pending(batch, next, error).await?;
        self.follow_campaign(batch.key).await
    }

    /// The provider refused the request for now, which counts: the batch waits
    /// again, as after [`Writer::return_to_pending`].
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn return_refused(
        &mut self,
        batch: &PickedBatch,
        next: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        self.return_to_pending(batch, next, error).await?;
        let sql = "UPDATE send_batch SET refusals = refusals + 1 \
             WHERE campaign_id = $1 AND batch_no = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(batch.key.campaign.as_db())
            .bind(batch.key.number)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("counting a refusal")
    }

    async fn back_to_pending(
        &mut self,
        batch: &PickedBatch,
        next: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        let settled = Settled {
            error: Some(error),
            next: Some(next),
            ..Settled::to(BatchState::Pending)
        };
        self.settle(batch, &settled).await?;
        self.forget_request(batch.key).await
    }

    async fn forget_request(&mut self, key: BatchKey) -> Result<(), StoreError> {
        for sql in [
            "UPDATE send_batch SET request_key = NULL, claimed_us = NULL \
             WHERE campaign_id = $1 AND batch_no = $2",
            "DELETE FROM send_exception WHERE campaign_id = $1 AND batch_no = $2",
            "DELETE FROM send_content WHERE campaign_id = $1 AND batch_no = $2",
        ] {
            on!(self, conn => sqlx::query(sql)
                .bind(key.campaign.as_db())
                .bind(key.number)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("forgetting a request that never left")?;
        }
        Ok(())
    }

    /// A batch that came back while its campaign was paused or stopped follows it.
    /// The campaign is locked.
    pub(super) async fn follow_campaign(&mut self, key: BatchKey) -> Result<(), StoreError> {
        let sql = "UPDATE send_batch SET \
                state = CASE (SELECT c.state FROM campaign c WHERE c.id = $1) WHEN 6 THEN 8 WHEN 7 THEN 7 ELSE 1 END, \
                settled_us = CASE (SELECT c.state FROM campaign c WHERE c.id = $1) \
                    WHEN 7 THEN CAST($3 AS BIGINT) ELSE NULL END \
             WHERE campaign_id = $1 AND batch_no = $2 AND state = 1";
        let now = self.now().as_micros();
        on!(self, conn => sqlx::query(sql)
            .bind(key.campaign.as_db())
            .bind(key.number)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("returning a batch")
    }

    /// A batch in doubt goes out again, with the key and bytes it had.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn send_again(&mut self, batch: &PickedBatch) -> Result<(), StoreError> {
        let sql = "UPDATE send_batch SET state = 2 \
             WHERE campaign_id = $1 AND batch_no = $2 AND attempt = $3 AND state = 5";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(batch.key.campaign.as_db())
            .bind(batch.key.number)
            .bind(batch.attempt)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("sending a batch again")?;
        exactly(rows, 1, "the batch in doubt")
    }

    async fn settle(
        &mut self,
        batch: &PickedBatch,
        settled: &Settled<'_>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let done = matches!(
            settled.state,
            BatchState::Accepted | BatchState::Failed | BatchState::Unresolved
        );
        let sql = "UPDATE send_batch SET state = $4, provider_reference = COALESCE($5, provider_reference), \
                accepted_count = $6, last_error = $7, next_us = COALESCE($8, next_us), settled_us = $9, \
                failed_as = $10, lease_until_us = NULL, worker = NULL \
             WHERE campaign_id = $1 AND batch_no = $2 AND attempt = $3 AND state IN (2, 5)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(batch.key.campaign.as_db())
            .bind(batch.key.number)
            .bind(batch.attempt)
            .bind(settled.state.as_db())
            .bind(settled.reference)
            .bind(settled.accepted)
            .bind(settled.error)
            .bind(settled.next.map(Timestamp::as_micros))
            .bind(done.then_some(now))
            .bind(settled.failed_as.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling a batch")?;
        exactly(rows, 1, "the claimed batch")
    }

    /// Batches in flight whose worker is gone or whose lease ran out are in
    /// doubt from now on; batches in doubt that a gone worker was asking about
    /// are free to be asked about. Returns how many.
    pub async fn doubt_batches_of(
        &mut self,
        gone_worker: Option<&str>,
        quiet_until: Timestamp,
    ) -> Result<u64, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE send_batch SET \
                next_us = CASE WHEN state = 2 THEN $3 ELSE next_us END, \
                last_error = CASE WHEN state = 2 THEN 'the worker was lost while the request was under way' \
                    ELSE last_error END, \
                state = 5, attempt = attempt + 1, worker = NULL, lease_until_us = NULL \
             WHERE state IN (2, 5) AND lease_until_us IS NOT NULL \
               AND (lease_until_us < $1 OR worker = $2)";
        on!(self, conn => sqlx::query(sql)
            .bind(now)
            .bind(gone_worker)
            .bind(quiet_until.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("taking over lost batches")
    }

    /// Waiting batches of a campaign wait for its end (pause) or go on (resume).
    pub async fn pause_batches(
        &mut self,
        campaign: CampaignId,
        paused: bool,
    ) -> Result<u64, StoreError> {
        let (from, to) = if paused { (1_i64, 8_i64) } else { (8, 1) };
        let sql = "UPDATE send_batch SET state = $3 WHERE campaign_id = $1 AND state = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(from)
            .bind(to)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("pausing batches")
    }

    /// Waiting batches of a campaign will never leave.
    pub(crate) async fn cancel_batches(&mut self, campaign: CampaignId) -> Result<u64, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE send_batch SET state = 7, settled_us = $2 WHERE campaign_id = $1 AND state IN (1, 8)";
        on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("cancelling batches")
    }

    /// A batch that was just claimed may not leave before this instant: the
    /// claim is taken back in its own transaction.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn delay_batch(
        &mut self,
        batch: &PickedBatch,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_batch_off(batch, until, crate::campaign_flow::WAITS_FOR_WINDOW)
            .await
    }

    /// [`Writer::delay_batch`] for another reason, shown to people.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn put_batch_off(
        &mut self,
        batch: &PickedBatch,
        until: Timestamp,
        reason: &str,
    ) -> Result<(), StoreError> {
        // Without the campaign's lock: a pause or stop that holds it waits for
        // this claim already, and will find the batch pending as it was.
        self.back_to_pending(batch, until, reason).await
    }
}

struct Settled<'a> {
    state: BatchState,
    reference: Option<&'a str>,
    accepted: i64,
    error: Option<&'a str>,
    next: Option<Timestamp>,
    failed_as: FailedAs,
}

impl Settled<'_> {
    const fn to(state: BatchState) -> Self {
        Self {
            state,
            reference: None,
            accepted: 0,
            error: None,
            next: None,
            failed_as: FailedAs::Refused,
        }
    }
}
