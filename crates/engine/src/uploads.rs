//! Files on their way into the ledger: received, judged, approved, applied.

mod apply;
mod directory;
mod judge;
mod receive;
mod report;

use std::path::PathBuf;

use domain::ids::{FirmId, UploadId};
use store::upload_work::ClaimedUpload;
use store::uploads::{Upload, UploadState};

pub(crate) use apply::usual_channel;
pub use receive::NewFile;

use crate::error::EngineError;
use crate::{Engine, Step};

/// Where the bytes of one upload lie.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn source(&self) -> PathBuf {
        self.0.join("source")
    }

    pub(crate) fn judged(&self, attempt: i64) -> PathBuf {
        self.0.join(format!("judged-{attempt}"))
    }
}

/// The name of the record spool inside the folder of one judging.
pub(crate) const RECORDS: &str = "records";

impl Engine {
    pub(crate) fn folder(&self, upload: UploadId) -> Folder {
        Folder(self.settings.uploads.folder.join(upload.to_string()))
    }

    /// One upload of a firm.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn upload(&self, firm: FirmId, id: UploadId) -> Result<Upload, EngineError> {
        let mut reader = self.store.read().await?;
        reader
            .upload(firm, id)
            .await?
            .ok_or(EngineError::NotFound { what: "the upload" })
    }

    /// Takes the next upload that is due and judges or applies it.
    pub async fn step_uploads(&self) -> Result<Step, EngineError> {
        let mut writer = self.store.write().await?;
        let lease_us = self.settings.uploads.lease_seconds * domain::time::SECOND_US;
        let claimed = writer.claim_upload(self.worker(), lease_us).await?;
        writer.commit().await?;
        let Some(claimed) = claimed else {
            return Ok(Step::Idle);
        };
        self.work_on(claimed).await?;
        Ok(Step::Did)
    }

    async fn work_on(&self, claimed: ClaimedUpload) -> Result<(), EngineError> {
        let outcome = match claimed.upload.state {
            UploadState::Judging => self.judge_upload(&claimed).await,
            UploadState::Applying => self.apply_upload(&claimed).await,
            state => Err(EngineError::Internal(format!(
                "an upload in state {state} was claimed"
            ))),
        };
        let Err(error) = outcome else { return Ok(()) };
        if matches!(error, EngineError::Conflict { .. }) {
            // Cancelled, or taken over by another worker: no longer ours.
            tracing::info!(upload.id = %claimed.upload.id, "upload {} was taken away: {error}", claimed.upload.id);
            return Ok(());
        }
        if error.is_passing() {
            let mut writer = self.store.write().await?;
            writer.release_upload(&claimed.claim).await?;
            writer.commit().await?;
            return Err(error);
        }
        tracing::error!(upload.id = %claimed.upload.id, error = ?error, "upload {} failed: {error}", claimed.upload.id);
        let mut writer = self.store.write().await?;
        writer
            .fail_upload(&claimed.claim, &error.to_string())
            .await?;
        writer.commit().await?;
        Ok(())
    }

    /// Lets a judged file be applied.
    ///
    /// # Errors
    /// [`EngineError::Refused`] with F116 when the same bytes were applied
    /// before, [`EngineError::Conflict`] when it is not judged.
    pub async fn approve_upload(
        &self,
        firm: FirmId,
        id: UploadId,
        actor: &str,
    ) -> Result<Upload, EngineError> {
        let held = self.upload(firm, id).await?;
        if matches!(held.state, UploadState::Applying | UploadState::Applied) {
            // The same wish again: after a lost answer, say.
            return Ok(held);
        }
        if !matches!(held.state, UploadState::Judged | UploadState::Waiting) {
            return Err(EngineError::conflict(
                "the upload",
                format!("it is {}; only a judged file can be applied", held.state),
            ));
        }
        let mut writer = self.store.write().await?;
        writer.begin_applying(firm, id, actor).await?;
        let detail = serde_json::json!({ "file": held.file_name, "records": held.records_total });
        writer
            .append_audit(firm, actor, "upload.apply", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        self.wake.uploads.notify_waiters();
        self.upload(firm, id).await
    }

    /// Withdraws a file of which nothing was applied.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is too late.
    pub async fn cancel_upload(
        &self,
        firm: FirmId,
        id: UploadId,
        actor: &str,
    ) -> Result<Upload, EngineError> {
        self.upload(firm, id).await?;
        let mut writer = self.store.write().await?;
        writer.cancel_upload(firm, id).await?;
        writer
            .append_audit(
                firm,
                actor,
                "upload.cancel",
                &id.to_string(),
                &serde_json::Value::Null,
            )
            .await?;
        writer.commit().await?;
        self.upload(firm, id).await
    }
}

impl Engine {
    /// The people of a firm as intake asks about them, for a dry run.
    pub fn directory(
        &self,
        firm: FirmId,
        brand: domain::ids::BrandId,
    ) -> impl intake::Directory + Send + use<> {
        directory::StoreDirectory {
            store: self.store.clone(),
            handle: tokio::runtime::Handle::current(),
            firm,
            brand,
        }
    }
}
