//! What İletimerkezi is sent, strictly.

use serde::Deserialize;
use serde_json::Value;

/// Recipients of one order.
const RECIPIENTS_MAX: usize = 50_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope<T> {
    pub(super) request: T,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authentication {
    pub(super) key: String,
    pub(super) hash: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnlyLogin {
    pub(super) authentication: Authentication,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) authentication: Authentication,
    pub(super) order: Order,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) sender: String,
    send_date_time: Option<Value>,
    pub(super) iys: Option<Value>,
    pub(super) iys_list: Option<String>,
    pub(super) message: OneOrMany,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    Many(Vec<Text>),
    One(Text),
}

impl OneOrMany {
    pub(super) fn as_slice(&self) -> &[Text] {
        match self {
            Self::Many(texts) => texts,
            Self::One(text) => std::slice::from_ref(text),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    pub(super) text: String,
    /// Spelled so.
    pub(super) receipents: Numbers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbers {
    pub(super) number: Vec<String>,
}

impl Order {
    /// Whether consent is to be checked: `"1"`, `"0"` or absent.
    pub(super) fn flag(&self) -> Option<&str> {
        self.iys.as_ref()?.as_str()
    }

    /// The code the order is refused with, if it is.
    pub(super) fn problem(&self) -> Option<&'static str> {
        let texts = self.message.as_slice();
        let numbers = || texts.iter().flat_map(|text| &text.receipents.number);
        if self.sender.is_empty() {
            return Some("459");
        }
        if self.sender.chars().count() > 11 || !self.sender.is_ascii() {
            return Some("460");
        }
        match (self.flag(), self.iys_list.as_deref()) {
            (Some("1"), Some("BIREYSEL" | "TACIR")) | (Some("0"), _) => {}
            (Some("1"), _) => return Some("469"),
            _ => return Some("468"),
        }
        if !is_moment(self.send_date_time.as_ref()) {
            return Some("457");
        }
        if texts.iter().any(|text| text.text.trim().is_empty()) {
            return Some("454");
        }
        if numbers().count() > RECIPIENTS_MAX {
            return Some("453");
        }
        if texts.is_empty()
            || texts.iter().any(|text| text.receipents.number.is_empty())
            || numbers().any(|number| international(number).is_none())
        {
            return Some("452");
        }
        None
    }
}

/// Nothing, an empty text or list, or `dd/MM/yyyy HH:mm` without seconds.
fn is_moment(value: Option<&Value>) -> bool {
    let is_text = |text: &str| text.is_empty() || (text.len() == 16 && text.contains('/'));
    match value {
        None => true,
        Some(Value::String(text)) => is_text(text),
        Some(Value::Array(list)) => list.iter().all(|one| one.as_str().is_some_and(is_text)),
        Some(_) => false,
    }
}

/// `905…`, `+905…` and `5…` as digits with the country code.
pub(super) fn international(number: &str) -> Option<String> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let national = digits.strip_prefix("90").unwrap_or(digits);
    crate::desk::is_turkish_mobile(national).then(|| format!("90{national}"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    pub(super) authentication: Authentication,
    pub(super) order: Asked,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) page: usize,
    pub(super) row_count: usize,
}
