//! Files on their way into the ledger: received, judged, approved, applied.

mod ahead;
mod answers;
mod apply;
mod approve;
mod check;
mod codes;
mod correct;
mod directory;
mod drops;
mod judge;
mod known;
mod notices;
mod receive;
mod report;
mod rows;
mod spool;

use std::path::PathBuf;

use domain::ids::{FirmId, UploadId};
use store::upload_work::ClaimedUpload;
use store::uploads::{Upload, UploadState};

pub use answers::AnswersGiven;
pub(crate) use apply::usual_channel;
pub use approve::LeaveOpen;
pub use correct::Refused;
pub(crate) use drops::SeenFiles;
pub use intake::{CellChange, Privacy, SameChange};
pub use notices::{Notice, notices};
pub use receive::{NewFile, action_of};
pub use report::ReportForm;

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

    /// Removes what judging left on disk of an upload that needs it no more;
    /// the file itself stays. What is left after a kill only takes room.
    pub(crate) async fn forget_work(&self, upload: UploadId, attempts: i64) {
        let folder = self.folder(upload);
        for attempt in 1..=attempts {
            drop(tokio::fs::remove_dir_all(folder.judged(attempt)).await);
        }
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

    /// Withdraws a file. Slices that were applied already stay, and the upload
    /// tells how many.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it has come to its end.
    pub async fn cancel_upload(
        &self,
        firm: FirmId,
        id: UploadId,
        actor: &str,
    ) -> Result<Upload, EngineError> {
        let held = self.upload(firm, id).await?;
        if held.state == UploadState::Cancelled {
            // The same wish again: after a lost answer, say.
            return Ok(held);
        }
        let mut writer = self.store.write().await?;
        writer.cancel_upload(firm, id).await?;
        let left = writer.upload(firm, id).await?;
        let applied = left.map_or(0, |upload| upload.records_applied);
        let detail = serde_json::json!({ "was": held.state, "records_applied": applied });
        writer
            .append_audit(firm, actor, "upload.cancel", &id.to_string(), &detail)
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

/// The channels that the consents of a judged file speak about.
fn channels_of(upload: &Upload) -> Vec<domain::Channel> {
    let told = upload.summary.get("channels");
    let told = told.and_then(serde_json::Value::as_array);
    told.into_iter()
        .flatten()
        .filter_map(|word| domain::Channel::parse(word.as_str()?))
        .collect()
}
