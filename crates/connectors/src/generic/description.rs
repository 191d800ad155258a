//! The language in which a provider is described (TOML). Everything wrong is
//! refused when it is read, with the line or the key.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::template::{CREDENTIALS, Escape, Template};
use super::tree::Format;
use crate::outcome::Class;
use crate::receipt::ReceiptState;

/// The longest description.
const BYTES_MAX: usize = 64 * 1024;

/// A provider as its file describes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    #[serde(default)]
    pub(super) title_tr: String,
    #[serde(default)]
    pub(super) title_en: String,
    #[serde(default)]
    pub(super) base_url: String,
    /// People in a request; one without `send.each`.
    pub(super) recipients_max: u32,
    pub(super) numbers: Numbers,
    pub(super) length: Length,
    /// Credentials that the form asks for, under the names of the language.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, FieldText>,
    /// Alphabet's name at the provider, as `{{alphabet}}`.
    pub(super) alphabet: Option<Alphabets>,
    /// Legal ground's name at the provider, as `{{ground}}`.
    pub(super) ground: Option<Grounds>,
    #[serde(default)]
    pub(super) basic_auth: bool,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) send: Send,
    pub(super) pull: Option<Pull>,
    pub(super) push: Option<Rows>,
    pub(super) balance: Option<BalanceCall>,
    /// Code → class letter and words.
    #[serde(default)]
    codes: BTreeMap<String, (String, String)>,
    /// Status → state and words.
    #[serde(default)]
    statuses: BTreeMap<String, (String, String)>,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Numbers {
    #[serde(rename = "905321234567")]
    Digits,
    #[serde(rename = "+905321234567")]
    Plus,
    #[serde(rename = "5321234567")]
    Ten,
    #[serde(rename = "00905321234567")]
    Zeros,
}

/// How the length of a text is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Length {
    /// 155/149 with Turkish letters.
    Turkish,
    /// 70/67 with Turkish letters.
    Unicode,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldText {
    pub(super) label_tr: String,
    pub(super) label_en: String,
    pub(super) help_tr: String,
    pub(super) help_en: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alphabets {
    pub(super) gsm: String,
    pub(super) turkish: String,
    pub(super) unicode: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grounds {
    pub(super) commercial: String,
    pub(super) informational: String,
}

/// A request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    #[serde(default)]
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) escape: Escape,
    pub(super) body: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    #[default]
    Post,
    /// The body, a form, is the query.
    Get,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    pub(super) request: Call,
    /// One person of `{{people}}`.
    pub(super) each: Option<String>,
    /// Between two people.
    #[serde(default)]
    pub(super) between: String,
    pub(super) answer: SendAnswer,
}

/// What is read from the answer to a send request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendAnswer {
    pub(super) format: Format,
    /// Before the reference of an accepted request in an answer of plain text.
    #[serde(default)]
    pub(super) prefix: String,
    /// Where the code stands (JSON, XML).
    #[serde(default)]
    pub(super) code: String,
    /// Codes of an accepted request.
    #[serde(default)]
    pub(super) accepted: Vec<String>,
    #[serde(default)]
    pub(super) reference: String,
    /// Where the provider's words stand.
    #[serde(default)]
    pub(super) words: String,
    /// Where people stand one by one, in the order of the request.
    pub(super) people: Option<People>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    pub(super) list: String,
    pub(super) code: String,
    pub(super) accepted: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pull {
    pub(super) request: Call,
    pub(super) every_seconds: u64,
    pub(super) answer: Rows,
}

/// Receipts in an answer or a push.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    pub(super) format: Format,
    pub(super) list: String,
    pub(super) status: String,
    /// Our name of the message, the `{{id}}` of the request.
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) number: String,
    #[serde(default)]
    pub(super) reference: String,
    #[serde(default)]
    pub(super) time: String,
    #[serde(default)]
    pub(super) operator_code: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BalanceCall {
    pub(super) request: Call,
    pub(super) format: Format,
    /// Where the amount stands; the whole answer in plain text.
    #[serde(default)]
    pub(super) amount: String,
    /// Where the code of a refusal stands.
    #[serde(default)]
    pub(super) code: String,
    #[serde(default = "credits")]
    pub(super) currency: String,
}

fn credits() -> String {
    "SMS".to_owned()
}

/// Names in the body of a send request, and in one person of it.
const SEND: [&str; 6] = ["key", "sender", "alphabet", "ground", "kind", "brand_code"];
const EACH: [&str; 3] = ["number", "text", "id"];

impl Description {
    /// Reads a description; the error tells where and what.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("it is longer than {BYTES_MAX} bytes"));
        }
        let description: Self = toml::from_str(text).map_err(|error| located(text, &error))?;
        description.check()?;
        Ok(description)
    }

    fn check(&self) -> Result<(), String> {
        for name in self.fields.keys() {
            if !CREDENTIALS.contains(&name.as_str()) {
                return Err(format!(
                    "fields.{name}: only {} can be asked for",
                    CREDENTIALS.join(", ")
                ));
            }
        }
        if self.recipients_max == 0 || (self.send.each.is_none() && self.recipients_max > 1) {
            return Err(
                "recipients_max: more than one person needs send.each, and none is too few"
                    .to_owned(),
            );
        }
        self.send.templates().map(drop)?;
        let body = self.send.body()?;
        for (name, is_told) in [
            ("alphabet", self.alphabet.is_some()),
            ("ground", self.ground.is_some()),
        ] {
            if body.names().any(|one| one == name) != is_told {
                return Err(format!(
                    "{name}: `{{{{{name}}}}}` in send.request.body and the table [{name}] need each other"
                ));
            }
        }
        for (key, header) in &self.headers {
            Template::read(header, &CREDENTIALS).map_err(|why| format!("headers.{key}: {why}"))?;
        }
        self.send.request.check("send.request")?;
        let answer = &self.send.answer;
        let is_whole = match answer.format {
            Format::Text => answer.people.is_none(),
            _ => {
                !answer.accepted.is_empty()
                    && !answer.code.is_empty()
                    && !answer.reference.is_empty()
            }
        };
        if !is_whole {
            return Err("send.answer: JSON and XML need code, accepted and reference; plain text has no people".to_owned());
        }
        if let Some(pull) = &self.pull {
            pull.template()?;
            pull.request.check("pull.request")?;
            pull.answer.check("pull.answer", false)?;
            if pull.every_seconds == 0 {
                return Err("pull.every_seconds: must be at least 1".to_owned());
            }
        }
        if let Some(push) = &self.push {
            push.check("push", true)?;
        }
        if let Some(balance) = &self.balance {
            balance.template()?;
            balance.request.check("balance.request")?;
        }
        for (code, (letter, _)) in &self.codes {
            Class::from_letter(letter)
                .ok_or_else(|| format!("codes.{code}: the class is one of T P S A R D U"))?;
        }
        for (code, (word, _)) in &self.statuses {
            ReceiptState::parse(word).ok_or_else(|| {
                format!("statuses.{code}: the state is sent, delivered, undelivered, expired, rejected or unknown")
            })?;
        }
        Ok(())
    }

    /// Every credential that some request names.
    pub(super) fn credentials(&self) -> Vec<&'static str> {
        let calls = [
            Some(&self.send.request),
            self.pull.as_ref().map(|pull| &pull.request),
            self.balance.as_ref().map(|balance| &balance.request),
        ];
        let texts: Vec<&str> = calls
            .into_iter()
            .flatten()
            .map(|call| call.body.as_str())
            .chain(self.headers.values().map(String::as_str))
            .collect();
        let names = |name: &str| {
            let is_written = texts.iter().any(|text| {
                text.split("{{").skip(1).any(|after| {
                    after
                        .split("}}")
                        .next()
                        .is_some_and(|one| one.trim() == name)
                })
            });
            is_written || (self.basic_auth && matches!(name, "username" | "password"))
        };
        CREDENTIALS.into_iter().filter(|name| names(name)).collect()
    }

    /// A code's class and our words for it; `None` when it is not listed.
    pub(super) fn code(&self, code: &str) -> Option<(Class, &str)> {
        let (letter, words) = self.codes.get(code)?;
        Some((Class::from_letter(letter)?, words))
    }

    /// A status's state and our words for it; an unlisted one says nothing.
    pub(super) fn status(&self, status: &str) -> (ReceiptState, &str) {
        let known = self.statuses.get(status);
        let known =
            known.and_then(|(word, words)| Some((ReceiptState::parse(word)?, words.as_str())));
        known.unwrap_or((ReceiptState::Unknown, ""))
    }
}

impl Send {
    fn body(&self) -> Result<Template, String> {
        let own: &[&str] = if self.each.is_some() {
            &["people"]
        } else {
            &EACH
        };
        let known: Vec<&str> = [&CREDENTIALS[..], &SEND, own].concat();
        Template::read(&self.request.body, &known)
            .map_err(|why| format!("send.request.body: {why}"))
    }

    /// The body and one person of it.
    pub(super) fn templates(&self) -> Result<(Template, Option<Template>), String> {
        let body = self.body()?;
        let each = self
            .each
            .as_deref()
            .map(|each| Template::read(each, &EACH))
            .transpose();
        let each = each.map_err(|why| format!("send.each: {why}"))?;
        let needed = if each.is_some() {
            ["people", "people"]
        } else {
            ["number", "text"]
        };
        if let Some(name) = needed
            .iter()
            .find(|name| body.names().all(|one| one != **name))
        {
            return Err(format!("send.request.body: it must hold `{{{{{name}}}}}`"));
        }
        if let Some(name) = each.iter().find_map(|each| {
            ["number", "text"]
                .into_iter()
                .find(|name| each.names().all(|one| one != *name))
        }) {
            return Err(format!("send.each: it must hold `{{{{{name}}}}}`"));
        }
        Ok((body, each))
    }
}

impl Pull {
    pub(super) fn template(&self) -> Result<Template, String> {
        let known = [&CREDENTIALS[..], &["reference"]].concat();
        Template::read(&self.request.body, &known)
            .map_err(|why| format!("pull.request.body: {why}"))
    }

    pub(super) const fn every(&self) -> Duration {
        Duration::from_secs(self.every_seconds)
    }
}

impl BalanceCall {
    pub(super) fn template(&self) -> Result<Template, String> {
        Template::read(&self.request.body, &CREDENTIALS)
            .map_err(|why| format!("balance.request.body: {why}"))
    }
}

impl Call {
    fn check(&self, key: &str) -> Result<(), String> {
        if !self.path.starts_with('/') {
            return Err(format!("{key}.path: it must begin with a slash"));
        }
        if self.method == Method::Get && self.escape != Escape::Form {
            return Err(format!("{key}.escape: a GET request carries a form"));
        }
        Ok(())
    }
}

impl Rows {
    fn check(&self, key: &str, needs_reference: bool) -> Result<(), String> {
        if self.format == Format::Text {
            return Err(format!("{key}.format: receipts are read from json or xml"));
        }
        let is_named = !self.id.is_empty()
            || (!self.number.is_empty() && (!needs_reference || !self.reference.is_empty()));
        if is_named {
            Ok(())
        } else {
            Err(format!(
                "{key}: it must tell id, or number (in a push reference too)"
            ))
        }
    }
}

/// The line of a syntax error, counted as an editor does, and the message.
fn located(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    format!(
        "line {line}: {}",
        error.message().lines().next().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../data/providers/figensoft.toml");

    #[test]
    fn what_is_wrong_is_named_with_its_line_or_key() {
        assert!(Description::read(GOOD).is_ok());
        for (from, to, named) in [
            ("recipients_max = ", "recipient_max = ", "line"),
            ("{{sender}}", "{{sendr}}", "send.request.body"),
            ("{{text}}", "", "send.each"),
            ("{{people}}", "", "send.request.body"),
            ("\"delivered\"", "\"teslim\"", "statuses."),
            ("[\"A\"", "[\"Z\"", "codes."),
            ("path = \"/", "path = \"", "path"),
            (
                "accepted = [\"0\"]\nreference",
                "accepted = []\nreference",
                "send.answer",
            ),
        ] {
            assert!(GOOD.contains(from), "{from}");
            let error = Description::read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(named), "{from}: {error}");
        }
        assert!(
            Description::read("kind = [")
                .unwrap_err()
                .starts_with("line 1")
        );
    }

    #[test]
    fn the_example_of_the_documents_is_a_sound_description() {
        let page = include_str!("../../../../docs/connectors.md");
        let (_, after) = page.split_once("```toml\n").unwrap();
        let (example, _) = after.split_once("```").unwrap();
        let described = Description::read(example).unwrap();
        assert_eq!(described.credentials(), ["password"]);
    }
}
