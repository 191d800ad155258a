//! Handing one request over, and reading what Verimor says to it.

use std::sync::LazyLock;

use serde_json::Value;

use super::account::Verimor;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{CallFailure, Class, Outcome};
use crate::transport::{Answer, hand_over};

static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/verimor_send.tsv")));

pub(super) async fn send(account: &Verimor, request: &ClearedRequest) -> Outcome {
    match hand_over(account.post("/v2/send.json", request.bytes())).await {
        Ok(answer) => read(&answer),
        Err(outcome) => outcome,
    }
}

fn read(answer: &Answer) -> Outcome {
    if answer.status.is_success() {
        return match campaign(&answer.body) {
            Some(reference) => Outcome::Accepted {
                reference,
                refused: Vec::new(),
            },
            None => Outcome::Unknown {
                text: format!("the answer names no campaign: {}", answer.excerpt()),
            },
        };
    }
    let word = word(answer);
    match class(answer, &word) {
        // The same request is there already, most likely ours: it is asked for.
        Class::Duplicate => Outcome::Unknown { text: word },
        class => Outcome::Refused {
            class,
            text: CODES.name(&word).to_owned(),
            code: word,
        },
    }
}

/// The campaign's number: the whole answer, or a field of it.
fn campaign(body: &[u8]) -> Option<String> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = std::str::from_utf8(body).ok()?.trim().trim_matches('"');
    if is_number(text) {
        return Some(text.to_owned());
    }
    let said: Value = serde_json::from_str(text).ok()?;
    let id = &said["campaign_id"];
    id.as_u64()
        .map(|id| id.to_string())
        .or_else(|| id.as_str().filter(|id| is_number(id)).map(str::to_owned))
}

/// The one word of a refusal, with or without quotation marks.
fn word(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim().trim_matches('"');
    let is_word = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_word {
        text.to_owned()
    } else {
        answer.status.as_u16().to_string()
    }
}

fn class(answer: &Answer, word: &str) -> Class {
    if CODES.get(word).is_some() || answer.status == http::StatusCode::BAD_REQUEST {
        CODES.class(word)
    } else {
        answer.class()
    }
}

/// The failure of a call that hands nothing over.
pub(super) fn failure(answer: &Answer) -> CallFailure {
    let word = word(answer);
    CallFailure {
        class: class(answer, &word),
        text: answer.excerpt(),
    }
}
