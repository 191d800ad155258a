//! The way of a file, from its first byte to its records and rejections.
//!
//! 1. Its size and first bytes ([`opening`]): is it a file we open at all? What
//!    is packed is unpacked, and a sheet of a workbook becomes a text.
//! 2. One pass over all bytes ([`scan`](crate::file::scan)): encoding, quotes, line ends.
//! 3. Its header ([`table`](crate::table)): which column is what?
//! 4. One pass over its rows ([`row`](crate::row)): pairs go to hash partitions
//!    on disk, refusals to the rejections.
//! 5. Partition by partition ([`merge`](crate::merge)): repeats, conflicts, the
//!    record; what remains is written as records.
//! 6. The rejections, sorted by line, with the rows they came from.

mod again;
mod codes;
mod opening;

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use domain::ReasonCode;

pub use self::again::RowFinder;
pub use self::codes::{CODE_CHARS_MAX, CodeList, CodeReader, CodeRecord, CodeVerdict, judge_codes};
use self::opening::{Table, note_columns};
use crate::directory::{Directory, DirectoryError, NoDirectory};
use crate::file::ahead::RowsAhead;
use crate::holdings::Shelves;
use crate::lookup::{LookUpError, resolve_waiting};
use crate::merge::{Loaded, Merger};
use crate::one_ahead::one_ahead;
use crate::options::{Action, Options};
use crate::outcomes;
use crate::outlets::Outlets;
use crate::records::{RecordWriter, Syncing};
use crate::rejections;
use crate::row::{RowJudge, Surveyor};
use crate::spill::Spill;
use crate::summary::{FileFormat, Question, Summary};
use crate::table::layout::Layout;
use crate::verdict::{FileVerdict, Refusal};

/// How far judging has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file whose rows were judged.
    pub read_bytes: u64,
    /// Bytes of the file.
    pub total_bytes: u64,
    /// Rows judged.
    pub rows: u64,
}

/// A judged file.
#[derive(Debug)]
pub struct Judged {
    /// Whether it may be applied.
    pub verdict: FileVerdict,
    /// What the preview shows.
    pub summary: Summary,
    /// Accepted pairs, for [`RecordReader`](crate::RecordReader); empty when refused.
    pub records: PathBuf,
    /// Rejected pairs, for [`RejectionReader`](crate::RejectionReader); empty when refused.
    pub rejections: PathBuf,
    /// The outcome of every pair, for [`OutcomeReader`](crate::OutcomeReader):
    /// only with [`Options::trace`], and of a file that was not refused.
    pub outcomes: Option<PathBuf>,
}

/// Why a file could not be judged. Bad content is never an error: it is a verdict.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The upload could not be read, or a work file not be written.
    #[error("could not read the upload or write its work files")]
    Io(#[from] io::Error),
    /// The watcher asked to stop; nothing was decided.
    #[error("judging was cancelled")]
    Cancelled,
    /// The directory gave no answer.
    #[error("could not ask the directory")]
    Directory(#[source] DirectoryError),
}

impl From<LookUpError> for JudgeError {
    fn from(error: LookUpError) -> Self {
        match error {
            LookUpError::Directory(cause) => Self::Directory(cause),
            LookUpError::Io(cause) => Self::Io(cause),
        }
    }
}

/// What ends the way early.
enum End {
    Refused(Refusal),
    Failed(JudgeError),
}

impl From<JudgeError> for End {
    fn from(error: JudgeError) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LookUpError> for End {
    fn from(error: LookUpError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Bytes of a text that speak about one key, rather too few than too many: a
/// phone, a status, a date.
const BYTES_PER_KEY: u64 = 64;

/// Rows between two calls of the watcher.
const ROWS_PER_REPORT: u64 = 4_096;

/// Judges a file. Blocks; streams; memory is bounded by
/// [`Limits`](crate::Limits), whatever the file.
///
/// Work files are written to `work_dir`, which must exist and belong to this
/// upload alone. Two of them stay: the records and the rejections. `watch` is
/// called every few thousand rows and may cancel.
///
/// # Errors
/// [`JudgeError::Io`] and [`JudgeError::Directory`] when something outside the
/// file fails, [`JudgeError::Cancelled`] when the watcher breaks off.
///
/// ```no_run
/// # use std::ops::ControlFlow;
/// # use std::path::Path;
/// # use intake::{Action, NoDirectory, Options, judge};
/// # fn example(now: domain::Timestamp) -> Result<(), intake::JudgeError> {
/// let options = Options::new(now, Action::Push);
/// let judged = judge(
///     Path::new("musteriler.csv"),
///     &options,
///     &mut NoDirectory,
///     Path::new("/var/lib/izinli/work/17"),
///     &mut |_progress| ControlFlow::Continue(()),
/// )?;
/// println!("{} of {} rejected", judged.summary.rejected, judged.summary.judged);
/// # Ok(())
/// # }
/// ```
pub fn judge(
    file: &Path,
    options: &Options,
    directory: &mut dyn Directory,
    work_dir: &Path,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Judged, JudgeError> {
    let mut way = Way::to(file, options, directory, work_dir, watch)?;
    let walked = way.walk();
    way.judged(walked, |records| {
        RecordWriter::create(records)?.finish()?.wait()
    })
}

/// The fingerprint of a file's header, as
/// [`Summary::header_fingerprint`] tells it, without judging the rows; `None`
/// where no header is found. Blocks; what is packed is unpacked into `work_dir`
/// and removed again.
///
/// # Errors
/// As [`judge`].
pub fn header_of(
    file: &Path,
    options: &Options,
    work_dir: &Path,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Option<String>, JudgeError> {
    let mut nobody = NoDirectory;
    let mut way = Way::to(file, options, &mut nobody, work_dir, watch)?;
    match way.open_table() {
        Ok(_) | Err(End::Refused(_)) => Ok(way.summary.header_fingerprint),
        Err(End::Failed(error)) => Err(error),
    }
}

/// One file on its way.
struct Way<'w> {
    path: &'w Path,
    options: &'w Options,
    directory: &'w mut dyn Directory,
    work_dir: &'w Path,
    records: PathBuf,
    rejections: PathBuf,
    outcomes: Option<PathBuf>,
    watch: &'w mut dyn FnMut(Progress) -> ControlFlow<()>,
    file_bytes: u64,
    /// Bytes of the text that is read, once the file was unpacked.
    content_bytes: u64,
    summary: Summary,
}

impl<'w> Way<'w> {
    fn to(
        path: &'w Path,
        options: &'w Options,
        directory: &'w mut dyn Directory,
        work_dir: &'w Path,
        watch: &'w mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> io::Result<Self> {
        let file_bytes = fs::metadata(path)?.len();
        Ok(Self {
            path,
            options,
            directory,
            records: work_dir.join("records"),
            rejections: work_dir.join("rejections"),
            outcomes: None,
            work_dir,
            watch,
            file_bytes,
            content_bytes: file_bytes,
            summary: Summary::unread(file_bytes),
        })
    }

    /// What a walk came to; a file that was refused leaves an empty record,
    /// made by `leave_none`, and an empty list of rejections.
    fn judged(
        self,
        walked: Result<(), End>,
        leave_none: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<Judged, JudgeError> {
        let verdict = match walked {
            Ok(()) => FileVerdict::Accepted,
            Err(End::Refused(refusal)) => {
                leave_none(&self.records)?;
                fs::File::create(&self.rejections)?;
                FileVerdict::Refused(refusal)
            }
            Err(End::Failed(error)) => return Err(error),
        };
        Ok(Judged {
            verdict,
            summary: self.summary,
            records: self.records,
            rejections: self.rejections,
            outcomes: self.outcomes,
        })
    }

    fn walk(&mut self) -> Result<(), End> {
        let table = self.open_table()?;
        let limits = &self.options.limits;
        let partitions = limits.partitions_for(self.content_bytes);
        let keys = self.content_bytes / BYTES_PER_KEY;
        let holdings = if self.options.action == Action::Pull {
            // Its rows say nothing that could stand against the record.
            None
        } else {
            self.directory
                .holdings(keys)
                .map_err(LookUpError::Directory)?
        };
        let Some(holdings) = holdings else {
            return self.judge_table(&table, partitions, || Ok(None));
        };
        let (work_dir, stop) = (self.work_dir, AtomicBool::new(false));
        thread::scope(|scope| {
            // The record is read while the rows are judged: another core does it.
            let reading =
                scope.spawn(|| Shelves::fill(holdings, work_dir, partitions, limits, &stop));
            let shelves = || match reading.join() {
                Ok(filled) => filled.map(Some),
                Err(panic) => std::panic::resume_unwind(panic),
            };
            let judged = self.judge_table(&table, partitions, shelves);
            stop.store(true, Ordering::Relaxed);
            judged
        })
    }

    fn judge_table(
        &mut self,
        table: &Table,
        partitions: usize,
        shelves: impl FnOnce() -> Result<Option<Shelves>, LookUpError>,
    ) -> Result<(), End> {
        let mut out = Outlets::create(self.work_dir, partitions, self.options)?;
        let judged = self.judge_rows(table, &mut out);
        self.summary.close(&out.account.tally);
        judged?;
        self.summary.channels = out.channels.iter().copied().collect();
        let records = self.merge_rows(&mut out, shelves()?)?;
        let after_refusal = out.account.tally.count(ReasonCode::R807);
        self.summary.patterns = out.patterns.patterns(after_refusal);
        self.summary.close(&out.account.tally);
        rejections::write_all(
            out.account.rejections,
            &table.file,
            table.national_ids(),
            &self.rejections,
        )?;
        records.wait()?;
        if let Some(traced) = out.account.traced {
            let path = self.work_dir.join("outcomes");
            outcomes::write_all(traced, &path)?;
            self.outcomes = Some(path);
        }
        Ok(())
    }

    /// The pass over the rows.
    fn judge_rows(&mut self, table: &Table, out: &mut Outlets) -> Result<(), End> {
        let Table {
            file,
            scanned,
            delimiter,
            head,
            layout,
            ..
        } = table;
        note_columns(table, &mut out.account.tally);
        let rows = table.rows()?;
        let surveyor = Surveyor {
            file,
            line_ends: scanned.line_ends,
            delimiter: *delimiter,
            decoder: scanned.decoder,
            records_above_data: head.records_above_data,
        };
        let cells_stay = self.summary.format == FileFormat::Workbook;
        let mut judge = RowJudge::new(
            self.options,
            layout,
            scanned.decoder,
            *delimiter,
            cells_stay,
            surveyor,
        );
        let batch = self.options.limits.directory_batch.max(1);
        thread::scope(|scope| {
            RowsAhead::spawn(scope, rows).for_each(|place, record| {
                judge.judge(place, record, out)?;
                if out.waiting.len() >= batch {
                    resolve_waiting(out, self.directory)?;
                }
                if out.account.tally.rows.is_multiple_of(ROWS_PER_REPORT) {
                    self.report(place.start, out.account.tally.rows)?;
                }
                Ok::<(), End>(())
            })
        })?;
        resolve_waiting(out, self.directory)?;
        self.ask(&judge, layout, out);
        self.verdict_on_columns(&judge, out)
    }

    /// What the rows showed about columns, and the questions they raise.
    fn ask(&mut self, judge: &RowJudge<'_>, layout: &Layout, out: &mut Outlets) {
        for (column, order) in judge.date_orders() {
            if let Some(report) = self.summary.columns.get_mut(column) {
                report.date_order = Some(order);
            }
        }
        for status in layout.groups.iter().map(|group| &group.status) {
            if let Some(report) = self.summary.columns.get_mut(status.index) {
                report.polarity = status.polarity;
            }
        }
        for (column, unread) in judge.unread_attributes() {
            if let Some(report) = self.summary.columns.get_mut(column) {
                report.unread.clone_from(unread);
            }
        }
        self.summary.uniform = judge.uniform_columns();
        let (tally, line) = (&mut out.account.tally, self.summary.header_line);
        for uniform in &self.summary.uniform {
            let told = || vec![("value".to_owned(), uniform.value.clone())];
            tally.note_with(ReasonCode::W501, line, told);
        }
        self.summary.questions.extend(judge.questions());
        if judge.phones().is_suspect() && !self.options.mapping.phone_zeros_are_real {
            let zeros = crate::row::SUSPECT_ZEROS;
            let told = || vec![("count".to_owned(), zeros.to_string())];
            tally.note_with(ReasonCode::W206, line, told);
            self.summary.questions.push(Question::PhoneZeros { zeros });
        }
    }

    /// F101, F113, F115 and F114: what only all rows together can show.
    fn verdict_on_columns(&self, judge: &RowJudge<'_>, out: &Outlets) -> Result<(), End> {
        if out.account.tally.rows == 0 {
            return Err(Refusal::new(ReasonCode::F101).into());
        }
        let phones = judge.phones();
        if phones.is_damaged_beyond(self.options.limits.damaged_phones_percent_max) {
            let percent = phones.damaged_percent().to_string();
            return Err(Refusal::new(ReasonCode::F113)
                .with("percent", percent)
                .into());
        }
        let refusal = judge.date_refusal().or_else(|| judge.polarity_refusal());
        refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// The rows against each other and against the record.
    fn merge_rows(&mut self, out: &mut Outlets, shelves: Option<Shelves>) -> Result<Syncing, End> {
        let rows = out.account.tally.rows;
        let partitions = out.pairs.len();
        let buffer_bytes = self.options.limits.buffer_for(partitions);
        let marks = Spill::create(self.work_dir.join("marks.work"), partitions, buffer_bytes)?;
        let last_row_wins = self.options.mapping.update_people;
        let ambiguous = out
            .people
            .find_ambiguous(marks, last_row_wins, &mut out.account)?;
        let mut merger = Merger {
            options: self.options,
            directory: &mut *self.directory,
            shelves,
            ambiguous,
            records: RecordWriter::create(&self.records)?,
            pairs: &out.pairs,
            account: &mut out.account,
            has_decisions: out.has_decisions,
        };
        let watch = &mut *self.watch;
        let all = Progress {
            read_bytes: self.file_bytes,
            total_bytes: self.file_bytes,
            rows,
        };
        let bytes_max = self.options.limits.partition_bytes_max;
        thread::scope(|scope| {
            let pairs = merger.pairs;
            let load = move |partition| Loaded::of(pairs, partition, bytes_max);
            let loaded = one_ahead(scope, partitions, load);
            for (partition, load) in loaded.into_iter().enumerate() {
                merger.merge(partition, load?)?;
                if watch(all).is_break() {
                    return Err(End::Failed(JudgeError::Cancelled));
                }
            }
            Ok(())
        })?;
        Ok(merger.records.finish()?)
    }

    /// How much of the file as it was uploaded stands behind so many bytes of
    /// the text that was unpacked from it.
    fn share_of_file(&self, read_bytes: u64) -> u64 {
        let scaled = u128::from(read_bytes) * u128::from(self.file_bytes)
            / u128::from(self.content_bytes.max(1));
        u64::try_from(scaled)
            .unwrap_or(u64::MAX)
            .min(self.file_bytes)
    }

    fn report(&mut self, read_bytes: u64, rows: u64) -> Result<(), End> {
        let progress = Progress {
            read_bytes: self.share_of_file(read_bytes),
            total_bytes: self.file_bytes,
            rows,
        };
        match (self.watch)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(End::Failed(JudgeError::Cancelled)),
        }
    }
}
