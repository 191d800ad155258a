//! Exports: one table of typed columns, written as CSV that Turkish Excel opens
//! with a double click, as a workbook, or as Parquet for those who compute.
//!
//! No form holds the table: CSV leaves chunk by chunk, a workbook's rows go to
//! a file on disk first (its format wants that), Parquet leaves one group of
//! rows at a time.

mod parquet;
mod text;
mod workbook;

use std::io::{self, Write};
use std::path::Path;

use domain::Timestamp;
use polars::error::PolarsError;
use rust_xlsxwriter::XlsxError;

/// Most rows that are held at one time.
pub const CHUNK_ROWS_MAX: usize = 20_000;

/// What stands in the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// A whole number.
    Number,
    /// An instant: Turkish time in texts and workbooks, UTC in Parquet.
    Time,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// Its name: ASCII, for programs read it too.
    pub name: &'static str,
    /// What stands in it.
    pub kind: Kind,
}

/// One cell. One that does not fit its column's kind is written as nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Words.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An instant.
    Time(Timestamp),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// As what kind of file a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Text with semicolons and a byte order mark.
    #[default]
    Csv,
    /// A workbook.
    Xlsx,
    /// Columns for programs.
    Parquet,
}

impl Form {
    /// The ending of a file's name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// The form of an ending.
    pub fn parse(ending: &str) -> Option<Self> {
        [Self::Csv, Self::Xlsx, Self::Parquet]
            .into_iter()
            .find(|form| form.ending() == ending)
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// An export that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The target takes no more.
    #[error("the export could not be written")]
    Target(#[from] io::Error),
    /// A frame could not be made or written.
    #[error("the export could not be written as text")]
    Frame(#[from] PolarsError),
    /// The workbook could not be written.
    #[error("the export could not be written as a workbook")]
    Workbook(#[from] XlsxError),
}

/// A table being written.
pub struct TableWriter<W: Write + Send> {
    width: usize,
    inner: Inner<W>,
}

enum Inner<W: Write + Send> {
    Text(text::TextTable<W>),
    Workbook(Box<workbook::WorkbookTable<W>>),
    Parquet(parquet::ParquetTable<W>),
}

impl<W: Write + Send> std::fmt::Debug for TableWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TableWriter")
    }
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table. `notes` say what it is, who took it out and when: they
    /// go into a sheet or into the file's own metadata; a CSV has no place for
    /// them. A workbook keeps its rows in `spool` meanwhile, which must exist.
    ///
    /// # Errors
    /// [`ReportError`] when `to` or `spool` cannot be written.
    pub fn begin(
        form: Form,
        to: W,
        spool: &Path,
        headings: &[Heading],
        notes: &[(String, String)],
    ) -> Result<Self, ReportError> {
        let inner = match form {
            Form::Csv => Inner::Text(text::TextTable::begin(to, headings)?),
            Form::Xlsx => Inner::Workbook(Box::new(workbook::WorkbookTable::begin(
                to, spool, headings, notes,
            )?)),
            Form::Parquet => Inner::Parquet(parquet::ParquetTable::begin(to, headings, notes)?),
        };
        Ok(Self {
            width: headings.len(),
            inner,
        })
    }

    /// Writes rows; each has a cell for every heading.
    ///
    /// # Errors
    /// [`ReportError`] when the target cannot be written.
    pub fn write(&mut self, rows: &[Vec<Cell>]) -> Result<(), ReportError> {
        debug_assert!(rows.iter().all(|row| row.len() == self.width));
        for chunk in rows.chunks(CHUNK_ROWS_MAX) {
            match &mut self.inner {
                Inner::Text(table) => table.write(chunk)?,
                Inner::Workbook(table) => table.write(chunk)?,
                Inner::Parquet(table) => table.write(chunk)?,
            }
        }
        Ok(())
    }

    /// Ends the table. Without it a reader finds a file that is not whole.
    ///
    /// # Errors
    /// [`ReportError`] when the target cannot be written.
    pub fn finish(self) -> Result<(), ReportError> {
        match self.inner {
            Inner::Text(table) => table.finish(),
            Inner::Workbook(table) => table.finish(),
            Inner::Parquet(table) => table.finish(),
        }
    }
}

/// A cell that a spreadsheet will show and never run or turn into a number:
/// text that begins like a formula is preceded by an apostrophe (import-files
/// rules, §16), so that a phone keeps its digits.
fn spreadsheet_safe(cell: &str) -> String {
    let is_risky = cell.starts_with(|c: char| matches!(c, '=' | '+' | '-' | '@') || c.is_control());
    if is_risky {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
