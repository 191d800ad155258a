//! Conditions over events: how often something happened, since when, and with
//! what in its body.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Comparison, DAYS_MAX, InvalidRule, VALUE_CHARS_MAX, is_day};
use crate::channel::vocabulary;
use crate::event::{event_name, is_field};
use crate::time::{DAY_US, Timestamp};

/// Most times that a condition counts to.
pub const TIMES_MAX: u32 = 1_000;

/// Longest number in a condition, characters.
const NUMBER_CHARS_MAX: usize = 20;

vocabulary! {
    /// How often something happened.
    Often {
        /// So many times or more (*en az*).
        AtLeast = 1, "at_least";
        /// So many times or fewer, also not at all (*en çok*).
        AtMost = 2, "at_most";
        /// Not once (*hiç*).
        Never = 3, "never";
    }
}

/// How often an event of the person happened, for the campaign's brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// The event's name, in the form of [`event_name`].
    pub name: String,
    /// How often.
    pub often: Often,
    /// So many times; 0 for [`Often::Never`].
    #[serde(default)]
    pub times: u32,
    /// Within the last days; else between [`EventRule::from`] and [`EventRule::until`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// From this Turkish day on, as `2025-06-01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Until the end of this Turkish day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Only those whose body holds this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<FieldRule>,
}

/// What a field of an event's body holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// The field, at the top of the body.
    pub name: String,
    /// `is`, `is_not`, or for numbers `below` and `above`.
    pub comparison: Comparison,
    /// With what: a text, `true`, `false` or a number such as `1250.5`.
    pub value: String,
}

impl FieldRule {
    /// The number that its value is, if it is one.
    pub fn number(&self) -> Option<f64> {
        let digits = self.value.strip_prefix('-').unwrap_or(&self.value);
        let is_written = self.value.len() <= NUMBER_CHARS_MAX
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.ends_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        is_written.then(|| self.value.parse().ok()).flatten()
    }

    fn check(&self) -> Result<(), InvalidRule> {
        let code = self.name.clone();
        if !is_field(&self.name) {
            return Err(InvalidRule::NoField { name: code });
        }
        let is_fit = match self.comparison {
            Comparison::Is | Comparison::IsNot => {
                !self.value.trim().is_empty()
                    && self.value.chars().count() <= VALUE_CHARS_MAX
                    && !self.value.contains('\0')
            }
            Comparison::Below | Comparison::Above => self.number().is_some(),
            Comparison::Contains | Comparison::Filled | Comparison::Blank => {
                let comparison = self.comparison;
                return Err(InvalidRule::NoComparison { code, comparison });
            }
        };
        if is_fit {
            return Ok(());
        }
        let value = self.value.clone();
        Err(InvalidRule::NoValue { code, value })
    }
}

impl EventRule {
    /// Checks all but whether the firm has such an event.
    pub(super) fn check(&self) -> Result<(), InvalidRule> {
        if event_name(&self.name).as_deref() != Some(&self.name) {
            let name = self.name.clone();
            return Err(InvalidRule::NoEvent { name });
        }
        let counts = match self.often {
            Often::AtLeast | Often::AtMost => (1..=TIMES_MAX).contains(&self.times),
            Often::Never => self.times == 0,
        };
        if !counts {
            return Err(InvalidRule::NoTimes);
        }
        let days = [&self.from, &self.until];
        let has_days = days.iter().any(|day| day.is_some());
        if self.days.is_some_and(|d| !(1..=DAYS_MAX).contains(&d)) {
            return Err(InvalidRule::NoDays);
        }
        let are_days = days.into_iter().flatten().all(|day| is_day(day));
        let is_backward = self
            .from
            .as_ref()
            .zip(self.until.as_ref())
            .is_some_and(|(from, until)| from > until);
        if has_days && (self.days.is_some() || !are_days || is_backward) {
            return Err(InvalidRule::NoWindow);
        }
        self.field.as_ref().map_or(Ok(()), FieldRule::check)
    }

    /// From when on and before when it counts, looked at from `now`.
    pub fn window(&self, now: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let day = |text: &String| text.parse::<Date>().ok().map(Timestamp::midnight_of_date);
        let since = match self.days {
            Some(days) => Some(now.plus_micros(-i64::from(days) * DAY_US)),
            None => self.from.as_ref().and_then(day),
        };
        let until = self.until.as_ref();
        (
            since,
            until.and_then(|text| Timestamp::end_of_turkish_day(text)),
        )
    }
}

/// `2025-06-01` as Turkish readers write it.
fn shown(day: &str) -> String {
    let parts: Vec<&str> = day.split('-').rev().collect();
    parts.join(".")
}

/// How a field is told in one language: label, comparison, value, whether it is a date.
pub(super) type Told = fn(&str, Comparison, &str, bool) -> String;

fn field(rule: &EventRule, told: Told, is_turkish: bool) -> String {
    rule.field.as_ref().map_or_else(String::new, |field| {
        let value = if is_turkish && field.number().is_some() {
            field.value.replace('.', ",")
        } else {
            field.value.clone()
        };
        format!(" ({})", told(&field.name, field.comparison, &value, false))
    })
}

/// `son 30 günde en az 2 kez satin_alma`.
pub(super) fn in_turkish(rule: &EventRule, told: Told) -> String {
    let when = match (rule.days, &rule.from, &rule.until) {
        (Some(days), ..) => format!("son {days} günde "),
        (None, Some(from), Some(until)) => {
            format!("{} ile {} arasında ", shown(from), shown(until))
        }
        (None, Some(from), None) => format!("{} tarihinden beri ", shown(from)),
        (None, None, Some(until)) => format!("{} tarihine kadar ", shown(until)),
        (None, None, None) => String::new(),
    };
    let (name, times) = (&rule.name, rule.times);
    let field = field(rule, told, true);
    match rule.often {
        Often::AtLeast => format!("{when}en az {times} kez {name}{field}"),
        Often::AtMost => format!("{when}en çok {times} kez {name}{field}"),
        Often::Never => format!("{when}hiç {name}{field} yok"),
    }
}

/// `satin_alma at least 2 times in the last 30 days`.
pub(super) fn in_english(rule: &EventRule, told: Told) -> String {
    let when = match (rule.days, &rule.from, &rule.until) {
        (Some(1), ..) => " in the last day".to_owned(),
        (Some(days), ..) => format!(" in the last {days} days"),
        (None, Some(from), Some(until)) => {
            format!(" between {} and {}", shown(from), shown(until))
        }
        (None, Some(from), None) => format!(" since {}", shown(from)),
        (None, None, Some(until)) => format!(" until {}", shown(until)),
        (None, None, None) => String::new(),
    };
    let name = &rule.name;
    let field = field(rule, told, false);
    let times = if rule.times == 1 {
        "once".to_owned()
    } else {
        format!("{} times", rule.times)
    };
    match rule.often {
        Often::AtLeast => format!("{name}{field} at least {times}{when}"),
        Often::AtMost => format!("{name}{field} at most {times}{when}"),
        Often::Never => format!("no {name}{field}{when}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rule;
    use super::*;

    fn rule(json: serde_json::Value) -> Rule {
        serde_json::from_value(json).expect("a rule")
    }

    fn bought(change: &serde_json::Value) -> Rule {
        let mut wanted = serde_json::json!({
            "type": "event", "name": "satin_alma", "often": "at_least", "times": 2, "days": 30,
        });
        for (field, value) in change.as_object().expect("fields") {
            wanted[field] = value.clone();
        }
        rule(wanted)
    }

    #[test]
    fn a_condition_over_events_reads_as_a_sentence_in_both_languages() {
        let told = |rule: &Rule| (rule.text_tr(&[]), rule.text_en(&[]));
        assert_eq!(
            told(&bought(&serde_json::json!({}))),
            (
                "son 30 günde en az 2 kez satin_alma".to_owned(),
                "satin_alma at least 2 times in the last 30 days".to_owned()
            )
        );
        let dear = serde_json::json!({ "name": "tutar", "comparison": "above", "value": "1250.5" });
        let between = serde_json::json!({
            "often": "at_most", "times": 1, "days": null, "from": "2025-06-01",
            "until": "2025-06-30", "field": dear,
        });
        assert_eq!(
            told(&bought(&between)),
            (
                "01.06.2025 ile 30.06.2025 arasında en çok 1 kez satin_alma \
                 (tutar 1250,5 değerinden büyük)"
                    .to_owned(),
                "satin_alma (tutar is above 1250.5) at most once between 01.06.2025 and 30.06.2025"
                    .to_owned()
            )
        );
        let never = serde_json::json!({ "often": "never", "times": 0 });
        assert_eq!(
            told(&bought(&never)),
            (
                "son 30 günde hiç satin_alma yok".to_owned(),
                "no satin_alma in the last 30 days".to_owned()
            )
        );
    }

    #[test]
    fn a_condition_over_events_survives_its_json() {
        let rule = bought(&serde_json::json!({
            "field": { "name": "tutar", "comparison": "below", "value": "-3" },
        }));
        let text = serde_json::to_string(&rule).expect("JSON");
        assert_eq!(serde_json::from_str::<Rule>(&text).expect("a rule"), rule);
        let unknown = serde_json::json!({ "type": "event", "name": "a", "often": "never", "x": 1 });
        assert!(serde_json::from_value::<Rule>(unknown).is_err());
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        assert_eq!(bought(&serde_json::json!({})).check(&[]), Ok(()));
        let field = |comparison: &str, value: &str| serde_json::json!({ "field": { "name": "tutar", "comparison": comparison, "value": value } });
        for fine in [
            field("is", "nakit"),
            field("above", "12.5"),
            serde_json::json!({ "days": null }),
            serde_json::json!({ "days": null, "until": "2025-06-30" }),
        ] {
            assert_eq!(bought(&fine).check(&[]), Ok(()), "{fine}");
        }
        for wrong in [
            serde_json::json!({ "name": "Satın alma" }),
            serde_json::json!({ "times": 0 }),
            serde_json::json!({ "often": "never" }),
            serde_json::json!({ "times": 1001 }),
            serde_json::json!({ "days": 0 }),
            serde_json::json!({ "from": "2025-06-01" }),
            serde_json::json!({ "days": null, "from": "01.06.2025" }),
            serde_json::json!({ "days": null, "from": "2025-06-02", "until": "2025-06-01" }),
            field("above", "12,5"),
            field("above", "1e9"),
            field("contains", "a"),
            field("is", " "),
            serde_json::json!({ "field": { "name": "a\"b", "comparison": "is", "value": "x" } }),
        ] {
            assert!(bought(&wrong).check(&[]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_between_are_whole_days_of_turkish_clocks() {
        let Rule::Event(rule) = bought(&serde_json::json!({
            "days": null, "from": "2025-06-01", "until": "2025-06-30",
        })) else {
            panic!("a condition over events");
        };
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        assert_eq!(
            rule.window(at("2025-07-15T00:00:00Z")),
            (
                Some(at("2025-06-01T00:00:00+03:00")),
                Some(at("2025-07-01T00:00:00+03:00"))
            )
        );
    }
}
