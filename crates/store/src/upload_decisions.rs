//! What people decide about an upload: to bring it in, to let it be applied,
//! to withdraw it.

use domain::ids::{FirmId, UploadId};
use domain::{ReasonCode, RecipientKind};

use crate::db::Writer;
use crate::error::{Doing, StoreError, exactly};
use crate::row::to_json;
use crate::uploads::{NewUpload, Upload, UploadState};

impl Writer {
    /// Notes a file that has come in. Move the file into its folder before
    /// committing: a worker may take it up at once.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such brand.
    pub async fn create_upload(
        &mut self,
        firm: FirmId,
        new: NewUpload,
    ) -> Result<UploadId, StoreError> {
        let id = UploadId::from_db(self.next_id()?);
        let options = to_json(&new.options)?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO upload (id, firm_id, brand_id, name, file_name, tag, action, \
             default_kind, options, sha256, size_bytes, state, summary, read_bytes, rows_read, \
             pairs_judged, pairs_rejected, records_total, records_applied, records_offset, \
             created_count, updated_count, unchanged_count, rejected_count, actor, attempt, \
             created_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 'null', 0, 0, 0, 0, 0, 0, \
             0, 0, 0, 0, 0, $12, 0, $13)";
        self.brand(firm, new.brand)
            .await?
            .ok_or(StoreError::Lost { what: "the brand" })?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(new.brand.as_db())
            .bind(new.name.as_str())
            .bind(new.file_name.as_str())
            .bind(new.tag.as_deref())
            .bind(new.action.as_db())
            .bind(new.default_kind.map(RecipientKind::as_db))
            .bind(options.as_str())
            .bind(new.sha256.as_slice())
            .bind(new.size_bytes)
            .bind(new.actor.as_str())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting an upload")?;
        exactly(done, 1, "the upload")?;
        Ok(id)
    }

    /// Lets a judged file be applied; a worker takes it up.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is not judged or waiting any more,
    /// [`StoreError::Refused`] with F116 when the same bytes were applied for
    /// the brand in the same way before.
    pub async fn begin_applying(
        &mut self,
        firm: FirmId,
        id: UploadId,
        approver: &str,
    ) -> Result<(), StoreError> {
        let upload = self
            .upload(firm, id)
            .await?
            .ok_or(StoreError::Lost { what: "the upload" })?;
        // Two uploads of the same bytes stand in line at their brand.
        self.brand_to_change(firm, upload.brand).await?;
        if self.is_applied_alike(&upload).await? {
            return Err(StoreError::Refused(ReasonCode::F116));
        }
        let sql = "UPDATE upload SET state = $3, approver = $4, worker = NULL, \
             lease_until_us = NULL WHERE id = $1 AND firm_id = $2 AND state IN ($5, $6)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(UploadState::Applying.as_db())
            .bind(approver)
            .bind(UploadState::Judged.as_db())
            .bind(UploadState::Waiting.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("approving an upload")?;
        exactly(done, 1, "the judged upload")
    }

    /// Withdraws an upload of which nothing was applied; a worker that judges
    /// it notices at its next heartbeat.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is being applied or has come to its end.
    pub async fn cancel_upload(&mut self, firm: FirmId, id: UploadId) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET state = $3, finished_us = $4, worker = NULL, \
             lease_until_us = NULL WHERE id = $1 AND firm_id = $2 AND state IN (1, 2, 3, 4)";
        let now = self.now().as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(UploadState::Cancelled.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("cancelling an upload")?;
        exactly(done, 1, "the upload before it is applied")
    }

    /// Whether the same bytes went the same way: another action, kind or
    /// mapping of the same file is another matter.
    async fn is_applied_alike(&mut self, upload: &Upload) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM upload WHERE brand_id = $1 AND sha256 = $2 \
             AND state IN (5, 6) AND action = $3 AND options = $4 \
             AND coalesce(default_kind, 0) = $5 LIMIT 1";
        let options = to_json(&upload.options)?;
        let twin = on!(self, conn => sqlx::query_scalar::<_, i64>(sql)
            .bind(upload.brand.as_db())
            .bind(upload.sha256.as_slice())
            .bind(upload.action.as_db())
            .bind(options.as_str())
            .bind(upload.default_kind.map_or(0, RecipientKind::as_db))
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the same file")?;
        Ok(twin.is_some())
    }
}
