//! The file of people, the same with 1 % changed, and the judging row.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::Timestamp;
use intake::generate::{self, ChannelMix, Generate};

use super::child::{self, Job, float};
use super::ground::Surroundings;
use super::lines::median;
use super::table::{Row, Table, Target, rate};

const SEED: u64 = 20_250_623;
/// Rows with something wrong in them, as real files have.
const DIRTY_PERCENT: u8 = 8;
/// Every so many-th row of the second file differs.
const CHANGED_EVERY: usize = 100;
/// Position of the status among the generator's columns.
const STATUS: usize = 4;
/// Judging may take this many times the reading of the file.
const JUDGING_TIMES: f64 = 8.0;
/// Peak memory of judging, MB.
const JUDGING_MB: f64 = 64.0;

/// The files of a run.
#[derive(Debug)]
pub(crate) struct Files {
    /// What a user uploads: some rows are dirty.
    pub(crate) people: PathBuf,
    /// The same with every hundredth row changed.
    pub(crate) changed: PathBuf,
    /// As many rows without dirt, which a plain program can load.
    pub(crate) clean: PathBuf,
}

/// Writes the files, one MESAJ consent a row in Windows-1254.
pub(crate) fn write(folder: &Path, size: u64, now: Timestamp) -> anyhow::Result<Files> {
    let mix = ChannelMix {
        eposta_percent: 0,
        arama_percent: 0,
    };
    let spec = |dirty_percent| Generate {
        channels: mix,
        ..Generate::new(size, dirty_percent, SEED, now)
    };
    let (first, second) = (folder.join("people.csv"), folder.join("changed.csv"));
    let clean = folder.join("clean.csv");
    generate::contacts(File::create(&first)?, &spec(DIRTY_PERCENT))?;
    generate::contacts(File::create(&clean)?, &spec(0))?;
    let mut out = BufWriter::new(File::create(&second)?);
    for (number, line) in BufReader::new(File::open(&first)?).split(b'\n').enumerate() {
        let line = line?;
        if number > 0 && number.is_multiple_of(CHANGED_EVERY) {
            out.write_all(&refused(&line))?;
        } else {
            out.write_all(&line)?;
        }
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(Files {
        people: first,
        changed: second,
        clean,
    })
}

/// The row with a refusal; who refused before changes the name.
fn refused(line: &[u8]) -> Vec<u8> {
    let mut cells: Vec<Vec<u8>> = line
        .split(|byte| *byte == b';')
        .map(<[u8]>::to_vec)
        .collect();
    match cells.get_mut(STATUS) {
        Some(status) if status.as_slice() == b"ONAY" => *status = b"RET".to_vec(),
        _ => cells
            .iter_mut()
            .skip(1)
            .take(1)
            .for_each(|name| name.extend_from_slice(b" A")),
    }
    cells.join(&b';')
}

/// Judging only, beside reading the file with the csv crate.
pub(crate) async fn judging(around: &Surroundings, table: &mut Table) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    let mut reads = Vec::new();
    for _ in 0..3 {
        reads.push(read(&around.files.people)?);
        runs.push(
            child::measure(&around.order(Job::Judge(around.files.people.clone()), None)).await?,
        );
    }
    let read_seconds = median(reads);
    let peak = runs
        .iter()
        .map(child::Measured::peak_mb)
        .fold(0.0, f64::max);
    let count = runs.first().map_or(0, |run| run.count);
    let seconds = median(runs.iter().map(|run| run.seconds).collect());
    table.add(Row {
        work: "judge a file (dry run), time".into(),
        database: "–",
        ours: rate(child::per_second(count, seconds), "rows"),
        baseline: format!(
            "csv reader {}",
            rate(child::per_second(count, read_seconds), "rows")
        ),
        ratio: seconds / read_seconds,
        target: Target::AtMost(JUDGING_TIMES),
    })?;
    table.add(Row {
        work: "judge a file (dry run), peak memory".into(),
        database: "–",
        ours: format!("{peak:.0} MB"),
        baseline: format!("bound {JUDGING_MB:.0} MB"),
        ratio: peak / JUDGING_MB,
        target: Target::AtMost(1.0),
    })
}

fn read(path: &Path) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b';')
        // Dirty rows have cells too many.
        .flexible(true)
        .from_path(path)?;
    let mut record = csv::ByteRecord::new();
    let mut cells = 0_u64;
    while reader.read_byte_record(&mut record)? {
        cells += record.len() as u64;
    }
    anyhow::ensure!(float(cells) > 0.0, "the file is empty");
    Ok(began.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_in_a_hundred_differs_between_the_two_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = "2025-06-23T10:00:00+03:00".parse().expect("an instant");
        let files = write(folder.path(), 1_000, now).expect("files");
        let lines = |path: PathBuf| -> Vec<Vec<u8>> {
            std::fs::read(path)
                .expect("a file")
                .split(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect()
        };
        let (first, second) = (lines(files.people), lines(files.changed));
        assert_eq!(first.len(), second.len());
        assert_eq!(
            first.iter().zip(&second).filter(|(a, b)| a != b).count(),
            10
        );
    }
}
