//! Handing one request over, and reading what JetSMS says to it.

use std::collections::HashSet;
use std::sync::LazyLock;

use domain::ids::MessageRef;
use serde::Deserialize;
use serde_json::Value;

use super::account::Jetsms;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{Outcome, Refusal};
use crate::transport::{Answer, hand_over};

pub(super) static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/jetsms_send.tsv")));

/// A person's status when it will be processed.
const TAKEN: &str = "0";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    response_code: String,
    #[serde(default)]
    response_message: String,
    #[serde(default)]
    groupid: Option<Value>,
    #[serde(default)]
    response_group_id_array: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    messageid: String,
    /// A text or a number.
    status: Value,
}

pub(super) async fn send(account: &Jetsms, request: &ClearedRequest) -> Outcome {
    match hand_over(account.post("SendSms", request.bytes())).await {
        Ok(answer) => read(&answer, request),
        Err(outcome) => outcome,
    }
}

fn read(answer: &Answer, request: &ClearedRequest) -> Outcome {
    let Ok(reply) = serde_json::from_slice::<Reply>(&answer.body) else {
        return if answer.status.is_success() {
            Outcome::Unknown {
                text: format!("the answer could not be read: {}", answer.excerpt()),
            }
        } else {
            Outcome::Refused {
                class: answer.class(),
                code: answer.status.as_u16().to_string(),
                text: answer.excerpt(),
            }
        };
    };
    if !is_success(&reply.response_code) {
        return Outcome::Refused {
            class: CODES.class(&reply.response_code),
            code: reply.response_code,
            text: reply.response_message,
        };
    }
    read_people(&reply, request.messages(), request.key())
}

/// Success begins with `00`; a time stamp may follow.
pub(super) fn is_success(code: &str) -> bool {
    code.starts_with("00")
}

/// A reply counts only when it speaks about every message of the request.
fn read_people(reply: &Reply, messages: &[MessageRef], key: &str) -> Outcome {
    let mut open: HashSet<MessageRef> = messages.iter().copied().collect();
    let mut refused = Vec::new();
    for row in &reply.response_group_id_array {
        let message = row.messageid.parse().ok();
        let Some(message) = message.filter(|message| open.remove(message)) else {
            continue; // not of this request
        };
        let code = plain(&row.status);
        if code != TAKEN {
            refused.push(Refusal {
                message,
                class: CODES.class(&code),
                text: CODES.name(&code).to_owned(),
                code,
            });
        }
    }
    if !open.is_empty() {
        let (missing, all) = (open.len(), messages.len());
        return Outcome::Unknown {
            text: format!("the answer is silent about {missing} of {all} messages"),
        };
    }
    let group = reply.groupid.as_ref().map(plain);
    Outcome::Accepted {
        reference: group.unwrap_or_else(|| key.to_owned()),
        refused,
    }
}

/// A text or a number as text.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
