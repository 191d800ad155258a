//! The rejection report as a file that opens in Turkish Excel with a double
//! click and can be corrected and uploaded again (import-files rules, §16).
//! Its form is intake's; the rejections come from the store, page by page.

use std::io;

use domain::ids::{BrandId, FirmId, UploadId};
use intake::{
    Field, Privacy, RegistryRefusal, Summary, reported_by_line, write_report_csv, write_report_xlsx,
};
use secrecy::{ExposeSecret as _, SecretString};
use store::Store;
use store::registry_rejections::{UploadRefusal, UploadRefusalCursor};
use store::rejections::{REJECTIONS_MAX, Rejection, RejectionCursor, RejectionFilter};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::Engine;
use crate::error::EngineError;
use crate::exports::pieces::{PIECES_MAX, Pieces};

/// As what kind of file a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// Text with semicolons, for Turkish Excel.
    Csv,
    /// A workbook of which every cell is text.
    Xlsx,
}

impl ReportForm {
    /// The ending of its name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Before a line whose bytes are no UTF-8: each of its letters is one byte.
const BYTES_MARK: &str = "\u{0}";

/// A raw line as text that gives the same bytes back.
pub(super) fn raw_text(raw: Vec<u8>) -> SecretString {
    let text = String::from_utf8(raw).unwrap_or_else(|odd| {
        let letters = odd.as_bytes().iter().map(|byte| char::from(*byte));
        BYTES_MARK.chars().chain(letters).collect()
    });
    SecretString::from(text)
}

fn raw_bytes(text: &str) -> Vec<u8> {
    match text.strip_prefix(BYTES_MARK) {
        None => text.as_bytes().to_vec(),
        Some(letters) => letters
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))
            .collect(),
    }
}

/// The row of a rejection as it stood in the file.
pub(super) fn raw_of(rejection: &Rejection) -> Vec<u8> {
    let raw = rejection.raw.as_ref();
    raw.map_or_else(Vec::new, |raw| raw_bytes(raw.expose_secret()))
}

impl Engine {
    /// Writes every rejection of an upload, and what İYS refused of it, by line.
    ///
    /// # Errors
    /// [`EngineError::File`] when `to` cannot be written.
    pub async fn upload_report(
        &self,
        firm: FirmId,
        id: UploadId,
        form: ReportForm,
        privacy: Privacy,
        to: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<(), EngineError> {
        let (into, mut from) = mpsc::channel(PIECES_MAX);
        let (summary, pages) = self.report_source(firm, id).await?;
        let failed = EngineError::file("writing the report");
        let refused = self.refused_source(firm, id).await?;
        let mut rows = self.rows_of(&self.upload(firm, id).await?).await?;
        let spools = self.spool_folder().await?;
        let writing = tokio::task::spawn_blocking(move || {
            let work = tempfile::tempdir_in(&spools)?;
            let row_of = |line| rows.row(line);
            let lines = reported_by_line(pages, refused, row_of, work.path())?;
            match form {
                ReportForm::Csv => write_report_csv(Pieces(into), &summary, lines, privacy),
                ReportForm::Xlsx => {
                    write_report_xlsx(Pieces(into), work.path(), &summary, lines, privacy)
                }
            }
        });
        while let Some(piece) = from.recv().await {
            let piece: Vec<u8> = piece;
            to.write_all(&piece).await.map_err(&failed)?;
        }
        writing
            .await
            .map_err(|error| EngineError::Internal(error.to_string()))?
            .map_err(&failed)?;
        to.flush().await.map_err(&failed)
    }

    async fn refused_source(&self, firm: FirmId, id: UploadId) -> Result<Refused, EngineError> {
        Ok(Refused {
            store: self.store.clone(),
            handle: Handle::current(),
            brand: self.upload(firm, id).await?.brand,
            id,
            place: Some(None),
            page: Vec::new().into_iter(),
        })
    }

    pub(super) async fn report_source(
        &self,
        firm: FirmId,
        id: UploadId,
    ) -> Result<(Summary, Pages), EngineError> {
        let upload = self.upload(firm, id).await?;
        let summary = serde_json::from_value(upload.summary).map_err(|_| {
            EngineError::conflict(
                "the upload",
                "it was not judged; there is nothing to report",
            )
        })?;
        let pages = Pages {
            store: self.store.clone(),
            handle: Handle::current(),
            firm,
            id,
            after: None,
            page: Vec::new().into_iter(),
        };
        Ok((summary, pages))
    }
}

/// The rejections of an upload, for a thread that may block.
pub(super) struct Pages {
    store: Store,
    handle: Handle,
    firm: FirmId,
    id: UploadId,
    after: Option<RejectionCursor>,
    page: std::vec::IntoIter<Rejection>,
}

impl Iterator for Pages {
    type Item = io::Result<intake::Rejection>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(rejection) = self.page.next() {
            return Some(Ok(shown(rejection)));
        }
        let filter = RejectionFilter::default();
        let read = async {
            let mut reader = self.store.read().await?;
            reader
                .rejections(self.firm, self.id, &filter, self.after, REJECTIONS_MAX)
                .await
        };
        match self.handle.block_on(read) {
            Ok(page) => {
                self.after = Some(page.last()?.cursor());
                self.page = page.into_iter();
                self.page.next().map(shown).map(Ok)
            }
            Err(error) => Some(Err(io::Error::other(error))),
        }
    }
}

/// What İYS refused of an upload, for a thread that may block.
struct Refused {
    store: Store,
    handle: Handle,
    brand: BrandId,
    id: UploadId,
    /// Where the next page begins; none behind the last one.
    place: Option<Option<UploadRefusalCursor>>,
    page: std::vec::IntoIter<UploadRefusal>,
}

impl Iterator for Refused {
    type Item = io::Result<RegistryRefusal>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(refusal) = self.page.next() {
                return Some(Ok(refused(refusal)));
            }
            let after = self.place.take()?;
            let read = async {
                let mut reader = self.store.read().await?;
                reader
                    .upload_refusals(self.brand, self.id, after, REJECTIONS_MAX)
                    .await
            };
            match self.handle.block_on(read) {
                Ok((page, next)) => {
                    self.place = next.map(Some);
                    self.page = page.into_iter();
                }
                Err(error) => return Some(Err(io::Error::other(error))),
            }
        }
    }
}

fn refused(refusal: UploadRefusal) -> RegistryRefusal {
    RegistryRefusal {
        line: u64::try_from(refusal.line).unwrap_or(0),
        channel: refusal.channel,
        kind: refusal.kind,
        recipient: refusal.address,
        status: refusal.status,
        said_at: refusal.said_at,
        source: refusal.source,
        code: refusal.code,
        iys_code: refusal.iys_code.unwrap_or_default(),
        iys_text: refusal.iys_text.unwrap_or_default(),
        raw: Vec::new(),
    }
}

fn shown(rejection: Rejection) -> intake::Rejection {
    let text = |secret: Option<SecretString>| {
        secret.map_or_else(String::new, |text| text.expose_secret().to_owned())
    };
    intake::Rejection {
        line: u64::try_from(rejection.line).unwrap_or(0),
        channel: rejection.channel,
        field: Field::parse(&rejection.field).unwrap_or(Field::Row),
        code: rejection.code,
        args: rejection.args,
        value: text(rejection.value),
        raw: raw_bytes(&text(rejection.raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_line_gives_its_bytes_back_whatever_its_encoding() {
        for raw in [&b"0532;Ay\xfee"[..], "0532;Ayşe".as_bytes(), b""] {
            let kept = raw_text(raw.to_vec());
            assert_eq!(raw_bytes(kept.expose_secret()), raw);
        }
    }
}
