//! Refused rows mended in place: those that were changed, as a report that
//! comes back. It is judged like any other file; nothing is let in by mending.

use std::collections::HashMap;
use std::io::{self, Write};

use domain::{Channel, ReasonCode};

use super::{Privacy, RowSplitter, begun, harmless};
use crate::field::Field;
use crate::rejections::Rejection;
use crate::summary::Summary;
use crate::table::header::REPORT_COLUMNS;

/// What a cell of one refused row shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    /// Line of the file, as an editor shows it.
    pub line: u64,
    /// The column, from 0, in the file's order.
    pub column: usize,
    /// Its new text.
    pub value: String,
}

/// What a cell shall be in every row that was refused for one reason and holds
/// one text there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameChange {
    /// The reason.
    pub code: ReasonCode,
    /// The column, from 0, in the file's order.
    pub column: usize,
    /// The text as it stands.
    pub from: String,
    /// The new text.
    pub to: String,
}

/// Changes of refused rows.
#[derive(Debug, Clone, Default)]
pub struct Corrections {
    cells: HashMap<u64, Vec<(usize, String)>>,
    same: Vec<SameChange>,
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionProblem {
    /// The column is none of the file's, or is not to be changed.
    #[error("column {column} of the file cannot be corrected")]
    Column {
        /// The column, from 0.
        column: usize,
    },
    /// Many rows at once may be given another word, never another address,
    /// person or date.
    #[error("column {column} can only be corrected row by row")]
    RowByRow {
        /// The column, from 0.
        column: usize,
    },
}

impl Summary {
    /// The column that a rejection points at, where its cell can be mended in
    /// place; none where the row as a whole is wrong, where several columns
    /// come into question, and where another text would be another fact: a date
    /// is written anew only where none could be read. That of a consent which has
    /// grown too old (R606), or which a refusal stands against (R805), is what it is.
    pub fn column_to_correct(
        &self,
        field: Field,
        channel: Option<Channel>,
        code: ReasonCode,
    ) -> Option<usize> {
        if (field == Field::Date && !is_unread_date(code)) || self.header_line == 0 {
            return None;
        }
        let mut fitting = self.columns.iter().enumerate().filter(|(_, column)| {
            column.imported
                && is_same(column.field, field)
                && (column.channel.is_none() || channel.is_none() || column.channel == channel)
        });
        let (column, report) = fitting.next()?;
        let is_only = fitting.next().is_none();
        (is_only && is_changeable(report.field)).then_some(column)
    }
}

/// Whether a date was refused because it could not be read, not for what it says.
const fn is_unread_date(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::R104 | ReasonCode::R601 | ReasonCode::R602 | ReasonCode::R608
    )
}

/// Whether a rejection of `told` is one of a column of `held`.
fn is_same(held: Field, told: Field) -> bool {
    held == told
        || (held == Field::Recipient && matches!(told, Field::Phone | Field::Email))
        || (held == Field::Refusal && told == Field::Status)
}

const fn is_changeable(field: Field) -> bool {
    !matches!(
        field,
        Field::Sensitive | Field::NationalId | Field::Ours | Field::Ignored | Field::Row
    )
}

/// Columns of words, of which many rows hold the same.
const fn holds_words(field: Field) -> bool {
    matches!(
        field,
        Field::Status | Field::Refusal | Field::Source | Field::Channel | Field::Kind
    )
}

impl Corrections {
    /// Changes of the refused rows of a judged file.
    ///
    /// # Errors
    /// [`CorrectionProblem`] names the first column that cannot be changed so.
    pub fn new(
        summary: &Summary,
        cells: impl IntoIterator<Item = CellChange>,
        same: Vec<SameChange>,
    ) -> Result<Self, CorrectionProblem> {
        let field = |column: usize| {
            let found = summary.columns.get(column).map(|report| report.field);
            found
                .filter(|field| is_changeable(*field) && summary.header_line > 0)
                .ok_or(CorrectionProblem::Column { column })
        };
        let mut by_line: HashMap<u64, Vec<(usize, String)>> = HashMap::new();
        for CellChange {
            line,
            column,
            value,
        } in cells
        {
            field(column)?;
            by_line.entry(line).or_default().push((column, value));
        }
        for change in &same {
            let column = change.column;
            if !holds_words(field(column)?) {
                return Err(CorrectionProblem::RowByRow { column });
            }
        }
        Ok(Self {
            cells: by_line,
            same,
        })
    }

    /// Changes the cells of a row; whether any of them became another.
    fn apply(&self, faults: &[Rejection], summary: &Summary, cells: &mut [String]) -> bool {
        let mut is_changed = false;
        let mut put = |column: usize, value: &str| {
            if let Some(cell) = cells.get_mut(column)
                && cell != value
            {
                value.clone_into(cell);
                is_changed = true;
            }
        };
        for fault in faults {
            for change in self.same.iter().filter(|same| same.code == fault.code) {
                let column = summary.column_to_correct(fault.field, fault.channel, fault.code);
                if column == Some(change.column) && fault.value.trim() == change.from.trim() {
                    put(change.column, &change.to);
                }
            }
        }
        let line = faults.first().map_or(0, |fault| fault.line);
        for (column, value) in self.cells.get(&line).into_iter().flatten() {
            // A date may be written anew only where it could not be read.
            let is_date =
                summary.columns.get(*column).map(|report| report.field) == Some(Field::Date);
            let is_at_fault = faults.iter().any(|fault| {
                summary.column_to_correct(fault.field, fault.channel, fault.code) == Some(*column)
            });
            if !is_date || is_at_fault {
                put(*column, value);
            }
        }
        is_changed
    }
}

/// Writes the refused rows that the corrections change, each line once, in the
/// form of the report; returns how many. What the file said stands beside it
/// as it was (`ham_satir`).
///
/// The rejections come sorted by line.
///
/// # Errors
/// The first error of the rejections, or of writing.
pub fn write_corrected_csv(
    out: impl Write,
    summary: &Summary,
    rejections: impl IntoIterator<Item = io::Result<Rejection>>,
    corrections: &Corrections,
) -> io::Result<u64> {
    let mut table = begun(out, summary)?;
    let splitter = RowSplitter::new(summary, Privacy::Open);
    let mut count = 0;
    let mut faults: Vec<Rejection> = Vec::new();
    let mut write = |faults: &[Rejection]| -> io::Result<()> {
        let Some(first) = faults.first() else {
            return Ok(());
        };
        let (mut cells, is_whole) = splitter.cells(&first.raw);
        if !is_whole {
            return Ok(());
        }
        cells.resize(summary.columns.len(), String::new());
        if !corrections.apply(faults, summary, &mut cells) {
            return Ok(());
        }
        let mut line = splitter.line(first);
        line.truncate(REPORT_COLUMNS.len());
        let own = summary.columns.iter().zip(cells);
        line.extend(
            own.filter(|(report, _)| report.field != Field::Ours)
                .map(|(_, cell)| cell),
        );
        table.write_record(line.iter().map(|cell| harmless(cell)))?;
        count += 1;
        Ok(())
    };
    for rejection in rejections {
        let rejection = rejection?;
        if faults
            .first()
            .is_some_and(|first| first.line != rejection.line)
        {
            write(&faults)?;
            faults.clear();
        }
        faults.push(rejection);
    }
    write(&faults)?;
    table.flush()?;
    Ok(count)
}

/// The cells of a refused row under the headers of its file, for who may see
/// them.
#[derive(Debug)]
pub struct RefusedCells<'s>(RowSplitter<'s>);

impl<'s> RefusedCells<'s> {
    /// Of a file that was judged.
    pub fn of(summary: &'s Summary) -> Self {
        Self(RowSplitter::new(summary, Privacy::Open))
    }

    /// The cells; none where they do not stand under their headers.
    pub fn cells(&self, raw: &[u8]) -> Option<Vec<String>> {
        let (cells, is_whole) = self.0.cells(raw);
        is_whole.then_some(cells)
    }
}
