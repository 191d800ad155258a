//! What Verimor is sent, strictly.

use serde::Deserialize;

/// Messages of one request, each destination counted.
const MESSAGES_MAX: usize = 50_000;
/// Longest message, in parts.
pub(super) const PARTS_MAX: usize = 7;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) source_addr: String,
    valid_for: Option<String>,
    #[serde(rename = "send_at")]
    _send_at: Option<String>,
    #[serde(default)]
    pub(super) custom_id: String,
    datacoding: Option<u8>,
    #[serde(default)]
    pub(super) is_commercial: bool,
    pub(super) iys_recipient_type: Option<String>,
    pub(super) messages: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) msg: String,
    /// Numbers, with commas between them.
    pub(super) dest: String,
    /// As many ids as numbers.
    #[serde(default)]
    pub(super) id: String,
    pub(super) iys_recipient_type: Option<String>,
}

impl Send {
    /// 0 the default alphabet, 1 Turkish, 2 UCS-2.
    pub(super) fn coding(&self) -> u8 {
        self.datacoding.unwrap_or(0)
    }

    /// The word the request is refused with, if it is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if !crate::desk::is_turkish_sender(&self.source_addr) {
            return Some("INVALID_SOURCE_ADDRESS");
        }
        if self.coding() > 2 {
            return Some("INVALID_DATACODING");
        }
        if self
            .valid_for
            .as_deref()
            .is_some_and(|text| !is_period(text))
        {
            return Some("INVALID_PERIOD");
        }
        let own = self.messages.iter().map(|m| &m.iys_recipient_type);
        let mut kinds = own.chain([&self.iys_recipient_type]).flatten();
        if kinds.any(|kind| !matches!(kind.as_str(), "BIREYSEL" | "TACIR")) {
            return Some("INVALID_IYS_RECIPIENT_TYPE");
        }
        if self.is_commercial && self.iys_recipient_type.is_none() {
            return Some("INVALID_IYS_RECIPIENT_TYPE");
        }
        if self.messages.is_empty() || self.messages.iter().any(|m| m.msg.trim().is_empty()) {
            return Some("MISSING_MESSAGE");
        }
        let count: usize = self
            .messages
            .iter()
            .map(|m| m.dest.split(',').count())
            .sum();
        if count > MESSAGES_MAX {
            return Some("MESSAGE_COUNT_LIMIT_EXCEEDED");
        }
        if self.messages.iter().any(|m| m.dest.is_empty()) {
            return Some("MISSING_DESTINATION_ADDRESS");
        }
        self.messages.iter().find_map(Text::problem)
    }
}

impl Text {
    fn problem(&self) -> Option<&'static str> {
        let is_domestic = |number: &str| {
            number
                .strip_prefix("90")
                .is_some_and(crate::desk::is_turkish_mobile)
        };
        let is_foreign = |number: &str| {
            let digits = number.strip_prefix("00").or(number.strip_prefix('+'));
            digits.is_some_and(|digits| {
                (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
            })
        };
        let numbers = self.dest.split(',');
        if numbers.clone().any(|n| !is_domestic(n) && !is_foreign(n)) {
            return Some("INVALID_DESTINATION_ADDRESS");
        }
        let has_ids = !self.id.is_empty();
        (has_ids && self.id.split(',').count() != numbers.count()).then_some("INVALID_JSON")
    }
}

/// `HH:MM` between 00:01 and 48:00.
fn is_period(text: &str) -> bool {
    let minutes = text.split_once(':').and_then(|(hours, minutes)| {
        let number = |text: &str| {
            (text.len() == 2)
                .then(|| text.parse::<u32>().ok())
                .flatten()
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        (minutes < 60).then_some(hours * 60 + minutes)
    });
    minutes.is_some_and(|minutes| (1..=48 * 60).contains(&minutes))
}
