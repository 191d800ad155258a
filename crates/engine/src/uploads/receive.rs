//! A file comes in: streamed to disk, hashed on the way, and only then noted.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::{BrandId, FirmId};
use domain::{ReasonCode, RecipientKind, Timestamp};
use intake::Action;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::uploads::{NewUpload, StopScope, Upload, UploadAction, UploadPurpose};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::Engine;
use crate::error::EngineError;

/// Longest name of an upload (reference systems agree on 50).
pub(super) const NAME_CHARS_MAX: usize = 50;
const BUFFER_BYTES: usize = 256 * 1024;

static INCOMING: AtomicU64 = AtomicU64::new(0);

/// A file and what its uploader wants with it.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Whose people.
    pub firm: FirmId,
    /// The brand that was spoken to.
    pub brand: BrandId,
    /// Shown in lists, 1–50 characters.
    pub name: String,
    /// The file's own name.
    pub file_name: String,
    /// What the file is for.
    pub purpose: UploadPurpose,
    /// What a blacklist or whitelist stops or frees.
    pub stops: StopScope,
    /// Tag for everyone in it; the name of the list or promotion it is for.
    pub tag: Option<String>,
    /// Of codes of a promotion: until when they are of use.
    pub expires_at: Option<Timestamp>,
    /// What to do with the consents.
    pub action: Action,
    /// Kind of people in rows that do not say.
    pub default_kind: Option<RecipientKind>,
    /// Column mapping and answers, shaped as `intake::Mapping`; null for none.
    pub mapping: Value,
    /// Who uploads.
    pub actor: String,
}

impl Engine {
    /// Takes a file in. Nothing is judged yet; a worker does that at once.
    ///
    /// # Errors
    /// [`EngineError::Refused`] with F102 when it is too large,
    /// [`EngineError::Invalid`] when a field cannot be accepted.
    pub async fn receive(
        &self,
        new: NewFile,
        body: impl AsyncRead + Unpin + Send,
    ) -> Result<Upload, EngineError> {
        self.receive_from(new, body, None).await
    }

    /// The same for a file of a watched folder: `dropped` names folder and file.
    pub(super) async fn receive_from(
        &self,
        new: NewFile,
        body: impl AsyncRead + Unpin + Send,
        dropped: Option<(&str, &str)>,
    ) -> Result<Upload, EngineError> {
        check(&new)?;
        self.check_promotion(&new).await?;
        let incoming = self.settings.uploads.folder.join("incoming");
        tokio::fs::create_dir_all(&incoming)
            .await
            .map_err(EngineError::file("making the upload folder"))?;
        let number = INCOMING.fetch_add(1, Ordering::SeqCst);
        let part = incoming.join(format!("{}-{number}", self.worker()));
        let outcome = self.store_and_note(new, body, &part, dropped).await;
        if outcome.is_err() {
            drop(tokio::fs::remove_file(&part).await);
        }
        outcome
    }

    async fn store_and_note(
        &self,
        new: NewFile,
        body: impl AsyncRead + Unpin + Send,
        part: &Path,
        dropped: Option<(&str, &str)>,
    ) -> Result<Upload, EngineError> {
        let (sha256, size_bytes) = self.stream_to(body, part).await?;
        let firm = new.firm;
        let mut writer = self.store.write().await?;
        let id = writer
            .create_upload(firm, noted(new, sha256, size_bytes))
            .await?;
        if let Some((folder, taken_as)) = dropped {
            writer.note_dropped(folder, taken_as, id).await?;
        }
        let folder = self.folder(id);
        let moved = async {
            tokio::fs::create_dir_all(&folder.0).await?;
            tokio::fs::rename(part, folder.source()).await
        };
        moved
            .await
            .map_err(EngineError::file("moving the file into its folder"))?;
        writer.commit().await?;
        self.wake.uploads.notify_waiters();
        self.upload(firm, id).await
    }

    async fn stream_to(
        &self,
        mut body: impl AsyncRead + Unpin + Send,
        part: &Path,
    ) -> Result<([u8; 32], i64), EngineError> {
        let failed = EngineError::file("storing the file");
        let mut file = tokio::fs::File::create(part).await.map_err(&failed)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0_u8; BUFFER_BYTES];
        let mut size: u64 = 0;
        loop {
            let count = body.read(&mut buffer).await.map_err(&failed)?;
            let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
                break;
            };
            size += u64::try_from(count).unwrap_or(u64::MAX);
            if size > self.settings.uploads.file_bytes_max {
                let limit = format!("{} MB", self.settings.uploads.file_bytes_max >> 20);
                return Err(EngineError::Refused {
                    code: ReasonCode::F102,
                    args: vec![("limit".into(), limit)],
                });
            }
            hasher.update(piece);
            file.write_all(piece).await.map_err(&failed)?;
        }
        file.sync_all().await.map_err(&failed)?;
        Ok((
            hasher.finalize().into(),
            i64::try_from(size).unwrap_or(i64::MAX),
        ))
    }
}

fn noted(new: NewFile, sha256: [u8; 32], size_bytes: i64) -> NewUpload {
    NewUpload {
        brand: new.brand,
        name: new.name,
        file_name: new.file_name,
        tag: new.tag,
        purpose: new.purpose,
        expires_at: new.expires_at,
        stops: new.stops,
        action: match new.action {
            Action::Local => UploadAction::Local,
            Action::Pull => UploadAction::Pull,
            Action::Push => UploadAction::Push,
        },
        default_kind: new.default_kind,
        options: new.mapping,
        sha256,
        size_bytes,
        actor: new.actor,
    }
}

/// What intake calls the action of an upload.
pub const fn action_of(action: UploadAction) -> Action {
    match action {
        UploadAction::Local => Action::Local,
        UploadAction::Pull => Action::Pull,
        UploadAction::Push => Action::Push,
    }
}

fn check(new: &NewFile) -> Result<(), EngineError> {
    let length = new.name.trim().chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) {
        return Err(EngineError::invalid("name", "must have 1 to 50 characters"));
    }
    if let Some(tag) = &new.tag
        && !(1..=NAME_CHARS_MAX).contains(&tag.trim().chars().count())
    {
        return Err(EngineError::invalid("tag", "must have 1 to 50 characters"));
    }
    let needs_name = matches!(
        new.purpose,
        UploadPurpose::TagAdd
            | UploadPurpose::TagRemove
            | UploadPurpose::List
            | UploadPurpose::Promotion
    );
    if needs_name && new.tag.is_none() {
        let problem = "names the tag, the list or the promotion";
        return Err(EngineError::invalid("tag", problem));
    }
    if !new.purpose.speaks_of_consents() && new.action != Action::Local {
        return Err(EngineError::invalid(
            "action",
            "must be local: this file says nothing about consents",
        ));
    }
    mapping(&new.mapping).map(drop)
}

/// The mapping as intake reads it.
pub(super) fn mapping(value: &Value) -> Result<intake::Mapping, EngineError> {
    if value.is_null() {
        return Ok(intake::Mapping::default());
    }
    serde_json::from_value(value.clone())
        .map_err(|error| EngineError::invalid("mapping", error.to_string()))
}
