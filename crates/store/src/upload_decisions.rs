//! What people decide about an upload: to bring it in, to let it be applied,
//! to withdraw it. Their answers are in [`crate::upload_answers`].

use domain::ids::{FirmId, UploadId};
use domain::{Channel, ReasonCode, RecipientKind, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::to_json;
use crate::uploads::{EarlierUpload, NewUpload, Upload, UploadPurpose, UploadState};

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
             created_us, purpose, stop_channel, spares_mandatory, expires_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, 'null', 0, 0, 0, 0, 0, 0, \
             0, 0, 0, 0, 0, $12, 0, $13, $14, $15, $16, $17)";
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
            .bind(new.purpose.as_db())
            .bind(new.stops.channel.map(Channel::as_db))
            .bind(i64::from(new.stops.spares_mandatory))
            .bind(new.expires_at.map(Timestamp::as_micros))
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
        if self.applied_alike(&upload).await?.is_some() {
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

    /// Withdraws an upload; a worker that judges it notices at its next
    /// heartbeat, one that applies it at its next slice. Slices that were
    /// applied stay: what somebody said is not unsaid.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it has come to its end.
    pub async fn cancel_upload(&mut self, firm: FirmId, id: UploadId) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET state = $3, finished_us = $4, worker = NULL, \
             lease_until_us = NULL WHERE id = $1 AND firm_id = $2 AND state IN (1, 2, 3, 4, 5)";
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
        exactly(done, 1, "the upload before its end")
    }
}

const ALIKE: &str = "SELECT id, action, coalesce(finished_us, started_us, created_us) \
     FROM upload WHERE brand_id = $1 AND sha256 = $2 AND state IN (5, 6) AND action = $3 \
     AND options = $4 AND coalesce(default_kind, 0) = $5 AND purpose = $8 \
     AND coalesce(tag, '') = $6 AND id <> $7 ORDER BY created_us DESC, id DESC LIMIT 1";

impl Reader {
    /// The upload of the same bytes that went the same way for the brand, if
    /// there is one (F116): another action, kind, tag or mapping of the same
    /// file is another matter, and one that was refused or cancelled does not count.
    pub async fn applied_alike(
        &mut self,
        upload: &Upload,
    ) -> Result<Option<EarlierUpload>, StoreError> {
        // What a list or blacklist did may have been undone since, and is
        // harmless to do again: of these the newest wins. A promotion may have
        // been forgotten since.
        let counts = match upload.purpose {
            UploadPurpose::Contacts => true,
            UploadPurpose::Promotion => {
                let name = upload.tag.as_deref().unwrap_or(&upload.name);
                self.promotion_named(upload.firm, name).await?.is_some()
            }
            _ => false,
        };
        if !counts {
            return Ok(None);
        }
        let options = to_json(&upload.options)?;
        let row = on!(self, conn => sqlx::query_as::<_, (i64, i64, i64)>(ALIKE)
            .bind(upload.brand.as_db())
            .bind(upload.sha256.as_slice())
            .bind(upload.action.as_db())
            .bind(options.as_str())
            .bind(upload.default_kind.map_or(0, RecipientKind::as_db))
            .bind(upload.tag.as_deref().unwrap_or(""))
            .bind(upload.id.as_db())
            .bind(upload.purpose.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the same file")?;
        row.map(EarlierUpload::read).transpose()
    }
}
