//! What İYS would not take of a file that was let in: lines of the same report,
//! with İYS's own code and words.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::iter::Peekable;
use std::path::Path;

use domain::{Channel, ReasonCode, Recipient, RecipientKind, Status, Timestamp};
use serde::{Deserialize, Serialize};

use super::RowSplitter;
use crate::field::Field;
use crate::rejections::{Frames, Rejection, Sorted, Sorter, write_frame};
use crate::summary::ColumnReport;
use crate::verdict::{Args, explain_en, explain_tr};

/// A record of the file that İYS refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryRefusal {
    /// Line of its row, from 1, as an editor shows it.
    pub line: u64,
    /// The channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// The address.
    pub recipient: Recipient,
    /// What was recorded.
    pub status: Status,
    /// The date of that.
    pub said_at: Timestamp,
    /// The code of its source.
    pub source: String,
    /// Our code for the answer (I…).
    pub code: ReasonCode,
    /// İYS's own code, such as `H467`; empty where its words were not kept.
    pub iys_code: String,
    /// İYS's own words.
    pub iys_text: String,
    /// Its row, like that of a [`Rejection`]; where the file is there no more it is
    /// empty, and the report writes what was recorded under the file's headers.
    pub raw: Vec<u8>,
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reported {
    /// Rejected by us.
    Rejected(Rejection),
    /// Refused by İYS.
    AtRegistry(RegistryRefusal),
}

impl From<Rejection> for Reported {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<RegistryRefusal> for Reported {
    fn from(refusal: RegistryRefusal) -> Self {
        Self::AtRegistry(refusal)
    }
}

impl Reported {
    /// The reason.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::Rejected(rejection) => rejection.code,
            Self::AtRegistry(refusal) => refusal.code,
        }
    }
}

impl Reported {
    fn row(&mut self) -> (u64, &mut Vec<u8>) {
        match self {
            Self::Rejected(rejection) => (rejection.line, &mut rejection.raw),
            Self::AtRegistry(refusal) => (refusal.line, &mut refusal.raw),
        }
    }
}

impl Sorted for RegistryRefusal {
    fn line(&self) -> u64 {
        self.line
    }

    fn weight(&self) -> usize {
        size_of::<Self>() + self.iys_code.len() + self.iys_text.len() + ADDRESS_BYTES
    }
}

/// About what an address and a source take.
const ADDRESS_BYTES: usize = 64;

/// Refusals held and sorted in memory before they become a run on disk.
const HELD_BYTES_MAX: usize = 4 << 20;

/// Both kinds of lines in the order of the file, each with its row. The
/// rejections come by line; the refusals come in any order and are sorted in
/// `work_dir`, which must belong to this report alone. `row_of` is asked for the
/// rows that do not come along, by ascending line; see
/// [`RowFinder`](crate::RowFinder).
///
/// # Errors
/// The first error of the refusals, or of the disk.
pub fn reported_by_line<R, F>(
    rejections: R,
    refusals: impl IntoIterator<Item = io::Result<RegistryRefusal>>,
    row_of: F,
    work_dir: &Path,
) -> io::Result<impl Iterator<Item = io::Result<Reported>>>
where
    R: IntoIterator<Item = io::Result<Rejection>>,
    F: FnMut(u64) -> io::Result<Option<Vec<u8>>>,
{
    let mut sorter = Sorter::create(work_dir.join("runs.work"), HELD_BYTES_MAX)?;
    for refusal in refusals {
        sorter.push(refusal?)?;
    }
    let path = work_dir.join("sorted.work");
    let mut out = BufWriter::new(File::create(&path)?);
    sorter.drain_sorted(|refusal| write_frame(&mut out, &refusal))?;
    out.flush()?;
    Ok(ByLine {
        rejections: rejections.into_iter().peekable(),
        refusals: Frames::open(&path)?.peekable(),
        row_of,
    })
}

/// Two lists by line as one.
struct ByLine<I: Iterator, F> {
    rejections: Peekable<I>,
    refusals: Peekable<Frames<RegistryRefusal>>,
    row_of: F,
}

impl<I, F> Iterator for ByLine<I, F>
where
    I: Iterator<Item = io::Result<Rejection>>,
    F: FnMut(u64) -> io::Result<Option<Vec<u8>>>,
{
    type Item = io::Result<Reported>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_by_line()?;
        Some(next.and_then(|mut reported| {
            let (line, raw) = reported.row();
            if raw.is_empty() {
                *raw = (self.row_of)(line)?.unwrap_or_default();
            }
            Ok(reported)
        }))
    }
}

impl<I: Iterator<Item = io::Result<Rejection>>, F> ByLine<I, F> {
    fn next_by_line(&mut self) -> Option<io::Result<Reported>> {
        let is_ours_next = match (self.rejections.peek(), self.refusals.peek()) {
            (Some(Ok(rejection)), Some(Ok(refusal))) => rejection.line <= refusal.line,
            (ours, theirs) => ours.is_some() && !matches!(theirs, Some(Err(_))),
        };
        if is_ours_next {
            self.rejections.next().map(|item| item.map(Reported::from))
        } else {
            self.refusals.next().map(|item| item.map(Reported::from))
        }
    }
}

impl RowSplitter<'_> {
    /// One line of the report.
    pub(super) fn reported(&self, reported: &Reported) -> Vec<String> {
        match reported {
            Reported::Rejected(rejection) => self.line(rejection),
            Reported::AtRegistry(refusal) => self.at_registry(refusal),
        }
    }

    fn at_registry(&self, refusal: &RegistryRefusal) -> Vec<String> {
        let field = match refusal.recipient {
            Recipient::Phone(_) => Field::Phone,
            Recipient::Email(_) => Field::Email,
        };
        let address = refusal.recipient.to_string();
        let seen = self.seen(field, &address);
        let quoted = |text: &str| text.replace(&address, &seen);
        let args: Args = vec![
            ("code".to_owned(), refusal.iys_code.clone()),
            ("message".to_owned(), quoted(&refusal.iys_text)),
        ];
        let (row, originals) = if refusal.raw.is_empty() {
            let columns = self.summary.columns.iter();
            let columns = columns.filter(|column| column.field != Field::Ours);
            let cells: Vec<String> = columns
                .map(|column| recorded_under(column, refusal, field, &seen))
                .collect();
            (cells.clone(), cells)
        } else {
            self.row(&refusal.raw)
        };
        let mut line = vec![
            refusal.line.to_string(),
            refusal.channel.as_str().to_owned(),
            field.name_tr().to_owned(),
            seen.clone(),
            refusal.code.to_string(),
            explain_tr(refusal.code, &args),
            explain_en(refusal.code, &args),
            refusal.code.info().next_tr.to_owned(),
            refusal.iys_code.clone(),
            quoted(&refusal.iys_text),
            row.join(&char::from(self.delimiter).to_string()),
        ];
        line.extend(originals);
        line
    }
}

/// What the ledger holds of a refused record, as a cell of this column.
fn recorded_under(
    column: &ColumnReport,
    refusal: &RegistryRefusal,
    form: Field,
    address: &str,
) -> String {
    if column
        .channel
        .is_some_and(|channel| channel != refusal.channel)
    {
        return String::new();
    }
    match column.field {
        Field::Recipient => address.to_owned(),
        field if field == form => address.to_owned(),
        Field::Status | Field::Refusal => refusal.status.as_str().to_owned(),
        Field::Date => refusal.said_at.to_registry_text(),
        Field::Source => refusal.source.clone(),
        Field::Channel => refusal.channel.as_str().to_owned(),
        Field::Kind => refusal.kind.as_str().to_owned(),
        _ => String::new(),
    }
}
