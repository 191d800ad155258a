//! Handing one order over, and reading what İletimerkezi says to it.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::account::Iletimerkezi;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{CallFailure, Class, Outcome};
use crate::transport::{Answer, ask, hand_over};

static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/iletimerkezi_send.tsv")));

const OK: &str = "200";

#[derive(Deserialize)]
struct Reply {
    response: Response,
}

/// `response` of every answer.
#[derive(Debug, Deserialize)]
pub(super) struct Response {
    status: Status,
    #[serde(flatten)]
    pub(super) rest: Value,
}

#[derive(Debug, Deserialize)]
struct Status {
    /// A text or a number.
    code: Value,
    #[serde(default)]
    message: String,
}

impl Response {
    fn code(&self) -> String {
        match &self.status.code {
            Value::String(code) => code.clone(),
            other => other.to_string(),
        }
    }
}

pub(super) async fn send(account: &Iletimerkezi, request: &ClearedRequest) -> Outcome {
    let answer = match hand_over(account.post("send-sms", "order", request.bytes())).await {
        Ok(answer) => answer,
        Err(outcome) => return outcome,
    };
    match serde_json::from_slice::<Reply>(&answer.body) {
        Ok(reply) => read(&reply.response),
        Err(_) if answer.status.is_success() => Outcome::Unknown {
            text: format!("the answer could not be read: {}", answer.excerpt()),
        },
        Err(_) => Outcome::Refused {
            class: answer.class(),
            code: answer.status.as_u16().to_string(),
            text: answer.excerpt(),
        },
    }
}

fn read(response: &Response) -> Outcome {
    let code = response.code();
    let text = response.status.message.clone();
    if code == OK {
        let id = &response.rest["order"]["id"];
        let id = id
            .as_str()
            .map(str::to_owned)
            .or(id.as_i64().map(|id| id.to_string()));
        return match id.filter(|id| !id.is_empty()) {
            Some(reference) => Outcome::Accepted {
                reference,
                refused: Vec::new(),
            },
            None => Outcome::Unknown {
                text: "the order was taken, but the answer names none".to_owned(),
            },
        };
    }
    match CODES.class(&code) {
        // An equal order is there already: whether it is this one, nobody can tell from here.
        Class::Duplicate => Outcome::Unknown {
            text: format!("{code} {text}"),
        },
        class => Outcome::Refused { class, code, text },
    }
}

/// A call that hands nothing over; `rest` of its answer.
pub(super) async fn call(
    account: &Iletimerkezi,
    name: &str,
    part: &str,
    body: &[u8],
) -> Result<Value, CallFailure> {
    let answer: Answer = ask(account.post(name, part, body)).await?;
    let Ok(reply) = serde_json::from_slice::<Reply>(&answer.body) else {
        return Err(CallFailure {
            class: answer.class(),
            text: answer.excerpt(),
        });
    };
    let code = reply.response.code();
    if code == OK {
        return Ok(reply.response.rest);
    }
    Err(CallFailure {
        class: CODES.class(&code),
        text: format!("{code} {}", reply.response.status.message),
    })
}
