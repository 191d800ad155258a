//! A day held against ours: İYS's file is read a thousand lines at a time, the
//! states of those people are looked up, and the parts are joined on disk. What
//! İYS told others and not us is then taken over, so a refusal that the feed
//! lost stops sending here too.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use registry::agreement::{DayCount, DayHash};
use reports::drift::{Cause, Difference, Drift, FileShape, MovementRow, Parts, StateRow};
use serde_json::{Value, json};
use store::brands::Brand;
use store::registry_days::{DayFile, DriftCause, DriftRow, RegistryDay};
use store::registry_feed::{DayPlace, Movement};

use super::super::Line;
use super::super::pull::after_movement;
use super::{Found, date_of};
use crate::Engine;
use crate::error::EngineError;

/// Lines looked up together.
const LINES: usize = 1_000;
/// Differences kept in the database; the rest is in the file beside the archive.
const KEPT_MAX: usize = 5_000;

/// İYS's file, read a piece at a time.
struct Reading {
    file: BufReader<File>,
    shape: FileShape,
    line: u64,
}

impl Reading {
    fn begin(path: &Path) -> Result<Self, EngineError> {
        let file = File::open(path).map_err(EngineError::file("reading the daily file"))?;
        let mut file = BufReader::new(file);
        let mut header = String::new();
        file.read_line(&mut header)
            .map_err(EngineError::file("reading the daily file"))?;
        let shape = FileShape::of_header(&header).map_err(unreadable)?;
        Ok(Self {
            file,
            shape,
            line: 1,
        })
    }

    fn lines(&mut self) -> Result<Vec<String>, EngineError> {
        let mut lines = Vec::with_capacity(LINES);
        while lines.len() < LINES {
            let mut line = String::new();
            let read = self
                .file
                .read_line(&mut line)
                .map_err(EngineError::file("reading the daily file"))?;
            if read == 0 {
                break;
            }
            self.line += 1;
            if !line.trim().is_empty() {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    fn movements(&self, lines: &[String]) -> Result<Vec<Option<Movement>>, EngineError> {
        lines
            .iter()
            .map(|line| {
                let row = self.shape.row(line, self.line).map_err(unreadable)?;
                Ok(movement(&row))
            })
            .collect()
    }
}

fn unreadable(error: reports::drift::DriftError) -> EngineError {
    EngineError::Internal(error.to_string())
}

/// Runs work that blocks on its own thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| EngineError::Internal(error.to_string()))?
}

impl Engine {
    pub(super) async fn compare_day(
        &self,
        brand: &Brand,
        line: &Line,
        day: &RegistryDay,
        file: DayFile,
        hash: Option<DayHash>,
    ) -> Result<Found, EngineError> {
        let totals = self
            .day_totals(line, day)
            .await
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        let path = PathBuf::from(&file.path);
        let parts = self.gather(brand, day, &path).await?;
        let report = path.with_extension("drift.csv");
        let (drift, kept) = blocking(move || join(parts, &report)).await?;
        let lacks = |cause| drift.differences.get(&cause).copied().unwrap_or(0);
        let unknown_here = lacks(Cause::NotHere) + lacks(Cause::StateBehind);
        let taken_over = if unknown_here > 0 {
            self.take_over(brand, &path).await?
        } else {
            0
        };
        let counts_differ = totals_differ(&totals, &drift);
        let tells_the_same =
            lacks(Cause::NotThere) == 0 && lacks(Cause::ToldOtherwise) == 0 && !counts_differ;
        if drift.count() > 0 || counts_differ {
            tracing::warn!(
                brand.id = %brand.id, day = %date_of(day.day), differences = drift.count(), taken_over,
                "İYS's day and ours differ"
            );
        }
        Ok(Found {
            comparison: told(&totals, &drift, taken_over, counts_differ),
            differences: i64::try_from(drift.count()).unwrap_or(i64::MAX),
            file,
            hash,
            tells_the_same,
            drift: kept,
        })
    }

    /// Cuts both sides into parts.
    async fn gather(
        &self,
        brand: &Brand,
        day: &RegistryDay,
        path: &Path,
    ) -> Result<Parts, EngineError> {
        let folder = path.with_extension(format!("parts-{}", day.attempt));
        let opened = path.to_owned();
        let (mut reading, mut parts) = blocking(move || {
            let parts = Parts::begin(&folder).map_err(unreadable)?;
            Ok((Reading::begin(&opened)?, parts))
        })
        .await?;
        loop {
            let (back, filled, movements) = blocking(move || {
                let lines = reading.lines()?;
                for line in &lines {
                    let row = reading.shape.row(line, reading.line).map_err(unreadable)?;
                    parts.theirs(&row).map_err(unreadable)?;
                }
                let movements = reading.movements(&lines)?;
                Ok((reading, parts, movements))
            })
            .await?;
            (reading, parts) = (back, filled);
            if movements.is_empty() {
                break;
            }
            parts = self.add_states(brand, parts, movements).await?;
        }
        self.add_ours(brand, day, parts).await
    }

    async fn add_states(
        &self,
        brand: &Brand,
        mut parts: Parts,
        movements: Vec<Option<Movement>>,
    ) -> Result<Parts, EngineError> {
        let mut keys: Vec<(Recipient, Channel, RecipientKind)> = movements
            .into_iter()
            .flatten()
            .map(|movement| (movement.recipient, movement.channel, movement.kind))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let views = self
            .store
            .read()
            .await?
            .mirror_of(brand.firm, brand.id, &keys)
            .await?;
        blocking(move || {
            for ((recipient, channel, kind), view) in keys.iter().zip(&views) {
                let date = view.consent_date.map(Timestamp::to_registry_text);
                parts
                    .state(&StateRow {
                        recipient: &recipient.to_string(),
                        kind: kind.as_str(),
                        channel: channel.as_str(),
                        verdict: view.verdict.as_str(),
                        consent_date: date.as_deref().unwrap_or_default(),
                    })
                    .map_err(unreadable)?;
            }
            Ok(parts)
        })
        .await
    }

    async fn add_ours(
        &self,
        brand: &Brand,
        day: &RegistryDay,
        mut parts: Parts,
    ) -> Result<Parts, EngineError> {
        let mut after = DayPlace::default();
        loop {
            let page = self
                .store
                .read()
                .await?
                .movements_of_day(brand.id, day.day, &after)
                .await?;
            let Some((movements, place)) = page else {
                return Ok(parts);
            };
            after = place;
            parts = blocking(move || {
                for movement in &movements {
                    let date = movement.date.map(Timestamp::to_registry_text);
                    parts
                        .ours(&MovementRow {
                            transaction: movement.transaction.as_deref().unwrap_or_default(),
                            recipient: &movement.recipient.to_string(),
                            kind: movement.kind.as_str(),
                            channel: movement.channel.as_str(),
                            status: movement.status.as_str(),
                            created: "",
                            consent_date: date.as_deref().unwrap_or_default(),
                            source: movement.source.as_ref().map_or("", Source::as_str),
                        })
                        .map_err(unreadable)?;
                }
                Ok(parts)
            })
            .await?;
        }
    }

    /// Applies the file like a page of the feed: what we know stays as it is.
    async fn take_over(&self, brand: &Brand, path: &Path) -> Result<usize, EngineError> {
        let opened = path.to_owned();
        let mut reading = blocking(move || Reading::begin(&opened)).await?;
        let mut events = 0;
        loop {
            let (back, movements, is_end) = blocking(move || {
                let lines = reading.lines()?;
                let movements = reading.movements(&lines)?;
                Ok((reading, movements, lines.is_empty()))
            })
            .await?;
            reading = back;
            if is_end {
                return Ok(events);
            }
            let movements: Vec<Movement> = movements.into_iter().flatten().collect();
            let told_at = self.now();
            let mut writer = self.store.write().await?;
            let told = writer
                .apply_movements(brand.firm, brand.id, &movements, |mirror, movement| {
                    after_movement(mirror, movement, told_at)
                })
                .await?;
            self.ask_behind(&mut writer, brand, told.behind).await?;
            writer.commit().await?;
            events += told.events;
        }
    }
}

/// A row of the file as a movement; none where a value is not one we know.
fn movement(row: &MovementRow<'_>) -> Option<Movement> {
    Some(Movement {
        recipient: Recipient::from_normalised(row.recipient).ok()?,
        channel: Channel::parse(row.channel).filter(|channel| channel.is_registered())?,
        kind: RecipientKind::parse(row.kind)?,
        status: Status::parse(row.status)?,
        date: Timestamp::from_registry_text(row.consent_date),
        source: Source::from_registry(row.source),
        created: Timestamp::from_registry_text(row.created)?,
        transaction: Some(row.transaction.to_owned()).filter(|text| !text.is_empty()),
    })
}

/// Joins the parts; the whole list goes into a file, its beginning is kept.
fn join(parts: Parts, report: &Path) -> Result<(Drift, Vec<DriftRow>), EngineError> {
    let file = File::create(report).map_err(EngineError::file("writing the differences"))?;
    let mut file = BufWriter::new(file);
    let mut kept = Vec::new();
    let mut failed = writeln!(file, "neden;alici;tip;kanal;islem;iys;biz");
    let drift = parts
        .compare(|differences| {
            for difference in differences {
                failed = failed_or(&mut failed, write_row(&mut file, &difference));
                if kept.len() < KEPT_MAX {
                    kept.push(kept_row(difference));
                }
            }
        })
        .map_err(unreadable)?;
    failed
        .and_then(|()| file.flush())
        .map_err(EngineError::file("writing the differences"))?;
    Ok((drift, kept))
}

/// The first failure, else the next outcome.
fn failed_or(first: &mut std::io::Result<()>, next: std::io::Result<()>) -> std::io::Result<()> {
    match std::mem::replace(first, Ok(())) {
        Ok(()) => next,
        failed => failed,
    }
}

fn write_row(file: &mut impl Write, row: &Difference) -> std::io::Result<()> {
    let cause = cause_of(row.cause);
    writeln!(
        file,
        "{cause};{};{};{};{};{};{}",
        row.recipient,
        row.kind,
        row.channel,
        row.transaction,
        row.theirs.as_deref().unwrap_or_default(),
        row.ours.as_deref().unwrap_or_default(),
    )
}

const fn cause_of(cause: Cause) -> DriftCause {
    match cause {
        Cause::NotHere => DriftCause::NotHere,
        Cause::NotThere => DriftCause::NotThere,
        Cause::ToldOtherwise => DriftCause::ToldOtherwise,
        Cause::StateBehind => DriftCause::StateBehind,
    }
}

fn kept_row(row: Difference) -> DriftRow {
    DriftRow {
        cause: cause_of(row.cause),
        address: row.recipient,
        channel: row.channel,
        kind: row.kind,
        transaction: Some(row.transaction).filter(|text| !text.is_empty()),
        theirs: row.theirs,
        ours: row.ours,
    }
}

/// Movements that İYS counted and decided, by side and channel.
fn counted(totals: &[DayCount]) -> std::collections::BTreeMap<(String, String), i64> {
    let mut counted = std::collections::BTreeMap::new();
    for count in totals {
        let place = (
            count.side.as_str().to_owned(),
            count.channel.channel().as_str().to_owned(),
        );
        *counted.entry(place).or_insert(0) += count.total - count.pending;
    }
    counted.retain(|_, total| *total != 0);
    counted
}

/// Whether İYS counts other movements than its own file holds.
fn totals_differ(totals: &[DayCount], drift: &Drift) -> bool {
    let held: std::collections::BTreeMap<(String, String), i64> = drift
        .theirs
        .iter()
        .map(|(place, found)| {
            let total = found.approvals + found.rejections;
            (place.clone(), i64::try_from(total).unwrap_or(i64::MAX))
        })
        .collect();
    counted(totals) != held
}

fn told(totals: &[DayCount], drift: &Drift, taken_over: usize, counts_differ: bool) -> Value {
    let side = |totals: &std::collections::BTreeMap<(String, String), reports::drift::Totals>| {
        let rows: Vec<Value> = totals
            .iter()
            .map(|((source, channel), found)| {
                json!({
                    "source": source, "channel": channel,
                    "approvals": found.approvals, "rejections": found.rejections,
                })
            })
            .collect();
        Value::from(rows)
    };
    let causes: serde_json::Map<String, Value> = drift
        .differences
        .iter()
        .map(|(cause, count)| (cause_of(*cause).as_str().to_owned(), (*count).into()))
        .collect();
    json!({
        "registry_counts": totals,
        "file": side(&drift.theirs),
        "ours": side(&drift.ours),
        "causes": causes,
        "counts_differ": counts_differ,
        "taken_over": taken_over,
    })
}
