//! Handing one request over, and reading what Brevo says to it.

use std::sync::LazyLock;

use serde::Deserialize;

use super::account::Brevo;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{CallFailure, Class, Outcome};
use crate::transport::{Answer, hand_over};

static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/brevo_error.tsv")));

/// What an answer to a taken request says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    message_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

pub(super) async fn send(account: &Brevo, request: &ClearedRequest) -> Outcome {
    let outgoing = account
        .post("/v3/smtp/email")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(request.bytes().clone());
    match hand_over(outgoing).await {
        Ok(answer) => read(&answer, request.messages().len()),
        Err(outcome) => outcome,
    }
}

fn read(answer: &Answer, expected: usize) -> Outcome {
    if answer.status.is_success() {
        return taken(answer, expected);
    }
    let (class, code, text) = refusal(answer);
    if class == Class::Duplicate {
        // Taken before, most likely by us; its events tell what became of everyone.
        return Outcome::Unknown {
            text: format!("{code} {text}").trim().to_owned(),
        };
    }
    Outcome::Refused { class, code, text }
}

fn taken(answer: &Answer, expected: usize) -> Outcome {
    let unknown = || Outcome::Unknown {
        text: format!(
            "the answer does not name every message: {}",
            answer.excerpt()
        ),
    };
    let Ok(taken) = answer.json::<Taken>() else {
        return unknown();
    };
    let count = taken.message_ids.len() + usize::from(taken.message_id.is_some());
    let first = taken.message_id.or(taken.message_ids.into_iter().next());
    match first.filter(|first| !first.is_empty() && count == expected) {
        Some(reference) => Outcome::Accepted {
            reference,
            refused: Vec::new(),
        },
        None => unknown(),
    }
}

/// Class, code and words of a call that was refused.
fn refusal(answer: &Answer) -> (Class, String, String) {
    let said: Said = answer.json().unwrap_or_default();
    if said.code.is_empty() {
        let code = answer.status.as_u16().to_string();
        return (answer.class(), code, answer.excerpt());
    }
    let class = match CODES.class(&said.code) {
        // The address that writes is not verified: other senders go on.
        Class::Request if said.message.to_ascii_lowercase().contains("sender") => Class::Sender,
        class => class,
    };
    let text = if said.message.is_empty() {
        CODES.name(&said.code).to_owned()
    } else {
        said.message
    };
    (class, said.code, text)
}

/// The failure of a call that hands nothing over.
pub(super) fn failure(answer: &Answer) -> CallFailure {
    let (class, code, text) = refusal(answer);
    CallFailure {
        class,
        text: format!("{code} {text}").trim().to_owned(),
    }
}
