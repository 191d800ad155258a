//! What became of every pair, in the order of the file: for a dry run that
//! shows its work. Kept only when [`Options::trace`](crate::Options::trace)
//! asks for it; an import does without.

use std::fs::File;
use std::io::{self, BufWriter};
use std::iter::Peekable;
use std::path::Path;

use domain::{Channel, ReasonCode, RecipientKind, Source, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::pair::Pair;
use crate::rejections::{Frames, Rejection, RejectionReader, Sorted, Sorter, write_frame};

/// What became of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It may be applied.
    Accepted,
    /// It is refused.
    Rejected,
    /// Another row of the file stands for it (W801, W802).
    Merged,
    /// No pair of its own: a remark on the row as a whole (W402).
    Remarked,
}

/// One (row, channel) pair and what became of it. Its JSON is what
/// `izinli import --dry-run --json` prints, one object a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Line of the row, from 1, as an editor shows it.
    pub line: u64,
    /// The channel; absent for a row without consent, or refused as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What became of it.
    pub fate: Fate,
    /// Every code it carries, ascending: the refusal and the remarks.
    pub codes: Vec<ReasonCode>,
    /// The normalised address (`+905…`, `ali@…`); absent where none could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// In which capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<RecipientKind>,
    /// ONAY or RET.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// `2025-06-20 14:05:00`, Turkish time, as İYS writes it; absent where the
    /// row states none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The code of the source; absent where the row states none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The firm's own number of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The consent counts here and İYS is not told: the file contradicts it (R802).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub local_only: bool,
    /// Of a refusal: the column at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Of a refusal: the cell as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Of a refusal: what it would be with one slip undone; never applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Outcome {
    /// A remark on a row.
    fn of_row(line: u64, code: ReasonCode) -> Self {
        Self {
            line,
            channel: None,
            fate: Fate::Remarked,
            codes: vec![code],
            recipient: None,
            kind: None,
            status: None,
            date: None,
            source: None,
            external_id: None,
            local_only: false,
            field: None,
            value: None,
            suggestion: None,
        }
    }

    fn of_rejection(rejection: Rejection) -> Self {
        let suggestion = rejection.args.iter().find(|(name, _)| name == "suggestion");
        Self {
            channel: rejection.channel,
            fate: Fate::Rejected,
            suggestion: suggestion.map(|(_, value)| value.clone()),
            field: Some(rejection.field),
            value: Some(rejection.value).filter(|value| !value.is_empty()),
            ..Self::of_row(rejection.line, rejection.code)
        }
    }
}

/// A pair's outcome on disk; rejections have a file of their own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Traced {
    line: u64,
    fate: Fate,
    codes: Vec<ReasonCode>,
    about: Option<TracedPair>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TracedPair {
    channel: Option<Channel>,
    recipient: String,
    kind: RecipientKind,
    status: Option<Status>,
    date_us: Option<i64>,
    source: Option<String>,
    external_id: Option<String>,
    local_only: bool,
}

impl Traced {
    /// A pair and the codes that are not in its remarks.
    pub(crate) fn pair(
        fate: Fate,
        pair: &Pair<'_>,
        more: impl IntoIterator<Item = ReasonCode>,
    ) -> Self {
        let mut codes: Vec<ReasonCode> = pair.remarks.iter().chain(more).collect();
        codes.sort_unstable();
        codes.dedup();
        let claim = pair.claim;
        Self {
            line: pair.place.line,
            fate,
            codes,
            about: Some(TracedPair {
                channel: pair.channel,
                recipient: pair.address.to_string(),
                kind: pair.kind,
                status: claim.map(|claim| claim.status),
                date_us: claim.filter(|c| c.date_is_stated).map(|c| c.date_us),
                source: claim
                    .filter(|c| c.source_is_stated)
                    .map(|c| c.source.to_owned()),
                external_id: pair.external_id.map(str::to_owned),
                local_only: pair.is_local_only,
            }),
        }
    }

    /// A remark on a row.
    pub(crate) fn row(line: u64, code: ReasonCode) -> Self {
        Self {
            line,
            fate: Fate::Remarked,
            codes: vec![code],
            about: None,
        }
    }

    fn outcome(self) -> Outcome {
        let base = Outcome {
            fate: self.fate,
            codes: self.codes,
            ..Outcome::of_row(self.line, ReasonCode::W402)
        };
        let Some(about) = self.about else { return base };
        let at = about.date_us.map(Timestamp::from_micros);
        Outcome {
            channel: about.channel,
            recipient: Some(about.recipient),
            kind: Some(about.kind),
            status: about.status,
            date: at.map(Timestamp::to_registry_text),
            source: about.source.as_deref().and_then(Source::from_registry),
            external_id: about.external_id,
            local_only: about.local_only,
            ..base
        }
    }
}

impl Sorted for Traced {
    fn line(&self) -> u64 {
        self.line
    }

    fn weight(&self) -> usize {
        const TEXTS: usize = 96;
        size_of::<Self>() + 2 * self.codes.len() + TEXTS
    }
}

/// Writes the outcomes, ascending by line.
pub(crate) fn write_all(traced: Sorter<Traced>, path: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    traced.drain_sorted(|one| write_frame(&mut out, &one))?;
    out.into_inner()?.sync_data()
}

/// The outcome of every pair of a judged file, ascending by line.
#[derive(Debug)]
pub struct OutcomeReader {
    traced: Peekable<Frames<Traced>>,
    rejections: Peekable<RejectionReader>,
}

impl OutcomeReader {
    /// Opens [`Judged::outcomes`](crate::Judged::outcomes) and
    /// [`Judged::rejections`](crate::Judged::rejections).
    ///
    /// # Errors
    /// When a file cannot be opened.
    pub fn open(outcomes: &Path, rejections: &Path) -> io::Result<Self> {
        Ok(Self {
            traced: Frames::open(outcomes)?.peekable(),
            rejections: RejectionReader::open(rejections)?.peekable(),
        })
    }
}

impl Iterator for OutcomeReader {
    type Item = io::Result<Outcome>;

    fn next(&mut self) -> Option<Self::Item> {
        // An error has no line and goes out first.
        let line_of = |item: &io::Result<Traced>| item.as_ref().map_or(0, |one| one.line);
        let kept = self.traced.peek().map(line_of);
        let refused = self
            .rejections
            .peek()
            .map(|item| item.as_ref().map_or(0, |one| one.line));
        let rejection_is_next = match (kept, refused) {
            (Some(kept), Some(refused)) => refused < kept,
            (kept, _) => kept.is_none(),
        };
        if rejection_is_next {
            let next = self.rejections.next()?;
            Some(next.map(Outcome::of_rejection))
        } else {
            let next = self.traced.next()?;
            Some(next.map(Traced::outcome))
        }
    }
}
