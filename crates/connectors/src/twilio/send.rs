//! Handing one message over, and reading what Twilio says to it.

use std::sync::LazyLock;

use serde::Deserialize;

use super::account::Twilio;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{CallFailure, Class, Outcome};
use crate::transport::{Answer, hand_over};

pub(super) static ERRORS: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/twilio_send.tsv")));

#[derive(Deserialize)]
struct Taken {
    sid: String,
}

#[derive(Deserialize)]
struct Problem {
    code: u32,
    #[serde(default)]
    message: String,
}

pub(super) async fn send(account: &Twilio, request: &ClearedRequest) -> Outcome {
    let outgoing = account
        .post("/Messages.json")
        .header(
            http::header::CONTENT_TYPE,
            "application/x-www-form-urlencoded",
        )
        .body(request.bytes().clone());
    let answer = match hand_over(outgoing).await {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    if answer.status.is_success() {
        return match serde_json::from_slice::<Taken>(&answer.body) {
            Ok(taken) => Outcome::Accepted {
                reference: taken.sid,
                refused: Vec::new(),
            },
            Err(error) => Outcome::Unknown {
                text: format!("the answer could not be read: {error}"),
            },
        };
    }
    let (class, code, text) = explain(&answer);
    Outcome::Refused { class, code, text }
}

fn explain(answer: &Answer) -> (Class, String, String) {
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => {
            let code = problem.code.to_string();
            let listed = ERRORS.get(&code).and_then(|meaning| meaning.class);
            let class = listed.unwrap_or_else(|| match answer.class() {
                Class::Request => Class::Undocumented,
                class => class,
            });
            (class, code, problem.message)
        }
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
