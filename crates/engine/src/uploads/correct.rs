//! Refused rows mended in place. What a person writes into them becomes a file
//! of its own, with what stood there before beside it, and is judged like any
//! other: mending lets nothing in.

use std::io::{Seek as _, SeekFrom};

use domain::ids::{FirmId, UploadId};
use intake::{CellChange, Corrections, RefusedCells, SameChange, Summary, write_corrected_csv};
use serde_json::json;
use store::rejections::{Rejection, RejectionCursor, RejectionFilter};
use store::uploads::Upload;

use super::NewFile;
use super::receive::{NAME_CHARS_MAX, action_of};
use super::report::raw_of;
use super::spool::read_beside;
use crate::Engine;
use crate::error::EngineError;

/// What a corrected file's name ends with.
const MARK: &str = " (düzeltme)";

/// A refused row, and what of it can be mended in place.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Why, and where.
    pub rejection: Rejection,
    /// The column, from 0, whose cell can be written anew.
    pub column: Option<usize>,
    /// The cells under the headers of the file; none where they do not stand
    /// under them.
    pub cells: Option<Vec<String>>,
}

impl Engine {
    /// The refused rows of an upload after `after`, in the order of the file.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such upload.
    pub async fn refused_rows(
        &self,
        firm: FirmId,
        id: UploadId,
        filter: &RejectionFilter,
        after: Option<RejectionCursor>,
        limit: usize,
    ) -> Result<Vec<Refused>, EngineError> {
        let upload = self.upload(firm, id).await?;
        let summary: Option<Summary> = serde_json::from_value(upload.summary).ok();
        let mut reader = self.store.read().await?;
        let rows = reader.rejections(firm, id, filter, after, limit).await?;
        let reading = summary.as_ref().map(RefusedCells::of);
        Ok(rows
            .into_iter()
            .map(|rejection| {
                let cells = reading
                    .as_ref()
                    .and_then(|reading| reading.cells(&raw_of(&rejection)));
                let field = intake::Field::parse(&rejection.field);
                let column = summary.as_ref().zip(field).and_then(|(summary, field)| {
                    summary.column_to_correct(field, rejection.channel, rejection.code)
                });
                Refused {
                    column: column.filter(|_| cells.is_some()),
                    rejection,
                    cells,
                }
            })
            .collect())
    }

    /// Takes the refused rows that the changes mend in as a file of their own,
    /// with the wishes of the first; it is judged at once.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when a column cannot be changed so, or no
    /// refused row is changed; [`EngineError::Conflict`] when the file was not
    /// judged.
    pub async fn correct_upload(
        &self,
        firm: FirmId,
        id: UploadId,
        cells: Vec<CellChange>,
        same: Vec<SameChange>,
        actor: &str,
    ) -> Result<Upload, EngineError> {
        let held = self.upload(firm, id).await?;
        let (summary, pages) = self.report_source(firm, id).await?;
        let corrections = Corrections::new(&summary, cells, same)
            .map_err(|problem| EngineError::invalid("cells", problem.to_string()))?;
        let folder = self.spool_folder().await?;
        let (rows, file) = read_beside("writing the corrected rows", move || {
            let mut file = tempfile::tempfile_in(folder)?;
            let rows = write_corrected_csv(&mut file, &summary, pages, &corrections)?;
            file.seek(SeekFrom::Start(0))?;
            Ok((rows, file))
        })
        .await?;
        if rows == 0 {
            let problem = "no refused row of the file is changed by it";
            return Err(EngineError::invalid("cells", problem));
        }
        let made = self
            .receive(corrected(held, actor), tokio::fs::File::from_std(file))
            .await?;
        let detail = json!({ "of": id.to_string(), "rows": rows });
        let mut writer = self.store.write().await?;
        writer
            .append_audit(firm, actor, "upload.correct", &made.id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(made)
    }
}

/// The wishes of a file for its corrected rows.
fn corrected(held: Upload, actor: &str) -> NewFile {
    let room = NAME_CHARS_MAX - MARK.chars().count();
    let name = held.name.strip_suffix(MARK).unwrap_or(&held.name);
    let name: String = name.chars().take(room).collect();
    NewFile {
        firm: held.firm,
        brand: held.brand,
        name: format!("{}{MARK}", name.trim_end()),
        file_name: format!("{id}-duzeltme.csv", id = held.id),
        purpose: held.purpose,
        stops: held.stops,
        tag: held.tag,
        expires_at: held.expires_at,
        action: action_of(held.action),
        default_kind: held.default_kind,
        mapping: held.options,
        actor: actor.to_owned(),
    }
}
