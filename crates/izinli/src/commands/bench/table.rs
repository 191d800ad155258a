//! What was measured, as people read it: a line per row, and the page.

use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use crate::output::Output;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";
const HEAD: &str = "| Work | Database | File rows | İzinli | Baseline | Ratio | Target | |\n|---|---|--:|---|---|--:|--:|---|";

/// What a ratio should be.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// This much or more of the baseline.
    AtLeast(f64),
    /// This much of the baseline or less.
    AtMost(f64),
}

/// One measured row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was done.
    pub(crate) work: String,
    /// On which database; `–` where there is none.
    pub(crate) database: &'static str,
    /// Our figure with its unit.
    pub(crate) ours: String,
    /// The baseline's figure with its unit, or the bound.
    pub(crate) baseline: String,
    /// Ours over the baseline.
    pub(crate) ratio: f64,
    /// What the ratio should be.
    pub(crate) target: Target,
}

impl Row {
    fn is_met(&self) -> bool {
        match self.target {
            Target::AtLeast(least) => self.ratio >= least,
            Target::AtMost(most) => self.ratio <= most,
        }
    }

    fn line(&self, size: u64) -> String {
        let size = grouped(size);
        let target = match self.target {
            Target::AtLeast(least) => format!("≥ {least:.2}"),
            Target::AtMost(most) => format!("≤ {most:.2}"),
        };
        let mark = if self.is_met() { '✓' } else { '✗' };
        let Self {
            work,
            database,
            ours,
            baseline,
            ratio,
            ..
        } = self;
        format!(
            "| {work} | {database} | {size} | {ours} | {baseline} | {ratio:.2} | {target} | {mark} |"
        )
    }
}

/// The rows so far.
#[derive(Debug)]
pub(crate) struct Table {
    out: Output,
    size: u64,
    page: Option<PathBuf>,
    rows: Vec<Row>,
}

impl Table {
    /// An empty table that is also kept in `page`.
    pub(crate) fn new(out: Output, size: u64, page: Option<PathBuf>) -> Self {
        Self {
            out,
            size,
            page,
            rows: Vec::new(),
        }
    }

    /// Prints the head.
    pub(crate) fn begin(&self) {
        self.out.line(HEAD, HEAD);
    }

    /// Takes a row in, prints it, and keeps the page: a run that breaks off loses nothing.
    pub(crate) fn add(&mut self, row: Row) -> anyhow::Result<()> {
        let line = row.line(self.size);
        self.out.line(&line, &line);
        self.rows.push(row);
        self.keep()
    }

    /// Prints the JSON form where that is wanted.
    pub(crate) fn finish(&self) -> anyhow::Result<()> {
        if self.out.is_json() {
            println!("{}", serde_json::to_string_pretty(&self.rows)?);
        }
        Ok(())
    }

    fn keep(&self) -> anyhow::Result<()> {
        let Some(path) = &self.page else {
            return Ok(());
        };
        let page = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let lines: Vec<String> = self.rows.iter().map(|row| row.line(self.size)).collect();
        let page = replaced(&page, &lines, &Self::caption())
            .with_context(|| format!("{} lacks the markers {BEGIN} and {END}", path.display()))?;
        std::fs::write(path, page).with_context(|| format!("{} cannot be written", path.display()))
    }

    fn caption() -> String {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let commit = std::process::Command::new("git")
            .args(["rev-parse", "--short", "HEAD"])
            .output()
            .ok()
            .filter(|done| done.status.success())
            .map_or_else(
                || "unknown".to_owned(),
                |done| String::from_utf8_lossy(&done.stdout).trim().to_owned(),
            );
        let build = if cfg!(debug_assertions) {
            "debug build"
        } else {
            "release build"
        };
        let now = crate::clock::ProcessClock::from_environment().map_or_else(
            |_| String::new(),
            |clock| domain::Clock::now(&clock).to_string(),
        );
        format!("Last run: {now}, commit {commit} and later changes, {build}, {cores} cores.")
    }
}

/// The page with the measured lines in it; lines of rows and sizes that this run
/// did not measure stay.
fn replaced(page: &str, lines: &[String], caption: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (old, after) = rest.split_once(END)?;
    let key = |line: &str| {
        line.split('|')
            .skip(1)
            .take(3)
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut kept: Vec<String> = old
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Work "))
        .map(str::to_owned)
        .collect();
    for line in lines {
        match kept.iter_mut().find(|held| key(held) == key(line)) {
            Some(held) => held.clone_from(line),
            None => kept.push(line.clone()),
        }
    }
    Some(format!(
        "{before}{BEGIN}\n{caption}\n\n{HEAD}\n{}\n{END}{after}",
        kept.join("\n")
    ))
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate as `12,345 UNIT/s`.
pub(crate) fn rate(per_second: f64, unit: &str) -> String {
    format!("{} {unit}/s", grouped(whole(per_second)))
}

/// The nearest whole number that is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people, far below 2^53"
)]
fn whole(number: f64) -> u64 {
    number.round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_replaces_its_own_rows_and_keeps_other_rows_and_sizes() {
        let page = format!(
            "words\n{BEGIN}\n| a | x | 9 | 1 |\n| b | x | 9 | 1 |\n| b | x | 90 | 1 |\n{END}\nmore"
        );
        let page = replaced(
            &page,
            &["| b | x | 9 | 2 |".into(), "| c | x | 9 | 3 |".into()],
            "when",
        )
        .expect("markers");
        assert!(page.starts_with("words\n") && page.ends_with("\nmore"));
        let rows: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("| ") && !line.contains("Work"))
            .collect();
        let kept = [
            "| a | x | 9 | 1 |",
            "| b | x | 9 | 2 |",
            "| b | x | 90 | 1 |",
            "| c | x | 9 | 3 |",
        ];
        assert_eq!(rows, kept);
        assert_eq!(replaced("no markers", &[], ""), None);
    }

    #[test]
    fn a_row_below_its_target_is_marked_so() {
        let mut row = Row {
            work: "w".into(),
            database: "–",
            ours: "1".into(),
            baseline: "2".into(),
            ratio: 0.49,
            target: Target::AtLeast(0.5),
        };
        assert!(row.line(9).ends_with("✗ |"));
        row.target = Target::AtMost(0.5);
        assert!(row.line(9).ends_with("✓ |"));
        assert_eq!(
            (grouped(1_234_567), grouped(999)),
            ("1,234,567".into(), "999".into())
        );
    }
}
