//! The rows of a sheet, one after the other, as texts.

use std::io::{self, Read};

use quick_xml::events::{BytesStart, Event};

use super::number::{date_text, number_text};
use super::strings::SharedStrings;
use super::styles::Style;
use super::xml::{Xml, append_text, attribute_bytes, is_on, number, unescape_letters};
use super::{CELL_BYTES_MAX, COLUMNS_MAX, ROWS_MAX};
use crate::file::kind;
use crate::file::scan::ScanEnd;
use crate::verdict::Refusal;

/// What stands for a formula whose result the file does not hold (R104).
pub(super) const NOT_CALCULATED: &str = "#HESAPLANMADI!";

/// What the cells of a workbook are read with.
#[derive(Debug)]
pub(super) struct Legend {
    pub(super) strings: SharedStrings,
    pub(super) styles: Vec<Style>,
    pub(super) counts_from_1904: bool,
}

/// A row with at least one filled cell.
#[derive(Debug)]
pub(super) struct SheetRow<'r> {
    /// From 1, as the spreadsheet shows it.
    pub(super) number: u64,
    pub(super) is_hidden: bool,
    /// Up to the last filled cell.
    pub(super) cells: &'r [String],
}

/// Reads the rows of one sheet.
pub(super) struct SheetReader<'s, 'b, R: Read> {
    xml: Xml<'b, R>,
    legend: &'s mut Legend,
    /// Cells of the present row; those behind `filled` are left from rows before.
    cells: Vec<String>,
    filled: usize,
    last_row: u64,
    next_column: usize,
    /// Ranges of hidden columns, from 0, both ends in it.
    pub(super) hidden_columns: Vec<(usize, usize)>,
}

/// A cell while it is read.
#[derive(Debug, Default)]
struct Cell {
    column: usize,
    kind: CellKind,
    style: Style,
    has_formula: bool,
    has_value: bool,
    text: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum CellKind {
    #[default]
    Number,
    Shared,
    /// Inline, and the text a formula gives.
    Text,
    Boolean,
    Error,
    IsoDate,
}

impl<'s, 'b, R: Read> SheetReader<'s, 'b, R> {
    pub(super) fn new(xml: Xml<'b, R>, legend: &'s mut Legend) -> Self {
        Self {
            xml,
            legend,
            cells: Vec::new(),
            filled: 0,
            last_row: 0,
            next_column: 0,
            hidden_columns: Vec::new(),
        }
    }

    /// The next row that holds anything; `None` at the end of the sheet.
    pub(super) fn read(&mut self) -> Result<Option<SheetRow<'_>>, ScanEnd> {
        loop {
            match self.xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == b"row" => {
                    let stated = attribute_bytes(&tag, b"r", number);
                    let is_hidden = is_on(&tag, b"hidden");
                    let number = stated.unwrap_or(self.last_row + 1);
                    if number <= self.last_row || number > ROWS_MAX {
                        return Err(Refusal::unsupported(kind::BROKEN_WORKBOOK).into());
                    }
                    self.last_row = number;
                    self.read_cells()?;
                    if self.filled > 0 {
                        return Ok(Some(SheetRow {
                            number,
                            is_hidden,
                            cells: &self.cells[..self.filled],
                        }));
                    }
                }
                Event::Empty(tag) if tag.local_name().as_ref() == b"row" => {
                    let stated = attribute_bytes(&tag, b"r", number);
                    self.last_row = stated.unwrap_or(self.last_row + 1).max(self.last_row);
                }
                Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == b"col" => {
                    let hidden = hidden_range(&tag);
                    self.hidden_columns.extend(hidden);
                    self.hidden_columns.truncate(COLUMNS_MAX);
                }
                Event::End(tag) if tag.local_name().as_ref() == b"sheetData" => return Ok(None),
                Event::Eof => return Ok(None),
                _ => {}
            }
        }
    }

    /// Reads the cells up to the end of the row.
    fn read_cells(&mut self) -> Result<(), ScanEnd> {
        self.filled = 0;
        self.next_column = 0;
        let mut cell: Option<Cell> = None;
        let mut takes_text = false;
        loop {
            let event = self.xml.next()?;
            match &event {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    b"c" => {
                        cell = Some(Cell::begin(tag, self.next_column, &self.legend.styles)?);
                    }
                    b"f" => note(&mut cell, |cell| cell.has_formula = true),
                    b"v" | b"t" => {
                        takes_text = true;
                        note(&mut cell, |cell| cell.has_value = true);
                    }
                    b"rPh" => note(&mut cell, |cell| cell.has_value = true),
                    _ => {}
                },
                Event::Empty(tag) => match tag.local_name().as_ref() {
                    b"c" => {
                        let empty = Cell::begin(tag, self.next_column, &self.legend.styles)?;
                        self.next_column = empty.column + 1;
                    }
                    b"f" => note(&mut cell, |cell| cell.has_formula = true),
                    b"v" | b"t" => note(&mut cell, |cell| cell.has_value = true),
                    _ => {}
                },
                Event::End(tag) => match tag.local_name().as_ref() {
                    b"v" | b"t" => takes_text = false,
                    b"c" => {
                        if let Some(cell) = cell.take() {
                            self.keep(cell)?;
                        }
                    }
                    b"row" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(Refusal::unsupported(kind::BROKEN_WORKBOOK).into()),
                other => {
                    if let Some(cell) = cell.as_mut().filter(|_| takes_text) {
                        append_text(&mut cell.text, other, CELL_BYTES_MAX);
                    }
                }
            }
        }
    }

    /// Takes over a cell that was read to its end.
    fn keep(&mut self, mut cell: Cell) -> Result<(), ScanEnd> {
        self.next_column = cell.column + 1;
        let text = self.legend.text_of(&mut cell)?;
        if text.is_empty() {
            return Ok(());
        }
        while self.cells.len() <= cell.column {
            self.cells.push(String::new());
        }
        for skipped in self.filled..cell.column {
            self.cells[skipped].clear();
        }
        self.cells[cell.column] = text;
        self.filled = self.filled.max(cell.column + 1);
        Ok(())
    }
}

fn note(cell: &mut Option<Cell>, change: impl FnOnce(&mut Cell)) {
    if let Some(cell) = cell {
        change(cell);
    }
}

impl Cell {
    fn begin(tag: &BytesStart<'_>, next: usize, styles: &[Style]) -> Result<Self, Refusal> {
        let column = attribute_bytes(tag, b"r", column_of).unwrap_or(next);
        if column >= COLUMNS_MAX {
            return Err(Refusal::unsupported(kind::TOO_WIDE));
        }
        let style = attribute_bytes(tag, b"s", number)
            .and_then(|number| styles.get(usize::try_from(number).ok()?).copied());
        let kind = attribute_bytes(tag, b"t", |kind| {
            Some(match kind {
                b"s" => CellKind::Shared,
                b"inlineStr" | b"str" => CellKind::Text,
                b"b" => CellKind::Boolean,
                b"e" => CellKind::Error,
                b"d" => CellKind::IsoDate,
                _ => CellKind::Number,
            })
        });
        Ok(Self {
            column,
            kind: kind.unwrap_or_default(),
            style: style.unwrap_or_default(),
            ..Self::default()
        })
    }
}

impl Legend {
    /// What a cell says, empty where it says nothing.
    fn text_of(&mut self, cell: &mut Cell) -> io::Result<String> {
        if !cell.has_value {
            let is_open = cell.has_formula;
            return Ok(if is_open {
                NOT_CALCULATED.to_owned()
            } else {
                String::new()
            });
        }
        let raw = std::mem::take(&mut cell.text);
        Ok(match cell.kind {
            CellKind::Text => {
                let mut text = raw;
                unescape_letters(&mut text);
                text
            }
            CellKind::Shared => {
                let mut text = String::new();
                let number = raw.trim().parse().unwrap_or(usize::MAX);
                self.strings.get(number, &mut text)?;
                text
            }
            CellKind::Boolean => match raw.trim() {
                "1" | "true" => "DOĞRU".to_owned(),
                "0" | "false" => "YANLIŞ".to_owned(),
                other => other.to_owned(),
            },
            CellKind::Error => raw,
            CellKind::IsoDate => raw.replacen('T', " ", 1),
            CellKind::Number if raw.trim().is_empty() => String::new(),
            CellKind::Number => match cell.style {
                Style::Number => number_text(&raw),
                style => date_text(&raw, style, self.counts_from_1904)
                    .unwrap_or_else(|| number_text(&raw)),
            },
        })
    }
}

/// The column of `AB12`, from 0.
fn column_of(place: &[u8]) -> Option<usize> {
    let letters = place.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let column = letters.take(4).fold(0_usize, |column, letter| {
        column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1
    });
    column.checked_sub(1)
}

/// The columns that a `<col>` hides, from 0.
fn hidden_range(tag: &BytesStart<'_>) -> Option<(usize, usize)> {
    let place = |name: &[u8]| {
        let from_one = usize::try_from(attribute_bytes(tag, name, number)?).ok()?;
        from_one.checked_sub(1)
    };
    is_on(tag, b"hidden").then(|| Some((place(b"min")?, place(b"max")?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_a_column_are_a_number() {
        for (place, column) in [("A1", 0), ("Z9", 25), ("AA1", 26), ("XFD1048576", 16_383)] {
            assert_eq!(column_of(place.as_bytes()), Some(column));
        }
        assert_eq!(column_of(b"12"), None);
    }
}
