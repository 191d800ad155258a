//! The fixtures' own statements about themselves: `expected.tsv` and the tables
//! of their page.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use crate::Repository;

/// What one line of a fixture must give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its name under `fixtures/`.
    pub file: String,
    /// As an editor counts; nothing where the file as a whole is meant.
    pub line: Option<usize>,
    /// The channel's Turkish word; nothing where a row speaks for none.
    pub channel: Option<String>,
    /// Empty for a row accepted without a remark.
    pub codes: Vec<String>,
}

impl Expected {
    /// Reads `fixtures/expected.tsv`.
    ///
    /// # Errors
    /// A line that is not four cells, or whose codes are no codes.
    pub fn read(repository: &Repository) -> Result<Vec<Self>> {
        let text = repository
            .text("fixtures/expected.tsv")
            .context("fixtures/expected.tsv is missing")?;
        text.lines().skip(1).map(Self::parse).collect()
    }

    fn parse(line: &str) -> Result<Self> {
        let cells: Vec<&str> = line.split('\t').collect();
        let &[file, number, channel, codes] = cells.as_slice() else {
            anyhow::bail!("`{line}` is not four cells");
        };
        let given = |cell: &str| (cell != "-").then(|| cell.to_owned());
        let codes: Vec<String> = given(codes)
            .iter()
            .flat_map(|codes| codes.split(' ').map(str::to_owned))
            .collect();
        ensure!(codes.iter().all(|code| is_code(code)), "no codes: `{line}`");
        Ok(Self {
            file: file.to_owned(),
            line: given(number).map(|number| number.parse()).transpose()?,
            channel: given(channel),
            codes,
        })
    }

    fn is_refused(&self) -> bool {
        self.codes.iter().any(|code| code.starts_with('R'))
    }
}

/// `R203`: what happened, and three digits.
fn is_code(word: &str) -> bool {
    let letters = ["F", "R", "W"];
    letters.iter().any(|letter| {
        word.strip_prefix(letter).is_some_and(|number| {
            number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit())
        })
    })
}

/// Counts of one fixture: rows accepted and refused, and how often each code is given.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub accepted: usize,
    pub refused: usize,
    pub codes: BTreeMap<String, usize>,
}

/// The counts that follow from `expected.tsv`, by file.
pub fn tallies(expected: &[Expected]) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for one in expected {
        let tally = tallies.entry(one.file.clone()).or_default();
        if one.is_refused() {
            tally.refused += 1;
        } else if one.channel.is_some() {
            tally.accepted += 1;
        }
        for code in &one.codes {
            *tally.codes.entry(code.clone()).or_default() += 1;
        }
    }
    tallies
}

/// The counts as the fixtures' page states them, by file: from the section of
/// each file, or from the one-line table of the files that are stopped.
pub fn stated(page: &str) -> BTreeMap<String, Tally> {
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut section = None;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            section = Some(title.trim_matches('`').to_owned());
        } else if line.starts_with("## ") {
            section = None;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match (&section, cells.as_slice()) {
            (Some(file), [code, times, _]) if is_code(code) => {
                let tally = tallies.entry(file.clone()).or_default();
                tally
                    .codes
                    .insert((*code).to_owned(), times.parse().unwrap_or(0));
            }
            (Some(file), [sentence]) if sentence.starts_with("Accepted ") => {
                let tally = tallies.entry(file.clone()).or_default();
                let mut numbers = sentence
                    .split(|letter: char| !letter.is_ascii_digit())
                    .filter_map(|digits| digits.parse().ok());
                tally.accepted = numbers.next().unwrap_or(0);
                tally.refused = numbers.next().unwrap_or(0);
            }
            (None, [file, _, code]) if is_code(code) => {
                let tally = tallies
                    .entry(file.trim_matches('`').to_owned())
                    .or_default();
                tally.codes.insert((*code).to_owned(), 1);
            }
            _ => {}
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_row_and_one_with_remarks_are_told_apart() {
        let lines = [
            "a.csv\t2\tMESAJ\tW201 W204",
            "a.csv\t3\tMESAJ\tR203",
            "a.csv\t-\t-\tW108",
        ];
        let expected: Vec<Expected> = lines.iter().map(|l| Expected::parse(l).unwrap()).collect();
        let tally = &tallies(&expected)["a.csv"];
        assert_eq!((tally.accepted, tally.refused), (1, 1));
        assert_eq!(tally.codes.len(), 4);
        assert!(Expected::parse("a.csv\t2\tMESAJ\tok").is_err());
        assert!(Expected::parse("a.csv\t2\tMESAJ").is_err());
    }

    #[test]
    fn the_tables_of_the_page_are_read() {
        let page = "## Good\n### `a.csv`\nAccepted 3, refused 1.\n| Code | Times | Lines |\n|---|---|---|\n\
                    | R203 | 1 | 4 |\n## Stopped\n| `b/c.csv` | nothing | F101 |\n";
        let stated = stated(page);
        let a = &stated["a.csv"];
        assert_eq!((a.accepted, a.refused, a.codes["R203"]), (3, 1, 1));
        assert_eq!(stated["b/c.csv"].codes["F101"], 1);
    }
}
