//! Drift: İYS's daily file of movements held against what we hold, down to the
//! person.
//!
//! Neither side fits in memory on a busy day. Both are cut by address into
//! [`PARTS`] files on disk; a part of each is a small frame, and the frames
//! are joined one part at a time. So memory grows with a part, not with a day.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

/// Parts that each side is cut into: a million rows make parts of 16,000.
pub const PARTS: usize = 64;

/// A comparison that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// A part could not be written or read.
    #[error("the parts in {folder} could not be {doing}")]
    File {
        /// Where.
        folder: PathBuf,
        /// Written or read.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file has no column that the comparison needs.
    #[error("the daily file has no column `{0}`")]
    NoColumn(&'static str),
    /// A line has fewer fields than the header.
    #[error("line {line} of the daily file has {fields} fields")]
    ShortLine {
        /// Its number, the header is 1.
        line: u64,
        /// How many it has.
        fields: usize,
    },
    /// The frames could not be joined.
    #[error("a part could not be compared")]
    Frame(#[from] PolarsError),
}

/// Why a movement or a state counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// In their file, never told to us.
    NotHere,
    /// Told to us, not in their file.
    NotThere,
    /// The same number, another content.
    ToldOtherwise,
    /// Their last movement of the day says more than our state.
    StateBehind,
}

/// Somebody in whom both sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Why.
    pub cause: Cause,
    /// The address.
    pub recipient: String,
    /// `MESAJ`, `ARAMA` or `EPOSTA`.
    pub channel: String,
    /// `BIREYSEL` or `TACIR`.
    pub kind: String,
    /// İYS's number of the movement.
    pub transaction: String,
    /// What their file says, in its own words.
    pub theirs: Option<String>,
    /// What we hold.
    pub ours: Option<String>,
}

/// Movements of one source and channel, by what they say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// ONAY.
    pub approvals: u64,
    /// RET.
    pub rejections: u64,
}

/// `HS` (the firm) or `IYS` (the citizen), and the channel.
pub type Place = (String, String);

/// What a comparison came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drift {
    /// Movements in their file.
    pub theirs: BTreeMap<Place, Totals>,
    /// Movements that we were told.
    pub ours: BTreeMap<Place, Totals>,
    /// Differences by cause.
    pub differences: BTreeMap<Cause, u64>,
}

impl Drift {
    /// Differences of all causes.
    pub fn count(&self) -> u64 {
        self.differences.values().sum()
    }
}

/// One movement, as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementRow<'a> {
    /// İYS's number of it.
    pub transaction: &'a str,
    /// The address.
    pub recipient: &'a str,
    /// The capacity.
    pub kind: &'a str,
    /// The channel.
    pub channel: &'a str,
    /// `ONAY` or `RET`.
    pub status: &'a str,
    /// When İYS wrote it; not compared.
    pub created: &'a str,
    /// When it was said, `YYYY-MM-DD HH:mm:ss` in Turkish time; may be empty.
    pub consent_date: &'a str,
    /// Where it was said.
    pub source: &'a str,
}

/// What we hold of one key, as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRow<'a> {
    /// The address.
    pub recipient: &'a str,
    /// The capacity.
    pub kind: &'a str,
    /// The channel.
    pub channel: &'a str,
    /// The verdict's word.
    pub verdict: &'a str,
    /// Date of the record at İYS, as far as we know it; may be empty.
    pub consent_date: &'a str,
}

/// Where the columns of a daily file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileShape {
    places: [usize; 8],
    columns: usize,
}

const COLUMNS: [&str; 8] = [
    "transactionId",
    "recipient",
    "recipientType",
    "type",
    "status",
    "consentDate",
    "source",
    "creationDate",
];

impl FileShape {
    /// Reads the header line.
    ///
    /// # Errors
    /// [`DriftError::NoColumn`] names what is missing.
    pub fn of_header(header: &str) -> Result<Self, DriftError> {
        let names: Vec<&str> = fields(header).collect();
        let mut places = [0; 8];
        for (place, wanted) in places.iter_mut().zip(COLUMNS) {
            *place = names
                .iter()
                .position(|name| name.trim_start_matches('\u{feff}') == wanted)
                .ok_or(DriftError::NoColumn(wanted))?;
        }
        Ok(Self {
            places,
            columns: names.len(),
        })
    }

    /// Reads a line; `number` is shown when it cannot be read.
    ///
    /// # Errors
    /// [`DriftError::ShortLine`].
    pub fn row<'a>(&self, line: &'a str, number: u64) -> Result<MovementRow<'a>, DriftError> {
        let found: Vec<&str> = fields(line).collect();
        if found.len() < self.columns {
            return Err(DriftError::ShortLine {
                line: number,
                fields: found.len(),
            });
        }
        let field = |place: usize| found.get(self.places[place]).copied().unwrap_or_default();
        Ok(MovementRow {
            transaction: field(0),
            recipient: field(1),
            kind: field(2),
            channel: field(3),
            status: field(4),
            consent_date: field(5),
            source: field(6),
            created: field(7),
        })
    }
}

/// Fields of a line: İYS quotes nothing, but quotes around a field do no harm.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.trim_end_matches(['\r', '\n'])
        .split(',')
        .map(|field| field.trim().trim_matches('"'))
}

/// Both sides, cut into parts on disk.
#[derive(Debug)]
pub struct Parts {
    folder: PathBuf,
    theirs: Vec<BufWriter<File>>,
    ours: Vec<BufWriter<File>>,
    states: Vec<BufWriter<File>>,
}

const THEIRS: &str = "theirs";
const OURS: &str = "ours";
const STATES: &str = "states";

impl Parts {
    /// Begins in an empty folder, which is removed with the comparison.
    ///
    /// # Errors
    /// [`DriftError::File`] when it cannot be written.
    pub fn begin(folder: &Path) -> Result<Self, DriftError> {
        std::fs::create_dir_all(folder).map_err(failed(folder, "written"))?;
        let files = |side: &str| -> Result<Vec<BufWriter<File>>, DriftError> {
            (0..PARTS)
                .map(|part| {
                    File::create(path(folder, side, part))
                        .map(BufWriter::new)
                        .map_err(failed(folder, "written"))
                })
                .collect()
        };
        Ok(Self {
            theirs: files(THEIRS)?,
            ours: files(OURS)?,
            states: files(STATES)?,
            folder: folder.to_owned(),
        })
    }

    /// Adds a movement of their file.
    ///
    /// # Errors
    /// [`DriftError::File`].
    pub fn theirs(&mut self, row: &MovementRow<'_>) -> Result<(), DriftError> {
        write_movement(&mut self.theirs, row).map_err(failed(&self.folder, "written"))
    }

    /// Adds a movement that we were told; a repeat does no harm.
    ///
    /// # Errors
    /// [`DriftError::File`].
    pub fn ours(&mut self, row: &MovementRow<'_>) -> Result<(), DriftError> {
        write_movement(&mut self.ours, row).map_err(failed(&self.folder, "written"))
    }

    /// Adds what we hold of a key that their file names; a repeat does no harm.
    ///
    /// # Errors
    /// [`DriftError::File`].
    pub fn state(&mut self, row: &StateRow<'_>) -> Result<(), DriftError> {
        let StateRow {
            recipient,
            kind,
            channel,
            verdict,
            consent_date,
        } = row;
        let file = part_of(&mut self.states, recipient);
        writeln!(
            file,
            "{recipient},{kind},{channel},{verdict},{consent_date}"
        )
        .map_err(failed(&self.folder, "written"))
    }

    /// Compares part by part; `found` gets the differences of each part.
    ///
    /// # Errors
    /// [`DriftError`]; what `found` got before stands.
    pub fn compare(mut self, mut found: impl FnMut(Vec<Difference>)) -> Result<Drift, DriftError> {
        for file in self
            .theirs
            .iter_mut()
            .chain(&mut self.ours)
            .chain(&mut self.states)
        {
            file.flush().map_err(failed(&self.folder, "written"))?;
        }
        let mut drift = Drift::default();
        for part in 0..PARTS {
            let differences = compare_part(&self.folder, part, &mut drift)?;
            for difference in &differences {
                *drift.differences.entry(difference.cause).or_default() += 1;
            }
            if !differences.is_empty() {
                found(differences);
            }
        }
        Ok(drift)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // Addresses lie in it; what remains after a kill goes with the next begin.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn failed<'a>(folder: &'a Path, doing: &'static str) -> impl Fn(std::io::Error) -> DriftError + 'a {
    move |source| DriftError::File {
        folder: folder.to_owned(),
        doing,
        source,
    }
}

fn path(folder: &Path, side: &str, part: usize) -> PathBuf {
    folder.join(format!("{side}-{part:02}.csv"))
}

fn part_of<'f>(files: &'f mut [BufWriter<File>], recipient: &str) -> &'f mut BufWriter<File> {
    let mut hasher = DefaultHasher::new();
    recipient.hash(&mut hasher);
    let parts = files.len() as u64;
    let part = usize::try_from(hasher.finish() % parts).unwrap_or(0);
    &mut files[part]
}

fn write_movement(files: &mut [BufWriter<File>], row: &MovementRow<'_>) -> std::io::Result<()> {
    let MovementRow {
        transaction,
        recipient,
        kind,
        channel,
        status,
        consent_date,
        source,
        created: _,
    } = row;
    let file = part_of(files, recipient);
    writeln!(
        file,
        "{transaction},{recipient},{kind},{channel},{status},{consent_date},{source}"
    )
}

fn frame(path: &Path, names: &[&str]) -> Result<DataFrame, DriftError> {
    let schema = Schema::from_iter(
        names
            .iter()
            .map(|name| Field::new((*name).into(), DataType::String)),
    );
    let is_empty = std::fs::metadata(path).map_err(failed(path, "read"))?.len() == 0;
    if is_empty {
        return Ok(DataFrame::empty_with_schema(&schema));
    }
    let file = File::open(path).map_err(failed(path, "read"))?;
    let parse = CsvParseOptions::default()
        .with_quote_char(None)
        .with_missing_is_null(false);
    let options = CsvReadOptions::default()
        .with_has_header(false)
        .with_schema(Some(Arc::new(schema)))
        .with_parse_options(parse)
        .with_n_threads(Some(1))
        .with_low_memory(true);
    Ok(options.into_reader_with_file_handle(file).finish()?)
}

const MOVEMENT: [&str; 7] = [
    "transaction",
    "recipient",
    "kind",
    "channel",
    "status",
    "date",
    "source",
];
const STATE: [&str; 5] = ["recipient", "kind", "channel", "verdict", "held"];

fn compare_part(
    folder: &Path,
    part: usize,
    drift: &mut Drift,
) -> Result<Vec<Difference>, DriftError> {
    let theirs = frame(&path(folder, THEIRS, part), &MOVEMENT)?;
    let ours = once(&frame(&path(folder, OURS, part), &MOVEMENT)?)?;
    let states = frame(&path(folder, STATES, part), &STATE)?;
    tally(&theirs, &mut drift.theirs)?;
    tally(&ours, &mut drift.ours)?;
    let mut differences = movements(&theirs, &ours)?;
    differences.extend(behind(&theirs, &states)?);
    Ok(differences)
}

/// The rows by which each movement is told first: a push, the feed and a second
/// reading of the feed may tell the same one.
fn once(frame: &DataFrame) -> Result<DataFrame, DriftError> {
    let mut seen = HashSet::new();
    let is_first: BooleanChunked = texts(frame, "transaction")?
        .into_iter()
        .map(|transaction| seen.insert(transaction))
        .collect();
    Ok(frame.filter(&is_first)?)
}

/// Adds the rows of a frame to the totals per source and channel.
fn tally(frame: &DataFrame, totals: &mut BTreeMap<Place, Totals>) -> Result<(), DriftError> {
    let (channels, statuses, sources) = (
        frame.column("channel")?.str()?,
        frame.column("status")?.str()?,
        frame.column("source")?.str()?,
    );
    for ((channel, status), source) in channels.iter().zip(statuses.iter()).zip(sources.iter()) {
        let by = if source.unwrap_or_default().starts_with("IYS_") {
            "IYS"
        } else {
            "HS"
        };
        let place = (by.to_owned(), channel.unwrap_or_default().to_owned());
        let totals = totals.entry(place).or_default();
        if status == Some("RET") {
            totals.rejections += 1;
        } else {
            totals.approvals += 1;
        }
    }
    Ok(())
}

/// A column's texts; absent ones are empty.
fn texts<'f>(frame: &'f DataFrame, name: &str) -> Result<Vec<&'f str>, DriftError> {
    Ok(frame
        .column(name)?
        .str()?
        .iter()
        .map(Option::unwrap_or_default)
        .collect())
}

/// The columns of one side of a joined frame.
struct Side<'f> {
    transaction: Vec<&'f str>,
    recipient: Vec<&'f str>,
    kind: Vec<&'f str>,
    channel: Vec<&'f str>,
    status: Vec<&'f str>,
    date: Vec<&'f str>,
    source: Vec<&'f str>,
}

impl<'f> Side<'f> {
    fn of(frame: &'f DataFrame, suffix: &str) -> Result<Self, DriftError> {
        let column = |name: &str| texts(frame, &format!("{name}{suffix}"));
        Ok(Self {
            transaction: column("transaction")?,
            recipient: column("recipient")?,
            kind: column("kind")?,
            channel: column("channel")?,
            status: column("status")?,
            date: column("date")?,
            source: column("source")?,
        })
    }

    fn is_there(&self, row: usize) -> bool {
        !self.transaction[row].is_empty()
    }

    fn said(&self, row: usize) -> String {
        format!(
            "{} {} {}",
            self.status[row], self.date[row], self.source[row]
        )
    }

    fn key(&self, row: usize) -> (&'f str, &'f str, &'f str) {
        (self.recipient[row], self.kind[row], self.channel[row])
    }

    fn difference(&self, row: usize, cause: Cause) -> Difference {
        Difference {
            cause,
            recipient: self.recipient[row].to_owned(),
            channel: self.channel[row].to_owned(),
            kind: self.kind[row].to_owned(),
            transaction: self.transaction[row].to_owned(),
            theirs: None,
            ours: None,
        }
    }
}

/// Movements that only one side has, or that say something else.
fn movements(theirs: &DataFrame, ours: &DataFrame) -> Result<Vec<Difference>, DriftError> {
    let on = ["transaction", "recipient"];
    let how = JoinArgs::new(JoinType::Full)
        .with_coalesce(JoinCoalesce::KeepColumns)
        .with_suffix(Some("_ours".into()));
    let joined = theirs.join(ours, on, on, how, None)?;
    let (theirs, ours) = (Side::of(&joined, "")?, Side::of(&joined, "_ours")?);
    let mut differences = Vec::new();
    for row in 0..joined.height() {
        let difference = match (theirs.is_there(row), ours.is_there(row)) {
            (true, false) => Difference {
                theirs: Some(theirs.said(row)),
                ..theirs.difference(row, Cause::NotHere)
            },
            (false, true) => Difference {
                ours: Some(ours.said(row)),
                ..ours.difference(row, Cause::NotThere)
            },
            (true, true)
                if theirs.key(row) != ours.key(row) || theirs.said(row) != ours.said(row) =>
            {
                Difference {
                    theirs: Some(theirs.said(row)),
                    ours: Some(ours.said(row)),
                    ..theirs.difference(row, Cause::ToldOtherwise)
                }
            }
            _ => continue,
        };
        differences.push(difference);
    }
    Ok(differences)
}

/// Keys whose last movement of the day says more than our state. The file is
/// sorted by creation, so a later row of a key replaces an earlier one.
fn behind(theirs: &DataFrame, states: &DataFrame) -> Result<Vec<Difference>, DriftError> {
    let on = ["recipient", "kind", "channel"];
    let mut held: HashMap<(&str, &str, &str), (&str, &str)> = HashMap::new();
    let (recipients, kinds, channels) = (
        texts(states, on[0])?,
        texts(states, on[1])?,
        texts(states, on[2])?,
    );
    let (verdicts, dates) = (texts(states, "verdict")?, texts(states, "held")?);
    for row in 0..states.height() {
        let key = (recipients[row], kinds[row], channels[row]);
        held.insert(key, (verdicts[row], dates[row]));
    }
    let side = Side::of(theirs, "")?;
    let last: HashMap<(&str, &str, &str), usize> = (0..theirs.height())
        .map(|row| (side.key(row), row))
        .collect();
    let mut rows: Vec<usize> = last.into_values().collect();
    rows.sort_unstable();
    let mut differences = Vec::new();
    for row in rows {
        let (verdict, date) = held.get(&side.key(row)).copied().unwrap_or(("UNASKED", ""));
        // What we learnt of a later day says more than this file.
        let is_newer = !date.is_empty() && date > side.date[row];
        if verdict == side.status[row] || is_newer {
            continue;
        }
        differences.push(Difference {
            theirs: Some(side.said(row)),
            ours: Some(format!("{verdict} {date}").trim_end().to_owned()),
            ..side.difference(row, Cause::StateBehind)
        });
    }
    Ok(differences)
}

#[cfg(test)]
#[path = "drift_tests.rs"]
mod tests;
