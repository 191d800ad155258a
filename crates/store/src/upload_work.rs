//! What workers do with uploads: claim, judge, apply slice by slice, finish.
//!
//! A claim has a lease and a number of its own: when a worker is late and
//! another took over, every further call of the late one answers
//! [`StoreError::Lost`] and changes nothing.

use domain::ids::{EventId, UploadId};
use serde_json::Value;

use crate::db::{Engine, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::to_json;
use crate::uploads::{
    AppliedCounts, Discrepancy, FileRefusal, Hold, JudgingProgress, Upload, UploadRow, UploadState,
    upload_columns,
};

/// The right to work on an upload, until another worker takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadClaim {
    upload: UploadId,
    worker: String,
    attempt: i64,
}

impl UploadClaim {
    /// The upload it is for.
    pub const fn upload(&self) -> UploadId {
        self.upload
    }

    pub(crate) fn worker(&self) -> &str {
        &self.worker
    }

    pub(crate) const fn attempt(&self) -> i64 {
        self.attempt
    }
}

/// An upload that this worker is to judge or to apply, as its state says.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedUpload {
    /// The right to do so.
    pub claim: UploadClaim,
    /// The upload, in state judging or applying.
    pub upload: Upload,
}

/// What judging found in a file that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What was recognised, counts per code, first rows.
    pub summary: Value,
    /// The whole file's figures.
    pub progress: JudgingProgress,
    /// Records in the spool of accepted rows.
    pub records_total: i64,
    /// Why a person must look before it is applied; empty when nobody must.
    pub holds: Vec<Hold>,
    /// Digest of the folded header.
    pub header_hash: Option<[u8; 32]>,
}

/// One applied piece of the spool of accepted rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppliedSlice {
    /// Byte of the spool at which it begins.
    pub from_offset: i64,
    /// Byte after its last record.
    pub to_offset: i64,
    /// Records in it.
    pub records: i64,
    /// What became of them.
    pub counts: AppliedCounts,
    /// The first and last event appended for them.
    pub events: Option<(EventId, EventId)>,
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE upload SET state = CASE WHEN state = 1 THEN 2 ELSE state END, \
             attempt = attempt + 1, worker = $1, lease_until_us = $2, \
             started_us = coalesce(started_us, $3) WHERE id = \
             (SELECT id FROM upload WHERE state IN (1, 2, 5) \
              AND (lease_until_us IS NULL OR lease_until_us <= $3) \
              ORDER BY created_us, id LIMIT 1",
            $lock,
            ") RETURNING ",
            upload_columns!()
        )
    };
}

/// Claimers on PostgreSQL step over a row that another is claiming.
const fn claim_text(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => claim!(""),
        Engine::Postgres => claim!(" FOR UPDATE SKIP LOCKED"),
    }
}

impl Writer {
    /// The upload that waits longest for a worker, claimed for `lease_us`:
    /// received, or begun by a worker that is gone or did not renew its lease.
    /// One that was being judged is judged from the start; one that was being
    /// applied goes on at its offset.
    ///
    /// The worker must be registered ([`crate::Store::register_worker`]): one
    /// that is not counts as gone.
    pub async fn claim_upload(
        &mut self,
        worker: &str,
        lease_us: i64,
    ) -> Result<Option<ClaimedUpload>, StoreError> {
        let mut claimed = self.claim_due_upload(worker, lease_us).await?;
        if claimed.is_none() && self.free_uploads_of_the_gone().await? {
            claimed = self.claim_due_upload(worker, lease_us).await?;
        }
        let Some(mut upload) = claimed else {
            return Ok(None);
        };
        let claim = UploadClaim {
            upload: upload.id,
            worker: worker.to_owned(),
            attempt: upload.attempt,
        };
        if upload.state == UploadState::Judging {
            // What an earlier attempt at judging left behind.
            upload.progress = JudgingProgress::default();
            self.note_progress(&claim, upload.progress).await?;
            self.drop_rejections(upload.id).await?;
        }
        Ok(Some(ClaimedUpload { claim, upload }))
    }

    async fn claim_due_upload(
        &mut self,
        worker: &str,
        lease_us: i64,
    ) -> Result<Option<Upload>, StoreError> {
        let sql = claim_text(self.engine());
        let now = self.now();
        let row = on!(self, conn => sqlx::query_as::<_, UploadRow>(sql)
            .bind(worker)
            .bind(now.plus_micros(lease_us).as_micros())
            .bind(now.as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("claiming an upload")?;
        row.map(Upload::try_from).transpose()
    }

    /// Ends the leases of workers that died; says whether there were any.
    async fn free_uploads_of_the_gone(&mut self) -> Result<bool, StoreError> {
        let holders = "SELECT DISTINCT worker FROM upload \
             WHERE state IN (1, 2, 5) AND worker IS NOT NULL ORDER BY worker LIMIT 100";
        let free = "UPDATE upload SET lease_until_us = NULL, worker = NULL \
             WHERE state IN (1, 2, 5) AND worker = $1";
        let holders: Vec<String> = on!(self, conn => sqlx::query_scalar(holders)
            .fetch_all(&mut *conn)
            .await)
        .doing("listing the holders of uploads")?;
        let mut freed = 0;
        for holder in holders {
            if self.is_worker_gone(&holder).await? {
                freed += on!(self, conn => sqlx::query(free)
                    .bind(holder.as_str())
                    .execute(&mut *conn)
                    .await
                    .map(|done| done.rows_affected()))
                .doing("freeing the uploads of a dead worker")?;
            }
        }
        Ok(freed > 0)
    }

    /// Renews the lease and shows how far judging has come.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the upload was cancelled or taken over: stop.
    pub async fn renew_upload(
        &mut self,
        claim: &UploadClaim,
        lease_us: i64,
        progress: Option<JudgingProgress>,
    ) -> Result<(), StoreError> {
        if let Some(progress) = progress {
            self.note_progress(claim, progress).await?;
        }
        let sql = "UPDATE upload SET lease_until_us = $4 \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state IN (2, 5)";
        let until = self.now().plus_micros(lease_us).as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(until)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("renewing the lease of an upload")?;
        exactly(done, 1, "the claim on the upload")
    }

    /// Gives an upload back before its lease ends: on an orderly shutdown.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it was cancelled or taken over.
    pub async fn release_upload(&mut self, claim: &UploadClaim) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET lease_until_us = NULL, worker = NULL \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state IN (2, 5)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("giving an upload back")?;
        exactly(done, 1, "the claim on the upload")
    }

    /// Ends the judging of a file that may be applied.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the upload was cancelled or taken over.
    pub async fn finish_judging(
        &mut self,
        claim: &UploadClaim,
        judgement: &Judgement,
    ) -> Result<(), StoreError> {
        self.note_progress(claim, judgement.progress).await?;
        let state = if judgement.holds.is_empty() {
            UploadState::Judged
        } else {
            UploadState::Waiting
        };
        let holds = to_json(&judgement.holds)?;
        let sql = "UPDATE upload SET state = $4, summary = $5, records_total = $6, \
             rejected_count = $7, holds = $8, header_hash = $9, lease_until_us = NULL, \
             worker = NULL \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 2";
        let summary = to_json(&judgement.summary)?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(state.as_db())
            .bind(summary.as_str())
            .bind(judgement.records_total)
            .bind(judgement.progress.pairs_rejected)
            .bind(holds.as_str())
            .bind(judgement.header_hash.as_ref().map(<[u8; 32]>::as_slice))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("finishing the judging of an upload")?;
        exactly(done, 1, "the claim on the upload")
    }

    /// Ends the judging of a file that stopped as a whole: nothing of it will
    /// be applied.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the upload was cancelled or taken over.
    pub async fn refuse_file(
        &mut self,
        claim: &UploadClaim,
        refusal: &FileRefusal,
        summary: &Value,
        header_hash: Option<[u8; 32]>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET state = 7, file_code = $4, file_detail = $5, summary = $6, \
             finished_us = $7, header_hash = $8, lease_until_us = NULL, worker = NULL \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 2";
        let args = to_json(&refusal.args)?;
        let summary = to_json(summary)?;
        let now = self.now().as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(refusal.code.as_db())
            .bind(args.as_str())
            .bind(summary.as_str())
            .bind(now)
            .bind(header_hash.as_ref().map(<[u8; 32]>::as_slice))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("refusing a file")?;
        exactly(done, 1, "the claim on the upload")
    }

    /// Notes a slice of the spool as applied, in the transaction that applied
    /// it: so it is applied exactly once, whatever dies in between.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the upload was taken over or the slice does
    /// not begin where the last one ended: drop the transaction.
    pub async fn advance_upload(
        &mut self,
        claim: &UploadClaim,
        slice: AppliedSlice,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET records_offset = $5, \
             records_applied = records_applied + $6, created_count = created_count + $7, \
             updated_count = updated_count + $8, unchanged_count = unchanged_count + $9, \
             rejected_count = rejected_count + $10, known_count = known_count + $11, \
             first_event_id = coalesce(first_event_id, $12), \
             last_event_id = coalesce($13, last_event_id) \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 5 \
             AND records_offset = $4";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(slice.from_offset)
            .bind(slice.to_offset)
            .bind(slice.records)
            .bind(slice.counts.created)
            .bind(slice.counts.updated)
            .bind(slice.counts.unchanged)
            .bind(slice.counts.rejected)
            .bind(slice.counts.known)
            .bind(slice.events.map(|(first, _)| first.as_db()))
            .bind(slice.events.map(|(_, last)| last.as_db()))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("advancing an upload")?;
        exactly(done, 1, "the upload at this offset")
    }

    /// Ends an upload of whose spool every slice is applied. What came out
    /// otherwise than foreseen is kept with it, and stops nothing: it is in
    /// the ledger already.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it was cancelled or taken over.
    pub async fn finish_applying(
        &mut self,
        claim: &UploadClaim,
        discrepancies: &[Discrepancy],
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET state = 6, finished_us = $4, discrepancies = $5, \
             lease_until_us = NULL, worker = NULL \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 5";
        let now = self.now().as_micros();
        let found = to_json(discrepancies)?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(now)
            .bind(found.as_str())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("finishing an upload")?;
        exactly(done, 1, "the claim on the upload")
    }

    /// Ends an upload because something of ours broke; what was applied stays.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it was cancelled or taken over.
    pub async fn fail_upload(
        &mut self,
        claim: &UploadClaim,
        reason: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET state = 8, file_code = NULL, file_detail = $4, \
             finished_us = $5, lease_until_us = NULL, worker = NULL \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state IN (2, 5)";
        let now = self.now().as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(reason)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("failing an upload")?;
        exactly(done, 1, "the claim on the upload")
    }

    async fn note_progress(
        &mut self,
        claim: &UploadClaim,
        progress: JudgingProgress,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET read_bytes = $4, rows_read = $5, pairs_judged = $6, \
             pairs_rejected = $7 WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload.as_db())
            .bind(claim.worker.as_str())
            .bind(claim.attempt)
            .bind(progress.read_bytes)
            .bind(progress.rows_read)
            .bind(progress.pairs_judged)
            .bind(progress.pairs_rejected)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting the progress of an upload")?;
        exactly(done, 1, "the claim on the upload")
    }
}

#[cfg(test)]
mod tests {
    use super::claim_text;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn a_claim_looks_only_at_uploads_that_wait_for_a_worker() {
        walks(claim_text, Index::named("upload_work")).await;
    }
}
