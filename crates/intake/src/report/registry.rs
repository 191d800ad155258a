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
///
/// The rows of records are not kept, so the report writes what was recorded
/// under the headers of the file: that can be corrected like a rejected row.
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

/// Both kinds of lines in the order of the file. The rejections come by line;
/// the refusals come in any order and are sorted in `work_dir`, which must
/// belong to this report alone.
///
/// # Errors
/// The first error of the refusals, or of the disk.
pub fn reported_by_line<R>(
    rejections: R,
    refusals: impl IntoIterator<Item = io::Result<RegistryRefusal>>,
    work_dir: &Path,
) -> io::Result<impl Iterator<Item = io::Result<Reported>>>
where
    R: IntoIterator<Item = io::Result<Rejection>>,
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
    })
}

/// Two lists by line as one.
struct ByLine<I: Iterator> {
    rejections: Peekable<I>,
    refusals: Peekable<Frames<RegistryRefusal>>,
}

impl<I: Iterator<Item = io::Result<Rejection>>> Iterator for ByLine<I> {
    type Item = io::Result<Reported>;

    fn next(&mut self) -> Option<Self::Item> {
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
        let originals = self.summary.columns.iter();
        let originals = originals.filter(|column| column.field != Field::Ours);
        let cells: Vec<String> = originals
            .map(|column| recorded_under(column, refusal, field, &seen))
            .collect();
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
            cells.join(&char::from(self.delimiter).to_string()),
        ];
        line.extend(cells);
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
