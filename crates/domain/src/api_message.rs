//! Messages that programs send one by one (*işlemsel ileti*): what a template
//! lets them say, on which ground, how often, and when.
//!
//! The ground stands with the template and is never commercial: no call can turn
//! an advertisement into information. What a call may say otherwise than the
//! template is listed field by field; everything else is refused.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::channel::{RecipientKind, vocabulary};
use crate::gate::{Basis, SendingWindow};
use crate::ids::ConnectorId;
use crate::time::{HOUR_US, MINUTE_US, Timestamp};

/// Names of variables that a call fills in begin so.
pub const PARAMETER_PREFIX: &str = "p_";
/// Longest key, characters.
pub const KEY_CHARS_MAX: usize = 64;
/// Longest value of a parameter, characters.
pub const PARAMETER_CHARS_MAX: usize = 500;
/// Parameters of one message.
pub const PARAMETERS_MAX: usize = 50;

/// Whether a variable is filled in by a call and not from what is on record.
pub fn is_parameter(name: &str) -> bool {
    name.strip_prefix(PARAMETER_PREFIX)
        .is_some_and(|rest| !rest.is_empty())
}

vocabulary! {
    /// What a call may say otherwise than the template.
    Overridable {
        /// The text.
        Text = 1, "text";
        /// The subject of an e-mail.
        Subject = 2, "subject";
        /// The sender.
        Sender = 3, "sender";
        /// That the limits do not hold for it.
        Limits = 4, "limits";
        /// That it leaves outside of the hours.
        Window = 5, "window";
    }
}

/// What holds for every message of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiMessage {
    /// By which programs name it.
    pub key: String,
    /// On which ground; never commercial.
    pub basis: Basis,
    /// What it is for (*kategori*).
    pub purpose: String,
    /// In which capacity people are addressed.
    pub kind: RecipientKind,
    /// The sender.
    pub sender: String,
    /// The provider account.
    pub connector: ConnectorId,
    /// What a call may say otherwise.
    #[serde(default)]
    pub overridable: BTreeSet<Overridable>,
    /// Most messages in [`ApiMessage::limit_hours`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_limit: Option<i64>,
    /// Most messages to one person in that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_limit: Option<i64>,
    /// Over how many hours the limits count.
    pub limit_hours: i64,
    /// Hours of the day, in Turkish time, in which it leaves; it waits otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SendingWindow>,
    /// After so many minutes it is of no use and never leaves (S306).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_minutes: Option<i64>,
}

/// Something that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct ApiMessageFault {
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what would do.
    pub problem: String,
}

impl ApiMessage {
    /// Refuses what could not work.
    ///
    /// # Errors
    /// [`ApiMessageFault`] names the field and what would do.
    pub fn check(&self) -> Result<(), ApiMessageFault> {
        let fault = |field, problem: &str| {
            let problem = problem.to_owned();
            Err(ApiMessageFault { field, problem })
        };
        let is_key = (1..=KEY_CHARS_MAX).contains(&self.key.len())
            && self.key.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte)
            });
        if !is_key {
            return fault("key", "must be 1 to 64 of a–z, 0–9 and _ . -");
        }
        if self.basis == Basis::Commercial {
            let problem = "is never commercial here: advertisements are campaigns, which ask for \
                           consent and an approval of their own";
            return fault("basis", problem);
        }
        if self.purpose.trim().is_empty() {
            return fault("purpose", "must say what it is for");
        }
        for (field, limit, most) in [
            ("total_limit", self.total_limit, 10_000_000),
            ("person_limit", self.person_limit, 10_000),
            ("expires_minutes", self.expires_minutes, 43_200),
            ("limit_hours", Some(self.limit_hours), 8_760),
        ] {
            if limit.is_some_and(|limit| !(1..=most).contains(&limit)) {
                return fault(field, &format!("must be from 1 to {most}"));
            }
        }
        let is_window = self.window.is_none_or(|window| {
            0 <= window.from_minute
                && window.from_minute < window.to_minute
                && window.to_minute <= 1_440
        });
        if !is_window {
            let problem = "must be two minutes of the day, the first before the second, up to 1440";
            return fault("window", problem);
        }
        Ok(())
    }

    /// From when on messages count towards the limits.
    pub fn counts_since(&self, now: Timestamp) -> Timestamp {
        now.plus_micros(-self.limit_hours.saturating_mul(HOUR_US))
    }

    /// When a message that is asked for now leaves, where that is later.
    pub fn leaves_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.window.and_then(|window| window.opens_after(now))
    }

    /// From when on a message that may leave at `at` is of no use, where that was
    /// said.
    pub fn expires_at(&self, at: Timestamp) -> Option<Timestamp> {
        let minutes = self.expires_minutes?;
        Some(at.plus_micros(minutes.saturating_mul(MINUTE_US)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> ApiMessage {
        ApiMessage {
            key: "siparis.kargoda".into(),
            basis: Basis::Informational,
            purpose: "siparis".into(),
            kind: RecipientKind::Bireysel,
            sender: "ORNEK".into(),
            connector: ConnectorId::from_db(1),
            overridable: [Overridable::Sender].into(),
            total_limit: Some(1_000),
            person_limit: Some(3),
            limit_hours: 24,
            window: Some(SendingWindow::CUSTOMARY),
            expires_minutes: Some(60),
        }
    }

    #[test]
    fn what_could_not_work_is_refused_with_its_field() {
        assert_eq!(message().check(), Ok(()));
        let refused = |change: fn(&mut ApiMessage)| {
            let mut message = message();
            change(&mut message);
            message.check().map_err(|fault| fault.field)
        };
        assert_eq!(refused(|one| one.key = "Sipariş".into()), Err("key"));
        assert_eq!(refused(|one| one.basis = Basis::Commercial), Err("basis"));
        assert_eq!(refused(|one| one.purpose = " ".into()), Err("purpose"));
        assert_eq!(
            refused(|one| one.person_limit = Some(0)),
            Err("person_limit")
        );
        assert_eq!(refused(|one| one.limit_hours = 0), Err("limit_hours"));
        let night = |one: &mut ApiMessage| {
            one.window = Some(SendingWindow {
                from_minute: 1_320,
                to_minute: 360,
            });
        };
        assert_eq!(refused(night), Err("window"));
    }

    #[test]
    fn what_is_asked_for_at_night_leaves_in_the_morning_and_grows_old_after_a_while() {
        let night: Timestamp = "2026-07-14T22:30:00+03:00".parse().unwrap();
        let leaves: Timestamp = "2026-07-15T09:00:00+03:00".parse().unwrap();
        assert_eq!(message().leaves_at(night), Some(leaves));
        assert_eq!(message().leaves_at(leaves), None);
        let over = "2026-07-14T23:30:00+03:00".parse().unwrap();
        assert_eq!(message().expires_at(night), Some(over));
    }

    #[test]
    fn only_names_with_the_prefix_are_filled_in_by_a_call() {
        assert!(is_parameter("p_siparis_no"));
        assert!(!is_parameter("p_") && !is_parameter("ad") && !is_parameter("pazar"));
    }
}
