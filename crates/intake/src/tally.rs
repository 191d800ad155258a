//! Counting: pairs judged, what became of them, and each code.

use domain::ReasonCode;
use serde::{Deserialize, Serialize};

use crate::verdict::{Args, explain_en, explain_tr};

/// How often a code occurred, and where first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeCount {
    /// The code.
    pub code: ReasonCode,
    /// How many (row, channel) pairs carry it; for remarks on a whole row, rows.
    pub count: u64,
    /// The first lines it was found on, ascending.
    pub first_lines: Vec<u64>,
    /// Of consents that grew too old (R606): the first and the last deadline
    /// that was missed, as people read them (`20.06.2025 23:59`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadlines: Option<(String, String)>,
    /// Of remarks: what they say on some of those lines, by line. A refusal says
    /// it with its row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<CodeExample>,
}

/// A remark as it stands on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeExample {
    /// The line.
    pub line: u64,
    /// What fills the placeholders of the code's text.
    pub args: Args,
}

impl CodeExample {
    /// The Turkish text of its code.
    pub fn text_tr(&self, code: ReasonCode) -> String {
        explain_tr(code, &self.args)
    }

    /// The English text of its code.
    pub fn text_en(&self, code: ReasonCode) -> String {
        explain_en(code, &self.args)
    }
}

/// The running counts of one file.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    /// Pairs formed, counted where a row is read.
    pub(crate) judged: u64,
    /// Pairs that became records.
    pub(crate) accepted: u64,
    /// Pairs that became rejections.
    pub(crate) rejected: u64,
    /// Pairs that a repeated or newer row stands for (W801, W802).
    pub(crate) merged: u64,
    codes: Vec<Slot>,
    /// The first and the last deadline that a consent missed.
    missed: Option<(String, String)>,
}

#[derive(Debug, Clone, Default)]
struct Slot {
    count: u64,
    /// At most [`FIRST_LINES`], ascending.
    lines: Vec<u64>,
    /// At most [`EXAMPLES_MAX`], as they came.
    examples: Vec<CodeExample>,
}

/// Lines named per code.
const FIRST_LINES: usize = 5;

/// Remarks told in full per code.
const EXAMPLES_MAX: usize = 5;

/// Above the greatest number of a code in the databases.
const SLOTS: usize = 6_000;

impl Default for Tally {
    fn default() -> Self {
        Self {
            rows: 0,
            judged: 0,
            accepted: 0,
            rejected: 0,
            merged: 0,
            codes: vec![Slot::default(); SLOTS],
            missed: None,
        }
    }
}

impl Tally {
    /// Counts one occurrence of a code.
    pub(crate) fn note(&mut self, code: ReasonCode, line: u64) {
        let number = usize::try_from(code.as_db()).unwrap_or(SLOTS);
        let Some(slot) = self.codes.get_mut(number) else {
            debug_assert!(false, "{code} has no slot");
            return;
        };
        slot.count += 1;
        if slot.lines.len() < FIRST_LINES {
            let at = slot.lines.partition_point(|&known| known <= line);
            slot.lines.insert(at, line);
        } else if slot.lines.last().is_some_and(|&last| line < last) {
            slot.lines.pop();
            let at = slot.lines.partition_point(|&known| known <= line);
            slot.lines.insert(at, line);
        }
    }

    /// Counts one occurrence of a remark; what it says is asked for only while
    /// there is room for it, and empty where it has nothing to fill in.
    pub(crate) fn note_with(&mut self, code: ReasonCode, line: u64, args: impl FnOnce() -> Args) {
        self.note(code, line);
        let number = usize::try_from(code.as_db()).unwrap_or(SLOTS);
        let Some(slot) = self.codes.get_mut(number) else {
            return;
        };
        if slot.examples.len() < EXAMPLES_MAX {
            let args = args();
            if !args.is_empty() {
                slot.examples.push(CodeExample { line, args });
            }
        }
    }

    /// Whether there is room for what a remark says.
    pub(crate) fn has_room(&self, code: ReasonCode) -> bool {
        let number = usize::try_from(code.as_db()).unwrap_or(SLOTS);
        let slot = self.codes.get(number);
        slot.is_some_and(|slot| slot.examples.len() < EXAMPLES_MAX)
    }

    /// Counts in a deadline that a consent missed.
    pub(crate) fn note_missed(&mut self, deadline: &str) {
        let Some((first, last)) = &mut self.missed else {
            self.missed = Some((deadline.to_owned(), deadline.to_owned()));
            return;
        };
        if by_day(deadline) < by_day(first) {
            deadline.clone_into(first);
        }
        if by_day(deadline) > by_day(last) {
            deadline.clone_into(last);
        }
    }

    /// How often the code occurred.
    pub(crate) fn count(&self, code: ReasonCode) -> u64 {
        usize::try_from(code.as_db())
            .ok()
            .and_then(|number| self.codes.get(number))
            .map_or(0, |slot| slot.count)
    }

    /// Every code that occurred, ascending.
    pub(crate) fn codes(&self) -> Vec<CodeCount> {
        ReasonCode::all()
            .iter()
            .filter_map(|&code| {
                let slot = self.codes.get(usize::try_from(code.as_db()).ok()?)?;
                let mut examples = slot.examples.clone();
                examples.sort_by_key(|example| example.line);
                (slot.count > 0).then(|| CodeCount {
                    code,
                    count: slot.count,
                    first_lines: slot.lines.clone(),
                    deadlines: self.missed.clone().filter(|_| code == ReasonCode::R606),
                    examples,
                })
            })
            .collect()
    }

    /// Pairs judged that are neither accepted, rejected nor merged; negative
    /// when more came out than went in. Anything but 0 is a fault of this crate.
    pub(crate) fn discrepancy(&self) -> i64 {
        let out = self.accepted + self.rejected + self.merged;
        i64::try_from(self.judged).unwrap_or(i64::MAX) - i64::try_from(out).unwrap_or(i64::MAX)
    }
}

/// Year, month, day and time of `dd.mm.yyyy hh:mm`, which sort as they follow.
fn by_day(text: &str) -> [Option<&str>; 4] {
    [
        text.get(6..10),
        text.get(3..5),
        text.get(..2),
        text.get(10..),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_of_a_code_are_kept_in_order_however_they_arrive() {
        let mut tally = Tally::default();
        for line in [90, 10, 80, 20, 70, 30, 60] {
            tally.note(ReasonCode::R202, line);
        }
        tally.note(ReasonCode::W201, 7);
        let codes = tally.codes();
        assert_eq!(codes[0].code, ReasonCode::R202);
        assert_eq!(codes[0].count, 7);
        assert_eq!(codes[0].first_lines, [10, 20, 30, 60, 70]);
        assert_eq!(tally.count(ReasonCode::W201), 1);
        assert_eq!(tally.count(ReasonCode::R203), 0);
    }

    #[test]
    fn the_first_and_the_last_deadline_that_was_missed_are_told_with_their_code() {
        let mut tally = Tally::default();
        for deadline in ["20.06.2025 23:59", "03.07.2024 10:00", "19.06.2025 23:59"] {
            tally.note(ReasonCode::R606, 2);
            tally.note_missed(deadline);
        }
        tally.note(ReasonCode::R602, 3);
        let codes = tally.codes();
        assert_eq!(codes[0].deadlines, None, "of R602");
        let told = codes[1].deadlines.as_ref().unwrap();
        assert_eq!(
            (told.0.as_str(), told.1.as_str()),
            ("03.07.2024 10:00", "20.06.2025 23:59")
        );
    }

    #[test]
    fn what_a_remark_says_is_kept_of_a_few_lines_and_not_even_asked_for_after_them() {
        let mut tally = Tally::default();
        let mut asked = 0;
        for line in (2..100).rev() {
            tally.note_with(ReasonCode::W803, line, || {
                asked += 1;
                vec![("count".to_owned(), line.to_string())]
            });
            tally.note_with(ReasonCode::W201, line, Vec::new);
        }
        assert_eq!(asked, EXAMPLES_MAX);
        assert!(!tally.has_room(ReasonCode::W803));
        let codes = tally.codes();
        assert_eq!(
            (codes[0].code, codes[0].examples.len()),
            (ReasonCode::W201, 0)
        );
        let lines: Vec<u64> = codes[1].examples.iter().map(|one| one.line).collect();
        assert_eq!((codes[1].count, lines), (98, vec![95, 96, 97, 98, 99]));
        let first = &codes[1].examples[0];
        assert!(first.text_tr(ReasonCode::W803).contains("95"));
        assert!(first.text_en(ReasonCode::W803).contains("95"));
    }

    #[test]
    fn every_code_has_a_slot() {
        let mut tally = Tally::default();
        for &code in ReasonCode::all() {
            tally.note(code, 1);
            assert_eq!(tally.count(code), 1);
        }
    }
}
