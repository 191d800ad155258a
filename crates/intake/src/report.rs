//! The rejection report that people download, correct and upload again.
//!
//! It opens correctly in Turkish Excel (UTF-8 with byte order mark, semicolons)
//! and runs nothing there: a cell that could be read as a formula gets an
//! apostrophe in front. Our columns come first, the file's own columns behind
//! them; when the report comes back, ours are recognised and ignored.

mod correct;
mod registry;
mod workbook;

use std::io::{self, Write};

use csv::Terminator;

pub use correct::{
    CellChange, CorrectionProblem, Corrections, RefusedCells, SameChange, write_corrected_csv,
};
pub use registry::{RegistryRefusal, Reported, reported_by_line};
pub use workbook::write_report_xlsx;

use crate::field::Field;
use crate::file::encoding::{Decoder, Encoding};
use crate::rejections::Rejection;
use crate::summary::{FileFormat, Summary};
use crate::table::delimiter::record_of;
use crate::table::head::UNUSED;
use crate::table::header::REPORT_COLUMNS;

/// What the reader of a report may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Addresses as they stand in the file.
    Open,
    /// Phones and e-mail addresses masked, for roles without the right to see them.
    Masked,
}

/// Writes the report of a judged file and returns how many rejections it holds.
///
/// The rejections are written in the order given; they come sorted by line from
/// [`RejectionReader`](crate::RejectionReader) or from wherever they were kept,
/// with what İYS refused between them from [`reported_by_line`].
/// Cells of sensitive columns are left empty.
///
/// # Errors
/// The first error of the rejections, or of writing.
pub fn write_report_csv<R: Into<Reported>>(
    out: impl Write,
    summary: &Summary,
    rejections: impl IntoIterator<Item = io::Result<R>>,
    privacy: Privacy,
) -> io::Result<u64> {
    let mut table = begun(out, summary)?;
    let splitter = RowSplitter::new(summary, privacy);
    let mut count = 0;
    for rejection in rejections {
        let line = splitter.reported(&rejection?.into());
        table.write_record(line.iter().map(|cell| harmless(cell)))?;
        count += 1;
    }
    table.flush()?;
    Ok(count)
}

/// A report with its headers, as Turkish Excel opens it.
fn begun<W: Write>(out: W, summary: &Summary) -> io::Result<csv::Writer<io::BufWriter<W>>> {
    let mut out = io::BufWriter::new(out);
    out.write_all(b"\xef\xbb\xbf")?;
    let mut table = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(out);
    table.write_record(headers_of(summary))?;
    Ok(table)
}

/// The headers of a report: ours, then the file's own.
fn headers_of(summary: &Summary) -> impl Iterator<Item = String> {
    let originals = summary
        .columns
        .iter()
        .filter(|column| column.field != Field::Ours);
    let ours = REPORT_COLUMNS.iter().map(|name| (*name).to_owned());
    ours.chain(originals.map(|column| harmless(&column.header)))
}

/// Takes rejected rows apart again, hiding what must not be seen.
#[derive(Debug)]
struct RowSplitter<'s> {
    summary: &'s Summary,
    decoder: Decoder,
    delimiter: u8,
    privacy: Privacy,
}

impl<'s> RowSplitter<'s> {
    fn new(summary: &'s Summary, privacy: Privacy) -> Self {
        let delimiter = summary.delimiter.and_then(|c| u8::try_from(c).ok());
        Self {
            summary,
            decoder: Decoder {
                encoding: summary.encoding.unwrap_or(Encoding::Utf8),
                repair: summary.repair,
            },
            delimiter: delimiter.unwrap_or(UNUSED),
            privacy,
        }
    }

    /// One line of the report.
    ///
    /// The file's own columns stay empty for a row with more or fewer cells
    /// than the header (R102): which cell belongs where is what a person must
    /// say, and a report that comes back uncorrected must not shift them.
    fn line(&self, rejection: &Rejection) -> Vec<String> {
        let (row, originals) = self.row(&rejection.raw);
        let channel = rejection.channel.map_or("", |channel| channel.as_str());
        let value = match rejection.field {
            Field::Sensitive | Field::NationalId => String::new(),
            field => self.seen(field, &rejection.value),
        };
        let mut line = vec![
            rejection.line.to_string(),
            channel.to_owned(),
            rejection.field.name_tr().to_owned(),
            value,
            rejection.code.to_string(),
            self.explained(rejection, &rejection.text_tr()),
            self.explained(rejection, &rejection.text_en()),
            rejection.next_tr(),
            String::new(),
            String::new(),
            row.join(&char::from(self.delimiter).to_string()),
        ];
        line.extend(originals);
        line
    }

    /// The cells of a row as it stood, and those of the file's own columns under
    /// their headers.
    fn row(&self, raw: &[u8]) -> (Vec<String>, Vec<String>) {
        let (cells, is_whole) = self.cells(raw);
        let columns = self.summary.columns.iter().enumerate();
        let columns = columns.filter(|(_, column)| column.field != Field::Ours);
        let originals = columns.map(|(i, _)| match cells.get(i) {
            Some(cell) if is_whole => cell.clone(),
            _ => String::new(),
        });
        let originals = originals.collect();
        (cells, originals)
    }

    /// The cells of a row, as they may be seen, and whether each stands under
    /// its header.
    fn cells(&self, raw: &[u8]) -> (Vec<String>, bool) {
        let Some(record) = record_of(raw, self.delimiter) else {
            return (Vec::new(), false);
        };
        let is_whole = record.len() == self.summary.columns.len()
            || (self.summary.format == FileFormat::Workbook
                && record.len() < self.summary.columns.len());
        let field = |column: usize| match self.summary.columns.get(column) {
            Some(column) if is_whole => column.field,
            _ => Field::Recipient, // cells out of place: any of them may be an address
        };
        let cells = record.iter().enumerate();
        let cells = cells
            .map(|(column, cell)| self.seen(field(column), &self.decoder.text(cell)))
            .collect();
        (cells, is_whole)
    }

    /// A cell as it may be seen.
    fn seen(&self, field: Field, text: &str) -> String {
        match (field, self.privacy) {
            (Field::Sensitive | Field::NationalId, _) => String::new(),
            (Field::Phone | Field::Email | Field::Recipient, Privacy::Masked) => masked(text),
            _ => text.to_owned(),
        }
    }

    /// A text that may name the cell at fault.
    fn explained(&self, rejection: &Rejection, text: &str) -> String {
        let hidden = self.seen(rejection.field, &rejection.value);
        if rejection.value.is_empty() || hidden == rejection.value {
            return text.to_owned();
        }
        let text = text.replace(&rejection.value, &hidden);
        let suggestion = rejection.args.iter().find(|(name, _)| name == "suggestion");
        match suggestion {
            Some((_, suggestion)) => text.replace(suggestion, &masked(suggestion)),
            None => text,
        }
    }
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    let is_risky = cell.starts_with(|c: char| matches!(c, '=' | '+' | '-' | '@') || c.is_control());
    if is_risky {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Hides an address: of a number all digits but the last two, of an e-mail
/// address all of the local part but its first letter.
fn masked(text: &str) -> String {
    const DIGITS_SHOWN: usize = 2;
    if let Some((local, domain)) = text.rsplit_once('@') {
        let first: String = local.chars().take(1).collect();
        return format!("{first}***@{domain}");
    }
    let digits = text.chars().filter(|c| c.is_numeric()).count();
    let mut seen = 0;
    let hide = |c: char| {
        if !c.is_numeric() {
            return c;
        }
        seen += 1;
        if seen + DIGITS_SHOWN > digits { c } else { '*' }
    };
    text.chars().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_spreadsheet_would_run_leaves_as_it_came() {
        for cell in ["=1+2", "+905321234567", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
        assert_eq!(harmless("0532 123 45 67"), "0532 123 45 67");
    }

    #[test]
    fn a_masked_address_still_tells_rows_apart_but_reaches_nobody() {
        assert_eq!(masked("0532 123 45 67"), "**** *** ** 67");
        assert_eq!(masked("O532 123 45 67"), "O*** *** ** 67");
        assert_eq!(masked("ali.veli@firma,com"), "a***@firma,com");
        assert_eq!(masked("yok"), "yok");
    }
}
