//! Handing one message over, and reading what Meta says to it.

use std::sync::LazyLock;

use http::header::CONTENT_TYPE;
use serde::Deserialize;

use super::account::Whatsapp;
use super::encode::Stored;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{CallFailure, Class, Outcome};
use crate::transport::{Answer, hand_over};

/// Codes of refused requests and of messages that failed later.
pub(super) static ERRORS: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/whatsapp.tsv")));

/// Limits of calls and of throughput: the request was turned away, the person not.
const LIMITS: [&str; 5] = ["4", "80007", "130429", "131057", "133004"];
/// Under code 100: the object in the address does not exist or is not ours.
const UNKNOWN_OBJECT: u64 = 33;

#[derive(Deserialize)]
struct Taken {
    messages: Vec<TakenMessage>,
}

#[derive(Deserialize)]
struct TakenMessage {
    id: String,
}

#[derive(Deserialize)]
struct Problem {
    error: Error,
}

/// Meta's error, in answers and in statuses.
#[derive(Debug, Deserialize)]
pub(super) struct Error {
    code: u64,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    error_subcode: Option<u64>,
    #[serde(default)]
    error_data: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    details: Option<String>,
}

impl Error {
    pub(super) fn code(&self) -> String {
        self.code.to_string()
    }

    /// Meta's words, with the details where there are some.
    pub(super) fn text(&self) -> String {
        let words = self.message.as_deref().or(self.title.as_deref());
        let details = self
            .error_data
            .as_ref()
            .and_then(|data| data.details.as_deref());
        let parts: Vec<&str> = words.into_iter().chain(details).collect();
        parts.join(": ")
    }

    pub(super) fn class(&self) -> Class {
        match self.code {
            200..=299 => Class::Account,
            100 if self.error_subcode == Some(UNKNOWN_OBJECT) => Class::Sender,
            _ => ERRORS.class(&self.code()),
        }
    }
}

pub(super) async fn send(account: &Whatsapp, request: &ClearedRequest) -> Outcome {
    let stored: Stored = match serde_json::from_slice(request.bytes()) {
        Ok(stored) => stored,
        Err(error) => {
            return Outcome::Refused {
                class: Class::Request,
                code: String::new(),
                text: format!("the stored request could not be read: {error}"),
            };
        }
    };
    let outgoing = account
        .post(&format!("/{}/messages", stored.phone_number_id))
        .header(CONTENT_TYPE, "application/json")
        .body(stored.message.to_string());
    let answer = match hand_over(outgoing).await {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    if answer.status.is_success() {
        return read_taken(&answer);
    }
    read_refusal(&answer)
}

fn read_taken(answer: &Answer) -> Outcome {
    let text = match serde_json::from_slice::<Taken>(&answer.body) {
        Ok(taken) => match taken.messages.into_iter().next() {
            Some(message) if !message.id.is_empty() => {
                return Outcome::Accepted {
                    reference: message.id,
                    refused: Vec::new(),
                };
            }
            _ => "the answer names no message".to_owned(),
        },
        Err(error) => format!("the answer could not be read: {error}"),
    };
    Outcome::Unknown { text }
}

fn read_refusal(answer: &Answer) -> Outcome {
    let (class, code, text) = explain(answer);
    if LIMITS.contains(&code.as_str()) {
        return Outcome::NotSent {
            text: format!("{code} {text}"),
            retry_after: answer.retry_after,
        };
    }
    Outcome::Refused { class, code, text }
}

fn explain(answer: &Answer) -> (Class, String, String) {
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(Problem { error }) => (error.class(), error.code(), error.text()),
        Err(_) => (
            answer.class(),
            answer.status.as_u16().to_string(),
            answer.excerpt(),
        ),
    }
}

/// The failure of a call that hands nothing over.
pub(super) fn failure(answer: &Answer) -> CallFailure {
    let (class, code, text) = explain(answer);
    CallFailure {
        class,
        text: format!("{code} {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: u64, subcode: Option<u64>) -> Answer {
        let body = serde_json::json!({ "error": {
            "message": "(#1) Words", "type": "OAuthException", "code": code,
            "error_subcode": subcode, "error_data": { "details": "Ayrıntı" },
        }});
        Answer {
            status: http::StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            answered_at: None,
            body: body.to_string().into(),
        }
    }

    #[test]
    fn the_code_decides_whatever_the_http_status_is() {
        for (code, subcode, class) in [
            (190, Some(463), Class::Account),
            (250, None, Class::Account),
            (100, Some(33), Class::Sender),
            (100, None, Class::Request),
            (131_026, None, Class::Permanent),
            (131_050, None, Class::Permanent),
            (131_048, None, Class::Sender),
            (132_001, None, Class::Request),
            (132_015, None, Class::Sender),
            (131_056, None, Class::Transient),
            (987_654, None, Class::Undocumented),
        ] {
            for status in [400, 401, 404] {
                let Outcome::Refused {
                    class: found,
                    code: kept,
                    text,
                } = read_refusal(&answer(status, code, subcode))
                else {
                    panic!("{code}")
                };
                assert_eq!((found, kept), (class, code.to_string()));
                assert_eq!(text, "(#1) Words: Ayrıntı");
            }
        }
    }

    #[test]
    fn a_limit_costs_the_person_nothing() {
        for code in [4, 80_007, 130_429, 131_057] {
            assert!(matches!(
                read_refusal(&answer(400, code, None)),
                Outcome::NotSent { .. }
            ));
        }
    }
}
