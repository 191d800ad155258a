//! Answers that people give about a file, and answers that are remembered: a
//! mapping that was confirmed once is used for the next file of the firm with
//! the same header.

use domain::RecipientKind;
use domain::Timestamp;
use domain::ids::{FirmId, UploadId};
use serde_json::Value;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, known, to_json};
use crate::upload_work::UploadClaim;

/// What was answered about a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// The mapping and answers, shaped as `Upload::options`.
    pub options: Value,
    /// The capacity of rows that do not state one.
    pub default_kind: Option<RecipientKind>,
}

/// Answers that were confirmed for a header.
#[derive(Debug, Clone, PartialEq)]
pub struct RememberedAnswers {
    /// The answers.
    pub answers: Answers,
    /// The upload they were confirmed with.
    pub upload: UploadId,
    /// Who confirmed them.
    pub actor: String,
    /// When.
    pub confirmed_at: Timestamp,
}

impl Reader {
    /// Whether a firm ever confirmed answers for a file.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked.
    pub async fn remembers_answers(&mut self, firm: FirmId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM upload_answer WHERE firm_id = $1 LIMIT 1";
        let found: Option<i32> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for remembered answers")?;
        Ok(found.is_some())
    }

    /// What a firm confirmed for files with this header.
    pub async fn remembered_answers(
        &mut self,
        firm: FirmId,
        header_hash: &[u8; 32],
    ) -> Result<Option<RememberedAnswers>, StoreError> {
        let sql = "SELECT options, default_kind, upload_id, actor, confirmed_us \
             FROM upload_answer WHERE firm_id = $1 AND header_hash = $2";
        type Row = (String, Option<i64>, i64, String, i64);
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(firm.as_db())
            .bind(header_hash.as_slice())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for remembered answers")?;
        row.map(|(options, kind, upload, actor, confirmed_us)| {
            let upload = UploadId::from_db(upload);
            let read_kind = |kind| {
                let kind = RecipientKind::from_db(kind);
                known(kind, "upload_answer", "default_kind", upload)
            };
            Ok(RememberedAnswers {
                answers: Answers {
                    options: from_json(&options, "upload_answer", "options", upload)?,
                    default_kind: kind.map(read_kind).transpose()?,
                },
                upload,
                actor,
                confirmed_at: Timestamp::from_micros(confirmed_us),
            })
        })
        .transpose()
    }
}

impl Writer {
    /// Remembers the answers of an upload for the next file with its header;
    /// the newest confirmation holds.
    pub async fn remember_answers(
        &mut self,
        firm: FirmId,
        header_hash: &[u8; 32],
        answers: &Answers,
        upload: UploadId,
        actor: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO upload_answer \
             (firm_id, header_hash, options, default_kind, upload_id, actor, confirmed_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (firm_id, header_hash) DO UPDATE SET options = excluded.options, \
             default_kind = excluded.default_kind, upload_id = excluded.upload_id, \
             actor = excluded.actor, confirmed_us = excluded.confirmed_us";
        let options = to_json(&answers.options)?;
        let now = self.now().as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(header_hash.as_slice())
            .bind(options.as_str())
            .bind(answers.default_kind.map(RecipientKind::as_db))
            .bind(upload.as_db())
            .bind(actor)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("remembering answers")?;
        exactly(done, 1, "the remembered answers")
    }

    /// Takes remembered answers over into an upload that is being judged.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the upload was cancelled or taken over.
    pub async fn adopt_answers(
        &mut self,
        claim: &UploadClaim,
        remembered: &RememberedAnswers,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET options = $4, default_kind = $5, answers_from = $6 \
             WHERE id = $1 AND worker = $2 AND attempt = $3 AND state = 2";
        let options = to_json(&remembered.answers.options)?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(claim.upload().as_db())
            .bind(claim.worker())
            .bind(claim.attempt())
            .bind(options.as_str())
            .bind(remembered.answers.default_kind.map(RecipientKind::as_db))
            .bind(remembered.upload.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("taking remembered answers over")?;
        exactly(done, 1, "the claim on the upload")
    }

    /// Sends an upload of which nothing was applied back to the start with new
    /// answers: a worker judges it again. A worker that judges it right now
    /// notices at its next heartbeat.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is being applied or has come to its end.
    pub async fn answer_upload(
        &mut self,
        firm: FirmId,
        id: UploadId,
        answers: &Answers,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE upload SET state = 1, options = $3, default_kind = $4, \
             answers_from = NULL, file_code = NULL, file_detail = NULL, summary = 'null', \
             holds = '[]', read_bytes = 0, rows_read = 0, pairs_judged = 0, pairs_rejected = 0, \
             records_total = 0, rejected_count = 0, finished_us = NULL, worker = NULL, \
             lease_until_us = NULL \
             WHERE id = $1 AND firm_id = $2 AND state IN (1, 2, 3, 4, 7)";
        let options = to_json(&answers.options)?;
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(options.as_str())
            .bind(answers.default_kind.map(RecipientKind::as_db))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("answering about an upload")?;
        exactly(done, 1, "the upload before it is applied")
    }
}
