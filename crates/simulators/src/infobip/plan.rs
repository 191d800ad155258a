//! The fate of a message: scripted for its destination, else drawn by rule.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::status;
use crate::dice::hundredth;

/// Keeps this rule's dice apart from those of other simulators.
const SALT: u64 = 0x1B;

/// How a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 5 DELIVERED_TO_HANDSET.
    Delivered,
    /// 2 DELIVERED_TO_OPERATOR and nothing more.
    Operator,
    /// 9 NOT_DELIVERED, error 27 unless another is given.
    Undelivered,
    /// 15 EXPIRED, error 4101 unless another is given.
    Expired,
    /// 29 DLR_UNKNOWN.
    Unknown,
    /// Refused inside the 200, 18 DESTINATION_NOT_REGISTERED unless another is given.
    Rejected,
    /// No report ever comes.
    None,
}

/// The fate of every message to one destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The destination, digits as sent.
    pub to: String,
    /// How its messages end; may be left out when `reports` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Another status than the outcome's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_id: Option<u8>,
    /// Another error than the outcome's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_id: Option<u16>,
    /// Milliseconds until the report; absent: the usual delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// How often the report is sent; absent: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u8>,
    /// Instead of one outcome: several reports, each at its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<Vec<ReportStep>>,
    /// Messages it holds for, then the rule takes over; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// One of several reports about a message.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportStep {
    /// What it reports.
    pub outcome: Outcome,
    /// Another status than the outcome's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_id: Option<u8>,
    /// Another error than the outcome's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_id: Option<u16>,
    /// Milliseconds after acceptance.
    pub after_ms: u64,
}

/// Shares of destinations, in hundredths, whose messages do not reach the
/// handset. A destination always falls into the same share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Population {
    /// Refused inside the 200.
    pub rejected_pct: u8,
    /// Reported as not delivered.
    pub undelivered_pct: u8,
    /// Reported as expired.
    pub expired_pct: u8,
    /// Never reported.
    pub none_pct: u8,
}

impl Population {
    /// What the rule says about a destination, written in digits.
    ///
    /// ```
    /// use simulators::infobip::{Outcome, Population};
    /// let everyone_delivered = Population::default();
    /// assert_eq!(everyone_delivered.outcome_of("905321234567"), Outcome::Delivered);
    /// ```
    pub fn outcome_of(&self, to: &str) -> Outcome {
        let mut left = hundredth(SALT, to);
        for (share, outcome) in [
            (self.rejected_pct, Outcome::Rejected),
            (self.undelivered_pct, Outcome::Undelivered),
            (self.expired_pct, Outcome::Expired),
            (self.none_pct, Outcome::None),
        ] {
            match left.checked_sub(share) {
                None => return outcome,
                Some(rest) => left = rest,
            }
        }
        Outcome::Delivered
    }

    pub(crate) fn is_sound(&self) -> bool {
        [
            self.rejected_pct,
            self.undelivered_pct,
            self.expired_pct,
            self.none_pct,
        ]
        .into_iter()
        .map(u32::from)
        .sum::<u32>()
            <= 100
    }
}

/// A report to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) after_ms: u64,
    pub(crate) status: u8,
    pub(crate) error: u16,
}

/// What becomes of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Refused inside the 200 with this status.
    Refused(u8),
    /// Accepted; the reports in the order of their times.
    Accepted(Steps),
}

/// The reports of a message; nearly always there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Steps {
    None,
    One(Step),
    Many(Vec<Step>),
}

impl Steps {
    pub(crate) fn as_slice(&self) -> &[Step] {
        match self {
            Self::None => &[],
            Self::One(step) => std::slice::from_ref(step),
            Self::Many(steps) => steps,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Fates {
    rule: Population,
    scripts: HashMap<String, Scripted>,
}

#[derive(Debug)]
struct Scripted {
    script: Script,
    left: Option<u32>,
}

impl Fates {
    pub(crate) fn set_rule(&mut self, rule: Population) {
        self.rule = rule;
    }

    /// # Errors
    /// In words, when the script names a status or an error that does not exist.
    pub(crate) fn add(&mut self, script: Script) -> Result<(), String> {
        let statuses = [script.status_id].into_iter().flatten();
        let errors = [script.error_id].into_iter().flatten();
        let steps = || script.reports.iter().flatten();
        for id in statuses.chain(steps().filter_map(|step| step.status_id)) {
            status::find(id).ok_or_else(|| format!("unknown status: {id}"))?;
        }
        for id in errors.chain(steps().filter_map(|step| step.error_id)) {
            status::find_error(id).ok_or_else(|| format!("unknown error: {id}"))?;
        }
        if script.outcome.is_none() && script.reports.is_none() {
            return Err("an outcome or reports are expected".to_owned());
        }
        if steps().any(|step| step.outcome == Outcome::Rejected) {
            return Err("a message is rejected by its outcome, not by a report".to_owned());
        }
        let left = script.times;
        self.scripts
            .insert(script.to.clone(), Scripted { script, left });
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.scripts.clear();
    }

    /// Draws the fate of a message to `to`.
    pub(crate) fn draw(&mut self, to: &str, usual_delay_ms: u64) -> Fate {
        if !self.scripts.is_empty()
            && let Some(scripted) = self.scripts.get_mut(to)
            && scripted.left != Some(0)
        {
            if let Some(left) = &mut scripted.left {
                *left -= 1;
            }
            return scripted.script.fate(usual_delay_ms);
        }
        match self.rule.outcome_of(to) {
            Outcome::Rejected => Fate::Refused(status::NOT_REGISTERED),
            Outcome::None => Fate::Accepted(Steps::None),
            outcome => Fate::Accepted(Steps::One(outcome.step(None, None, usual_delay_ms))),
        }
    }
}

impl Script {
    fn fate(&self, usual_delay_ms: u64) -> Fate {
        if self.outcome == Some(Outcome::Rejected) {
            return Fate::Refused(self.status_id.unwrap_or(status::NOT_REGISTERED));
        }
        let mut steps: Vec<Step> = self
            .reports
            .iter()
            .flatten()
            .filter(|step| step.outcome != Outcome::None)
            .map(|step| {
                step.outcome
                    .step(step.status_id, step.error_id, step.after_ms)
            })
            .collect();
        if let Some(outcome) = self.outcome.filter(|outcome| *outcome != Outcome::None) {
            let after_ms = self.after_ms.unwrap_or(usual_delay_ms);
            let step = outcome.step(self.status_id, self.error_id, after_ms);
            steps.extend((0..self.copies.unwrap_or(1)).map(|_| step));
        }
        Fate::Accepted(Steps::Many(steps))
    }
}

impl Outcome {
    fn step(self, status: Option<u8>, error: Option<u16>, after_ms: u64) -> Step {
        let (usual_status, usual_error) = match self {
            Self::Delivered => (status::TO_HANDSET, 0),
            Self::Operator => (status::TO_OPERATOR, 0),
            Self::Undelivered => (status::NOT_DELIVERED, 27),
            Self::Expired => (status::EXPIRED, 4_101),
            Self::Unknown | Self::None => (status::NO_REPORT, 0),
            Self::Rejected => (status::NOT_REGISTERED, 0),
        };
        Step {
            after_ms,
            status: status.unwrap_or(usual_status),
            error: error.unwrap_or(usual_error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_large_population_are_the_ones_asked_for() {
        let rule = Population {
            rejected_pct: 1,
            undelivered_pct: 5,
            expired_pct: 2,
            none_pct: 2,
        };
        let mut delivered = 0;
        let mut undelivered = 0;
        for n in 0..20_000 {
            match rule.outcome_of(&format!("90532{n:07}")) {
                Outcome::Delivered => delivered += 1,
                Outcome::Undelivered => undelivered += 1,
                _ => {}
            }
        }
        assert!((17_700..18_300).contains(&delivered), "{delivered}");
        assert!((850..1_150).contains(&undelivered), "{undelivered}");
    }

    #[test]
    fn a_script_holds_for_its_times_and_then_the_rule_takes_over() {
        let mut fates = Fates::default();
        let script = r#"{"to":"905321234567","outcome":"rejected","status_id":21,"times":1}"#;
        fates
            .add(serde_json::from_str(script).expect("a script"))
            .expect("a sound script");
        assert_eq!(fates.draw("905321234567", 10), Fate::Refused(21));
        let delivered = Step {
            after_ms: 10,
            status: status::TO_HANDSET,
            error: 0,
        };
        let second = fates.draw("905321234567", 10);
        assert_eq!(second, Fate::Accepted(Steps::One(delivered)));
    }
}
