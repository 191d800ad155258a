//! Watched folders: a file that has stopped growing is taken in, judged as any
//! other upload, and afterwards lies in `biten` with its report beside it.
//!
//! ```text
//! folder/liste.csv ─(rename)─► alinan/<when>-liste.csv ─► upload ─► biten/<when>-liste.csv
//!                                                                 + .sonuc.json  + .rapor.csv
//! ```
//!
//! Every arrow is one atomic step, and the upload is noted in one transaction
//! with the name under which the file was taken: whatever dies in between, the
//! next look goes on from there and takes nothing in twice. Nothing is deleted.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use domain::ids::UploadId;
use intake::Privacy;
use serde_json::{Value, json};
use store::StoreError;
use store::uploads::{StopScope, Upload, UploadPurpose, UploadState};

use super::{LeaveOpen, NewFile, ReportForm};
use crate::error::EngineError;
use crate::settings::Drop;
use crate::{Engine, Step};

/// Where taken files lie while their upload goes on.
const TAKEN: &str = "alinan";
/// Where done files lie.
const DONE: &str = "biten";
/// Files looked at in one folder and one look.
const FILES_MAX: usize = 200;
/// Who brings dropped files in, in lists and in the trail.
const ACTOR: &str = "drop-folder";

/// How large each file was at the last look, of this process.
#[derive(Debug, Default)]
pub(crate) struct SeenFiles(Mutex<HashMap<PathBuf, Size>>);

type Size = (u64, Option<SystemTime>);

impl SeenFiles {
    /// Whether the file is as it was at the last look; remembers this one.
    fn is_still(&self, path: &Path, size: Size) -> bool {
        let Ok(mut seen) = self.0.lock() else {
            return false;
        };
        if seen.get(path) == Some(&size) {
            seen.remove(path);
            return true;
        }
        // Files that went away by themselves are forgotten in time.
        if seen.len() > 10 * FILES_MAX {
            seen.clear();
        }
        seen.insert(path.to_owned(), size);
        false
    }
}

impl Engine {
    /// Looks once into every watched folder.
    pub async fn step_drops(&self) -> Result<Step, EngineError> {
        let mut did = Step::Idle;
        for drop in &self.settings.uploads.drops {
            match self.look_into(drop).await {
                Ok(step) => did = did.or(step),
                // The other folders go on.
                Err(error) => tracing::error!(
                    drop.folder = %drop.folder.display(), error = %error,
                    "a watched folder could not be worked on: {error}"
                ),
            }
        }
        Ok(did)
    }

    async fn look_into(&self, drop: &Drop) -> Result<Step, EngineError> {
        let failed = EngineError::file("looking into a watched folder");
        for name in [TAKEN, DONE] {
            tokio::fs::create_dir_all(drop.folder.join(name))
                .await
                .map_err(&failed)?;
        }
        let mut did = 0;
        for path in files_in(&drop.folder).await.map_err(&failed)? {
            did += usize::from(self.take(drop, &path).await?);
        }
        for path in files_in(&drop.folder.join(TAKEN)).await.map_err(&failed)? {
            did += usize::from(self.go_on(drop, &path).await?);
        }
        Ok(Step::of(did))
    }

    /// Moves a file that has stopped growing to the taken ones.
    async fn take(&self, drop: &Drop, path: &Path) -> Result<bool, EngineError> {
        let Ok(about) = tokio::fs::metadata(path).await else {
            return Ok(false); // gone again
        };
        if !self
            .seen_files
            .is_still(path, (about.len(), about.modified().ok()))
        {
            return Ok(false);
        }
        let name = format!("{}-{}", self.now().as_micros(), name_of(path));
        let to = drop.folder.join(TAKEN).join(name);
        if tokio::fs::try_exists(&to).await.unwrap_or(true) {
            return Ok(false); // at the next look, under another name
        }
        match tokio::fs::rename(path, &to).await {
            Ok(()) => Ok(true),
            // Another worker was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(EngineError::file("taking a file from a watched folder")(
                error,
            )),
        }
    }

    /// The next step of a taken file.
    async fn go_on(&self, drop: &Drop, path: &Path) -> Result<bool, EngineError> {
        let (folder, taken_as) = (drop.folder.to_string_lossy(), name_of(path));
        let mut reader = self.store.read().await?;
        let known = reader.upload_of_dropped(&folder, &taken_as).await?;
        let brand = reader.brand_at_work(drop.brand).await?;
        std::mem::drop(reader);
        let Some(id) = known else {
            return self.take_in(drop, brand.firm, path, &taken_as).await;
        };
        let upload = self.upload(brand.firm, id).await?;
        match upload.state {
            UploadState::Judged if drop.applies => self.let_in(&upload).await,
            UploadState::Applied
            | UploadState::Refused
            | UploadState::Failed
            | UploadState::Cancelled => {
                self.put_away(drop, path, Some(&upload), outcome(&upload))
                    .await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn take_in(
        &self,
        drop: &Drop,
        firm: domain::ids::FirmId,
        path: &Path,
        taken_as: &str,
    ) -> Result<bool, EngineError> {
        let own = taken_as.split_once('-').map_or(taken_as, |(_, name)| name);
        let new = NewFile {
            firm,
            brand: drop.brand,
            name: own.chars().take(50).collect(),
            file_name: own.to_owned(),
            purpose: UploadPurpose::Contacts,
            expires_at: None,
            stops: StopScope::default(),
            tag: drop.tag.clone(),
            action: drop.action,
            default_kind: drop.default_recipient_kind,
            mapping: Value::Null,
            actor: ACTOR.to_owned(),
        };
        let body = match tokio::fs::File::open(path).await {
            Ok(body) => body,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(EngineError::file("reading a taken file")(error)),
        };
        let folder = drop.folder.to_string_lossy();
        match self.receive_dropped(new, body, &folder, taken_as).await {
            Ok(_) => Ok(true),
            // Another worker took it in.
            Err(EngineError::Conflict { .. } | EngineError::Store(StoreError::Exists { .. })) => {
                Ok(false)
            }
            Err(EngineError::Refused { code, args }) => {
                let said = json!({
                    "state": "refused", "code": code,
                    "text_tr": intake::explain_tr(code, &args),
                    "text_en": intake::explain_en(code, &args),
                });
                self.put_away(drop, path, None, said).await?;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Lets a file in that nothing holds; whatever a person must decide waits
    /// for one, in the list of uploads.
    async fn let_in(&self, upload: &Upload) -> Result<bool, EngineError> {
        let let_in = self
            .approve_upload(upload.firm, upload.id, ACTOR, &LeaveOpen::Nothing)
            .await;
        match let_in {
            Ok(_) => Ok(true),
            Err(
                EngineError::Unanswered { .. }
                | EngineError::OtherPerson { .. }
                | EngineError::Refused { .. }
                | EngineError::Conflict { .. },
            ) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes what became of a file beside it; its own move is last and says
    /// that all of it is there.
    async fn put_away(
        &self,
        drop: &Drop,
        path: &Path,
        upload: Option<&Upload>,
        said: Value,
    ) -> Result<(), EngineError> {
        let failed = EngineError::file("putting a taken file away");
        let done = drop.folder.join(DONE);
        let name = name_of(path);
        if let Some(upload) = upload.filter(|upload| upload.counts.rejected > 0) {
            let part = done.join(format!(".{name}.rapor.part"));
            let mut file = tokio::fs::File::create(&part).await.map_err(&failed)?;
            let (firm, form) = (upload.firm, ReportForm::Csv);
            self.upload_report(firm, upload.id, form, Privacy::Open, &mut file)
                .await?;
            file.sync_all().await.map_err(&failed)?;
            let to = done.join(format!("{name}.rapor.csv"));
            tokio::fs::rename(&part, &to).await.map_err(&failed)?;
        }
        let text = format!("{said:#}\n");
        tokio::fs::write(done.join(format!("{name}.sonuc.json")), text)
            .await
            .map_err(&failed)?;
        match tokio::fs::rename(path, done.join(&name)).await {
            Ok(()) => Ok(()),
            // Another worker was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Takes a file in and notes, in the same transaction, where it came from.
    async fn receive_dropped(
        &self,
        new: NewFile,
        body: tokio::fs::File,
        folder: &str,
        taken_as: &str,
    ) -> Result<UploadId, EngineError> {
        let upload = self
            .receive_from(new, body, Some((folder, taken_as)))
            .await?;
        Ok(upload.id)
    }
}

fn outcome(upload: &Upload) -> Value {
    json!({
        "upload_id": upload.id, "state": upload.state,
        "code": upload.refusal.as_ref().map(|refusal| refusal.code),
        "text_tr": upload.refusal.as_ref().map(|r| intake::explain_tr(r.code, &r.args)),
        "text_en": upload.refusal.as_ref().map(|r| intake::explain_en(r.code, &r.args)),
        "created": upload.counts.created, "updated": upload.counts.updated,
        "unchanged": upload.counts.unchanged, "rejected": upload.counts.rejected,
    })
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Plain files of a folder by name, hidden ones left alone.
async fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if is_hidden || !entry.file_type().await?.is_file() {
            continue;
        }
        files.push(entry.path());
        if files.len() >= FILES_MAX {
            break;
        }
    }
    files.sort();
    Ok(files)
}
