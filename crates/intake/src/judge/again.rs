//! Rows of a judged file, read from it once more: for what is found out about
//! them later, when they are applied or when İYS has answered.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use super::opening::Table;
use super::{End, JudgeError, Way};
use crate::directory::NoDirectory;
use crate::file::raw_lines::RawLines;
use crate::file::rows::{Place, Rows};
use crate::options::Options;

/// Finds the rows of a file at given lines, in one pass over it.
#[derive(Debug)]
pub struct RowFinder {
    rows: Rows,
    raw_lines: RawLines,
    /// The row that was read last.
    at: Option<Place>,
    /// Last, so that its work files go after who reads them.
    table: Table,
}

impl RowFinder {
    /// Opens a file with the options that it was judged with; `None` for one
    /// that is no table. Blocks; what is packed is unpacked into `work_dir`,
    /// which must exist until this is dropped and belong to it alone.
    ///
    /// # Errors
    /// [`JudgeError::Io`] when the file cannot be read or not be unpacked.
    pub fn open(
        file: &Path,
        options: &Options,
        work_dir: &Path,
    ) -> Result<Option<Self>, JudgeError> {
        let mut nobody = NoDirectory;
        let mut watch = |_| ControlFlow::Continue(());
        let mut way = Way::to(file, options, &mut nobody, work_dir, &mut watch)?;
        let table = match way.open_table() {
            Ok(table) => table,
            Err(End::Refused(_)) => return Ok(None),
            Err(End::Failed(error)) => return Err(error),
        };
        Ok(Some(Self {
            rows: table.rows()?,
            raw_lines: RawLines::open(&table.file)?,
            at: None,
            table,
        }))
    }

    /// The row that begins on this line, as [`Rejection::raw`](crate::Rejection::raw)
    /// holds it; `None` where none does. Lines are asked for in ascending order,
    /// the same one as often as wanted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn row(&mut self, line: u64) -> io::Result<Option<Vec<u8>>> {
        while self.at.is_none_or(|at| at.line < line) {
            match self.rows.read()? {
                Some((place, _)) => self.at = Some(place),
                None => return Ok(None),
            }
        }
        let Some(place) = self.at.filter(|at| at.line == line) else {
            return Ok(None);
        };
        let raw = self.raw_lines.fetch(&place.range())?;
        let raw = self.table.national_ids().taken_out(raw)?;
        Ok(Some(raw.into_owned()))
    }
}
