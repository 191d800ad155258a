//! The table as a workbook: texts stay texts, numbers can be summed, and a last
//! sheet says what the table is and who took it out.

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::{Cell, Heading, Kind, ReportError, spreadsheet_safe};

/// Rows of one sheet below its heading; the format ends a sheet at 1,048,576.
const SHEET_ROWS_MAX: u32 = 1_048_575;
/// Characters a cell can hold.
const CELL_CHARS_MAX: usize = 32_767;
const SHEET: &str = "Tablo";
const NOTES: &str = "Bilgi";

/// A workbook under way. Its rows lie in files beside it until it ends.
pub(super) struct WorkbookTable<W: Write + Send> {
    to: W,
    workbook: Workbook,
    headings: Vec<Heading>,
    notes: Vec<(String, String)>,
    text: Format,
    sheets: usize,
    row: u32,
}

impl<W: Write + Send> WorkbookTable<W> {
    pub(super) fn begin(
        to: W,
        spool: &Path,
        headings: &[Heading],
        notes: &[(String, String)],
    ) -> Result<Self, ReportError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(spool)?;
        let mut table = Self {
            to,
            workbook,
            headings: headings.to_vec(),
            notes: notes.to_vec(),
            text: Format::new().set_num_format("@"),
            sheets: 0,
            row: 0,
        };
        table.begin_sheet()?;
        Ok(table)
    }

    fn begin_sheet(&mut self) -> Result<(), ReportError> {
        self.sheets += 1;
        self.row = 0;
        let name = match self.sheets {
            1 => SHEET.to_owned(),
            later => format!("{SHEET} {later}"),
        };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        let bold = self.text.clone().set_bold();
        for (column, heading) in (0..).zip(&self.headings) {
            if heading.kind != Kind::Number {
                sheet.set_column_format(column, &self.text)?;
            }
            sheet.set_column_width(column, 20)?;
            sheet.write_string_with_format(0, column, heading.name, &bold)?;
        }
        Ok(())
    }

    pub(super) fn write(&mut self, rows: &[Vec<Cell>]) -> Result<(), ReportError> {
        let mut rest = rows;
        while !rest.is_empty() {
            let room = usize::try_from(SHEET_ROWS_MAX - self.row).unwrap_or(usize::MAX);
            if room == 0 {
                self.begin_sheet()?;
                continue;
            }
            let (now, later) = rest.split_at(room.min(rest.len()));
            let sheet = self.workbook.worksheet_from_index(self.sheets - 1)?;
            for cells in now {
                self.row += 1;
                for (column, cell) in (0..).zip(cells) {
                    write_cell(sheet, self.row, column, cell, &self.text)?;
                }
            }
            rest = later;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ReportError> {
        if !self.notes.is_empty() {
            let sheet = self.workbook.add_worksheet_with_constant_memory()?;
            sheet.set_name(NOTES)?.set_column_width(0, 24)?;
            sheet.set_column_width(1, 60)?;
            for (row, (name, value)) in (0..).zip(&self.notes) {
                sheet.write_string_with_format(row, 0, fitting(name), &self.text)?;
                sheet.write_string_with_format(row, 1, fitting(value), &self.text)?;
            }
        }
        Ok(self.workbook.save_to_writer(self.to)?)
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    format: &Format,
) -> Result<(), ReportError> {
    let text = match cell {
        Cell::Empty => return Ok(()),
        // A spreadsheet computes in floating point: longer numbers stay exact as text.
        Cell::Number(number) => match i32::try_from(*number) {
            Ok(number) => {
                sheet.write_number(row, column, number)?;
                return Ok(());
            }
            Err(_) => number.to_string(),
        },
        Cell::Time(at) => at.to_turkish_text(),
        Cell::Text(text) if text.is_empty() => return Ok(()),
        Cell::Text(text) => fitting(&spreadsheet_safe(text)),
    };
    sheet.write_string_with_format(row, column, text, format)?;
    Ok(())
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
