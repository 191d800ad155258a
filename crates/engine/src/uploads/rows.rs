//! Rows of an uploaded file that are read from it once more: whoever refuses a
//! record after the file was judged (the ledger, İYS) does not have them.

use std::io;
use std::path::{Path, PathBuf};

use intake::{Options, RowFinder};
use secrecy::SecretString;
use store::rejections::{REJECTIONS_MAX, RejectionCursor};
use store::upload_work::ClaimedUpload;
use store::uploads::Upload;
use tempfile::TempDir;

use super::report::raw_text;
use super::spool::read_beside;
use crate::Engine;
use crate::error::EngineError;

/// The file of an upload, opened when its first row is asked for; for a thread
/// that may block.
#[derive(Debug)]
pub(super) struct UploadRows {
    source: PathBuf,
    options: Options,
    /// Where what is packed is unpacked.
    spools: PathBuf,
    /// Once it was opened: none for a file that is not there any more.
    opened: Option<Option<(RowFinder, TempDir)>>,
}

impl UploadRows {
    /// The row on a line, where there is one; lines come ascending.
    pub(super) fn row(&mut self, line: u64) -> io::Result<Option<Vec<u8>>> {
        let opened = match &mut self.opened {
            Some(opened) => opened,
            unopened => unopened.insert(open(&self.source, &self.options, &self.spools)?),
        };
        match opened {
            Some((finder, _)) => finder.row(line),
            None => Ok(None),
        }
    }

    /// The rows of these rejections, as far as they are found.
    fn rows(
        &mut self,
        rejections: &[RejectionCursor],
    ) -> io::Result<Vec<(RejectionCursor, SecretString)>> {
        let mut found = Vec::with_capacity(rejections.len());
        for at in rejections {
            if let Some(row) = self.row(u64::try_from(at.line).unwrap_or(0))? {
                found.push((*at, raw_text(row)));
            }
        }
        Ok(found)
    }
}

fn open(
    source: &Path,
    options: &Options,
    spools: &Path,
) -> io::Result<Option<(RowFinder, TempDir)>> {
    if !source.is_file() {
        return Ok(None);
    }
    let work = tempfile::tempdir_in(spools)?;
    let finder = RowFinder::open(source, options, work.path()).map_err(io::Error::other)?;
    Ok(finder.map(|finder| (finder, work)))
}

impl Engine {
    /// The rows of an upload, read as they were when it was judged.
    pub(super) async fn rows_of(&self, upload: &Upload) -> Result<UploadRows, EngineError> {
        Ok(UploadRows {
            source: self.folder(upload.id).source(),
            options: self.options(upload).await?,
            spools: self.spool_folder().await?,
            opened: None,
        })
    }

    /// Keeps the rows of the rejections that were found without the file, so
    /// that they are corrected like the others. A file that cannot be read any
    /// more holds nothing up: its report then shows what is known without it.
    pub(super) async fn keep_late_rows(&self, claimed: &ClaimedUpload) -> Result<(), EngineError> {
        let id = claimed.upload.id;
        let mut rows = self.rows_of(&claimed.upload).await?;
        let mut after = None;
        loop {
            let mut reader = self.store.read().await?;
            let page = reader
                .rejections_without_row(id, after, REJECTIONS_MAX)
                .await?;
            drop(reader);
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(*last);
            let found;
            (rows, found) = read_beside("reading refused rows", move || {
                let found = rows.rows(&page);
                Ok((rows, found))
            })
            .await?;
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(upload.id = %id, error = %error, "refused rows of upload {id} could not be read again");
                    return Ok(());
                }
            };
            let mut writer = self.store.write().await?;
            writer.keep_rejected_rows(id, &found).await?;
            let lease_us = self.settings.uploads.lease_seconds * domain::time::SECOND_US;
            writer.renew_upload(&claimed.claim, lease_us, None).await?;
            writer.commit().await?;
        }
    }
}
