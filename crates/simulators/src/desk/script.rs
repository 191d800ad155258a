//! The fate of a message: scripted for its destination, else drawn by rule.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::infobip::{Outcome, Population};

/// The fate of every message to one destination.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The destination: digits with the country code, or an e-mail address.
    pub to: String,
    /// How its messages end.
    pub outcome: Outcome,
    /// The service's own code instead of the outcome's usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Milliseconds until the last receipt; absent: the usual delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// How often the receipt is pushed; absent: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u8>,
    /// Messages it holds for, then the rule takes over; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What becomes of one message.
#[derive(Debug, Clone)]
pub(crate) struct Fate {
    pub(crate) outcome: Outcome,
    pub(crate) code: Option<String>,
    pub(crate) after_ms: Option<u64>,
    pub(crate) copies: u8,
}

#[derive(Debug, Default)]
pub(crate) struct Fates {
    rule: Population,
    scripts: HashMap<String, Script>,
}

impl Fates {
    pub(crate) fn set_rule(&mut self, rule: Population) {
        self.rule = rule;
    }

    pub(crate) fn add(&mut self, script: Script) {
        self.scripts.insert(script.to.clone(), script);
    }

    pub(crate) fn clear(&mut self) {
        self.scripts.clear();
    }

    pub(crate) fn draw(&mut self, to: &str) -> Fate {
        let script = self.scripts.get_mut(to);
        let script = script.filter(|script| script.times != Some(0));
        let Some(script) = script else {
            return Fate {
                outcome: self.rule.outcome_of(to),
                code: None,
                after_ms: None,
                copies: 1,
            };
        };
        script.times = script.times.map(|left| left - 1);
        Fate {
            outcome: script.outcome,
            code: script.code.clone(),
            after_ms: script.after_ms,
            copies: script.copies.unwrap_or(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_holds_for_its_times_and_then_the_rule_takes_over() {
        let mut fates = Fates::default();
        let script = r#"{"to":"905321234567","outcome":"rejected","times":1}"#;
        fates.add(serde_json::from_str(script).expect("a script"));
        assert_eq!(fates.draw("905321234567").outcome, Outcome::Rejected);
        assert_eq!(fates.draw("905321234567").outcome, Outcome::Delivered);
    }
}
