//! The archive: İYS's file as it came, with its hashes and İYS's time stamp.

use std::path::{Path, PathBuf};

use registry::CallError;
use sha2::{Digest, Sha384};
use store::brands::Brand;
use store::registry_days::{DayFile, RegistryDay};
use tokio::io::AsyncWriteExt;

use super::super::Line;
use super::{DOWNLOAD_US_MAX, date_of};
use crate::Engine;
use crate::error::EngineError;

/// Both readings of a file's hash, made as it comes.
struct Hashes {
    whole: Sha384,
    bare: Sha384,
    is_past_header: bool,
    rows: i64,
    bytes: i64,
}

impl Hashes {
    fn new() -> Self {
        Self {
            whole: Sha384::new(),
            bare: Sha384::new(),
            is_past_header: false,
            rows: 0,
            bytes: 0,
        }
    }

    fn take(&mut self, piece: &[u8]) {
        self.whole.update(piece);
        self.bytes += i64::try_from(piece.len()).unwrap_or(0);
        let lines = piece.iter().filter(|byte| **byte == b'\n').count();
        self.rows += i64::try_from(lines).unwrap_or(0);
        if self.is_past_header {
            self.bare.update(piece);
        } else if let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.is_past_header = true;
            self.bare.update(&piece[end + 1..]);
        }
    }

    /// Hash with and without header, movements, bytes.
    fn finish(self) -> (String, String, i64, i64) {
        let hex = |hash: Sha384| hex::encode(hash.finalize());
        (
            hex(self.whole),
            hex(self.bare),
            (self.rows - 1).max(0),
            self.bytes,
        )
    }
}

impl Engine {
    fn archive_of(&self, brand: &Brand) -> PathBuf {
        self.settings
            .registry
            .archive_folder
            .join(brand.id.to_string())
    }

    /// Fetches a day's file and time stamp into the archive; none when İYS has
    /// no file. A file of an earlier try is replaced.
    pub(super) async fn download_day(
        &self,
        brand: &Brand,
        line: &Line,
        day: &RegistryDay,
    ) -> Result<Result<Option<DayFile>, CallError>, EngineError> {
        let folder = self.archive_of(brand);
        tokio::fs::create_dir_all(&folder)
            .await
            .map_err(EngineError::file("making the archive"))?;
        let date = date_of(day.day);
        let path = folder.join(format!("{date}.csv"));
        let mut download = match line.client.day_file(line.address, date).await {
            Ok(Some(download)) => download,
            Ok(None) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        };
        let part = folder.join(format!("{date}.{}.part", day.attempt));
        let mut file = tokio::fs::File::create(&part)
            .await
            .map_err(EngineError::file("writing the daily file"))?;
        let began = self.now();
        let mut hashes = Hashes::new();
        loop {
            if self.now().since(began) > DOWNLOAD_US_MAX {
                return Err(EngineError::Internal(
                    "the daily file did not come in time".to_owned(),
                ));
            }
            match download.piece().await {
                Ok(Some(piece)) => {
                    hashes.take(&piece);
                    file.write_all(&piece)
                        .await
                        .map_err(EngineError::file("writing the daily file"))?;
                }
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            }
        }
        file.sync_all()
            .await
            .map_err(EngineError::file("writing the daily file"))?;
        drop(file);
        tokio::fs::rename(&part, &path)
            .await
            .map_err(EngineError::file("archiving the daily file"))?;
        let (hash_whole, hash_bare, rows, bytes) = hashes.finish();
        let stamp_path = self.download_stamp(line, &folder, day).await?;
        Ok(Ok(Some(DayFile {
            rows,
            bytes,
            hash_whole,
            hash_bare,
            path: path.display().to_string(),
            stamp_path,
        })))
    }

    /// Fetches the time stamp of a day whose file is archived; none when İYS has
    /// none yet.
    pub(super) async fn archive_stamp(
        &self,
        brand: &Brand,
        line: &Line,
        day: &RegistryDay,
    ) -> Result<Option<String>, EngineError> {
        self.download_stamp(line, &self.archive_of(brand), day)
            .await
    }

    /// The time stamp may come later than the file; the next look gets it.
    async fn download_stamp(
        &self,
        line: &Line,
        folder: &Path,
        day: &RegistryDay,
    ) -> Result<Option<String>, EngineError> {
        let date = date_of(day.day);
        let stamp = match line.client.day_stamp(line.address, date).await {
            Ok(Some(stamp)) => stamp,
            Ok(None) => return Ok(None),
            Err(error) => {
                tracing::warn!(day = %date, "the time stamp could not be fetched: {error}");
                return Ok(None);
            }
        };
        let path = folder.join(format!("{date}.tsr"));
        tokio::fs::write(&path, &stamp)
            .await
            .map_err(EngineError::file("archiving the time stamp"))?;
        Ok(Some(path.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_readings_of_the_hash_are_made_however_the_file_is_cut() {
        let text = b"a,b\n1,2\n3,4\n";
        let whole = hex::encode(Sha384::digest(text));
        let bare = hex::encode(Sha384::digest(&text[4..]));
        for size in [1, 2, 3, 4, 5, 100] {
            let mut hashes = Hashes::new();
            for piece in text.chunks(size) {
                hashes.take(piece);
            }
            assert_eq!(hashes.finish(), (whole.clone(), bare.clone(), 2, 12));
        }
    }
}
