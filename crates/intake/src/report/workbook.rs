//! The rejection report as a workbook (*xlsx*): every cell a text, so that a
//! spreadsheet turns no phone into a number while it is corrected, and a second
//! sheet that counts the reasons.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use domain::ReasonCode;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{Privacy, Reported, RowSplitter, harmless, headers_of};
use crate::summary::Summary;
use crate::table::header::{COUNT_COLUMNS, COUNT_SHEET};

/// Rows of one sheet below its header; the format ends a sheet at 1,048,576.
const SHEET_ROWS_MAX: u32 = 1_048_575;

/// Characters a cell can hold.
const CELL_CHARS_MAX: usize = 32_767;

/// Columns a sheet can hold.
const COLUMNS_MAX: usize = 16_384;

/// Writes the report of a judged file as `.xlsx` and returns how many
/// rejections it holds.
///
/// The first sheet has the lines of
/// [`write_report_csv`](crate::write_report_csv), the last one (*Kod sayıları*)
/// how often each code occurs and its share. Rejections come from
/// [`RejectionReader`](crate::RejectionReader) or from wherever they were kept,
/// sorted by line; cells of sensitive columns are left empty.
///
/// Memory does not grow with the rejections: rows go to files in `temp_dir`
/// (which must exist; they are removed) and from there into `out`.
///
/// # Errors
/// The first error of the rejections, or of writing.
///
/// ```no_run
/// # use std::path::Path;
/// # use intake::{Privacy, RejectionReader, Summary, write_report_xlsx};
/// # fn example(summary: &Summary, work: &Path) -> std::io::Result<()> {
/// let rejections = RejectionReader::open(&work.join("rejections"))?;
/// let out = std::fs::File::create(work.join("report.xlsx"))?;
/// write_report_xlsx(out, work, summary, rejections, Privacy::Open)?;
/// # Ok(())
/// # }
/// ```
pub fn write_report_xlsx<R: Into<Reported>>(
    out: impl Write + Send,
    temp_dir: &Path,
    summary: &Summary,
    rejections: impl IntoIterator<Item = io::Result<R>>,
    privacy: Privacy,
) -> io::Result<u64> {
    let mut workbook = Workbook::new();
    workbook.set_tempdir(temp_dir).map_err(cannot_write)?;
    let headers: Vec<String> = headers_of(summary).take(COLUMNS_MAX).collect();
    let splitter = RowSplitter::new(summary, privacy);
    let mut counts: BTreeMap<ReasonCode, u64> = BTreeMap::new();
    let mut rejections = rejections.into_iter().peekable();
    let mut sheets = 0;
    while sheets == 0 || rejections.peek().is_some() {
        sheets += 1;
        let sheet = begin_sheet(&mut workbook, sheets, &headers)?;
        let text = text_format();
        for row in 1..=SHEET_ROWS_MAX {
            let Some(rejection) = rejections.next() else {
                break;
            };
            let rejection: Reported = rejection?.into();
            *counts.entry(rejection.code()).or_default() += 1;
            for (column, cell) in (0..).zip(splitter.reported(&rejection).iter().take(COLUMNS_MAX))
            {
                if !cell.is_empty() {
                    sheet
                        .write_string_with_format(row, column, fitting(&harmless(cell)), &text)
                        .map_err(cannot_write)?;
                }
            }
        }
    }
    write_counts(&mut workbook, &counts).map_err(cannot_write)?;
    workbook.save_to_writer(out).map_err(cannot_write)?;
    Ok(counts.values().sum())
}

fn begin_sheet<'w>(
    workbook: &'w mut Workbook,
    number: u32,
    headers: &[String],
) -> io::Result<&'w mut Worksheet> {
    let name = match number {
        1 => "Reddedilenler".to_owned(),
        later => format!("Reddedilenler {later}"),
    };
    let sheet = workbook
        .add_worksheet_with_constant_memory()
        .map_err(cannot_write)?;
    write_header(sheet, name, headers).map_err(cannot_write)?;
    Ok(sheet)
}

fn write_header(sheet: &mut Worksheet, name: String, headers: &[String]) -> Result<(), XlsxError> {
    sheet.set_name(name)?.set_freeze_panes(1, 0)?;
    let (text, bold) = (text_format(), text_format().set_bold());
    for (column, header) in (0..).zip(headers) {
        sheet.set_column_format(column, &text)?;
        sheet.set_column_width(column, 18)?;
        sheet.write_string_with_format(0, column, fitting(header), &bold)?;
    }
    Ok(())
}

/// The sheet that counts: code, both texts, how often, share of all rejections.
fn write_counts(
    workbook: &mut Workbook,
    counts: &BTreeMap<ReasonCode, u64>,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(COUNT_SHEET)?.set_freeze_panes(1, 0)?;
    let (text, bold) = (text_format(), text_format().set_bold());
    let whole: u64 = counts.values().sum();
    for (column, header) in (0..).zip(COUNT_COLUMNS) {
        sheet.set_column_width(column, if matches!(column, 1 | 2) { 60 } else { 12 })?;
        sheet.write_string_with_format(0, column, header, &bold)?;
    }
    let mut ordered: Vec<(&ReasonCode, &u64)> = counts.iter().collect();
    ordered.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    for (row, (code, count)) in (1..).zip(ordered) {
        let cells = [
            code.to_string(),
            code.render_tr(&[]),
            code.render_en(&[]),
            count.to_string(),
            percent(*count, whole),
        ];
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string_with_format(row, column, cell, &text)?;
        }
    }
    Ok(())
}

/// A share as Turkish readers write it: `%12,5`.
fn percent(part: u64, whole: u64) -> String {
    let per_mille = (part * 1_000 + whole / 2).checked_div(whole).unwrap_or(0);
    format!("%{},{}", per_mille / 10, per_mille % 10)
}

/// A format that keeps what is typed into the cell a text.
fn text_format() -> Format {
    Format::new().set_num_format("@")
}

/// A text cut to what a cell can hold.
fn fitting(text: &str) -> String {
    // The format counts in UTF-16 units; no unit takes more than three bytes.
    if text.len() <= CELL_CHARS_MAX {
        return text.to_owned();
    }
    let mut units = 0;
    let kept = text.chars().take_while(|c| {
        units += c.len_utf16();
        units < CELL_CHARS_MAX
    });
    kept.collect()
}

fn cannot_write(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_and_a_report_without_rejections_has_none() {
        assert_eq!(percent(1, 8), "%12,5");
        assert_eq!(percent(2, 3), "%66,7");
        assert_eq!(percent(0, 0), "%0,0");
        assert_eq!(percent(5, 5), "%100,0");
    }

    #[test]
    fn a_text_longer_than_a_cell_is_cut_between_characters() {
        let long = "ğ".repeat(CELL_CHARS_MAX + 10);
        let cut = fitting(&long);
        assert!(cut.chars().count() < CELL_CHARS_MAX);
        assert!(long.starts_with(&cut));
        assert_eq!(fitting("kısa"), "kısa");
    }
}
