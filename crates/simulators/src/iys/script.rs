//! Answers scripted for single recipients.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::book::Key;
use super::codes::{self, Code};
use super::words::{Channel, Kind};

/// What happens to one recipient, instead of what the rules say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The address, as sent.
    pub recipient: String,
    /// Only this channel (`ARAMA`, `MESAJ`, `EPOSTA`); absent: all.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Only this recipient type; absent: both.
    #[serde(
        rename = "recipientType",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub recipient_type: Option<String>,
    /// What adds get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<AddScript>,
    /// What status queries get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusScript>,
}

/// What an add of the recipient gets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddScript {
    /// The outcome.
    pub answer: AddAnswer,
    /// The code of `failure` and `refuse`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Milliseconds until the row's result, instead of the usual delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// Result queries answered with `enqueue` first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_polls: Option<u32>,
}

/// Outcomes of a scripted add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddAnswer {
    /// What the rules say, at the scripted time.
    Judge,
    /// `enqueue` for ever; a single add gets H412.
    Enqueue,
    /// The code, in the row's result; a single add gets it at once.
    Failure,
    /// The code, at once, for the whole list.
    Refuse,
}

/// What a status query about the recipient gets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusScript {
    /// Acts as if there were no record.
    #[serde(default)]
    pub absent: bool,
    /// Fails the query, also a multiple one that names the recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Scripts(HashMap<Address, Vec<Ready>>);

/// A script with its words read.
#[derive(Debug)]
struct Ready {
    channel: Option<Channel>,
    kind: Option<Kind>,
    add: Option<Adding>,
    status: Option<Asking>,
}

/// What a scripted add gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adding {
    pub(crate) answer: AddAnswer,
    pub(crate) code: Code,
    pub(crate) after_ms: Option<u64>,
    pub(crate) after_polls: Option<u32>,
}

/// What a scripted query gets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asking {
    Absent,
    Fails(Code),
}

impl Scripts {
    /// # Errors
    /// In words, when the script names something that does not exist.
    pub(crate) fn add(&mut self, script: &Script) -> Result<(), String> {
        let address = Address::parse(&script.recipient)
            .map_err(|code| format!("{}: {}", script.recipient, code.text))?;
        let ready = Ready {
            channel: read(script.channel.as_deref(), Channel::read)?,
            kind: read(script.recipient_type.as_deref(), Kind::read)?,
            add: script.add.as_ref().map(adding).transpose()?,
            status: script.status.as_ref().map(asking).transpose()?,
        };
        // The newest script of an address is looked at first.
        self.0.entry(address).or_default().insert(0, ready);
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn adding(&self, key: &Key) -> Option<Adding> {
        self.matching(key).find_map(|ready| ready.add)
    }

    pub(crate) fn asking(&self, key: &Key) -> Option<Asking> {
        self.matching(key).find_map(|ready| ready.status)
    }

    fn matching(&self, key: &Key) -> impl Iterator<Item = &Ready> {
        let (channel, kind) = (key.channel, key.kind);
        self.0
            .get(&key.address)
            .into_iter()
            .flatten()
            .filter(move |ready| {
                ready.channel.is_none_or(|only| only == channel)
                    && ready.kind.is_none_or(|only| only == kind)
            })
    }
}

fn read<T>(word: Option<&str>, reader: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
    word.map(|word| reader(word).ok_or_else(|| format!("unknown word: {word}")))
        .transpose()
}

fn known(code: &str) -> Result<Code, String> {
    codes::find(code).ok_or_else(|| format!("unknown code: {code}"))
}

fn adding(script: &AddScript) -> Result<Adding, String> {
    let code = match (&script.code, script.answer) {
        (Some(code), _) => known(code)?,
        (None, AddAnswer::Judge | AddAnswer::Enqueue) => codes::H412,
        (None, AddAnswer::Failure | AddAnswer::Refuse) => {
            return Err("this answer needs a code".to_owned());
        }
    };
    Ok(Adding {
        answer: script.answer,
        code,
        after_ms: script.after_ms,
        after_polls: script.after_polls,
    })
}

fn asking(script: &StatusScript) -> Result<Asking, String> {
    match (&script.code, script.absent) {
        (Some(code), false) => known(code).map(Asking::Fails),
        (None, true) => Ok(Asking::Absent),
        _ => Err("either absent or a code is expected".to_owned()),
    }
}
