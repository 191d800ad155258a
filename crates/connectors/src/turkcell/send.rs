//! Opening a session and handing one request over.

use std::sync::LazyLock;

use http::HeaderValue;
use reqwest::RequestBuilder;
use serde_json::Value;

use super::account::Turkcell;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{Class, Outcome};
use crate::transport::{Answer, hand_over};

static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/turkcell_send.tsv")));

/// The session is not open any more: surely nothing was taken.
const SESSION_OVER: [u16; 2] = [908, 918];

pub(super) async fn send(account: &Turkcell, request: &ClearedRequest) -> Outcome {
    let mut spent: Option<HeaderValue> = None;
    loop {
        let token = match account.session(spent.as_ref()).await {
            Ok(token) => token,
            Err(outcome) => return outcome,
        };
        match hand_over(account.hand_out(token.clone(), request)).await {
            // Renewed once: a session that ends at once has another cause.
            Ok(answer) if spent.is_none() && SESSION_OVER.contains(&answer.status.as_u16()) => {
                spent = Some(token);
            }
            Ok(answer) => return read(&answer, request),
            Err(outcome) => return outcome,
        }
    }
}

/// Opens a session. Whatever goes wrong here, no message has left.
pub(super) async fn opened(login: RequestBuilder) -> Result<HeaderValue, Outcome> {
    let not_sent = |text: &str| Outcome::NotSent {
        text: format!("no session: {text}"),
        retry_after: None,
    };
    let answer = match hand_over(login).await {
        Ok(answer) => answer,
        Err(Outcome::Unknown { text }) => return Err(not_sent(&text)),
        Err(outcome) => return Err(outcome),
    };
    if !answer.status.is_success() {
        return Err(refused(&answer));
    }
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let token = said
        .as_ref()
        .and_then(|said| said["token"].as_str())
        .filter(|token| !token.is_empty())
        .and_then(|token| HeaderValue::from_str(token).ok());
    // The answer is not quoted: it may hold the token.
    let Some(mut token) = token else {
        return Err(not_sent("the answer names no token"));
    };
    token.set_sensitive(true);
    Ok(token)
}

fn read(answer: &Answer, request: &ClearedRequest) -> Outcome {
    if !answer.status.is_success() {
        return refused(answer);
    }
    // The form of the answer is not published: a number of the request is kept
    // where one is told, our key otherwise.
    let Ok(said) = serde_json::from_slice::<Value>(&answer.body) else {
        return Outcome::Unknown {
            text: format!("the answer could not be read: {}", answer.excerpt()),
        };
    };
    let told = ["id", "packetId", "campaignId", "transactionId"]
        .iter()
        .map(|name| &said[*name])
        .find_map(|id| match id {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
    Outcome::Accepted {
        reference: told.unwrap_or_else(|| request.key().to_owned()),
        refused: Vec::new(),
    }
}

fn refused(answer: &Answer) -> Outcome {
    let code = answer.status.as_u16().to_string();
    let known = CODES.get(&code);
    Outcome::Refused {
        class: known
            .and_then(|meaning| meaning.class)
            .unwrap_or_else(|| undocumented(answer)),
        text: format!("{} {}", CODES.name(&code), answer.excerpt())
            .trim()
            .to_owned(),
        code,
    }
}

/// A status of Turkcell's own that is not listed, or an ordinary one.
fn undocumented(answer: &Answer) -> Class {
    if answer.status.as_u16() >= 600 {
        Class::Undocumented
    } else {
        answer.class()
    }
}

/// What an outcome says, for people.
pub(super) fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { text, .. }
        | Outcome::NotSent { text, .. }
        | Outcome::Unknown { text } => text.clone(),
        Outcome::Accepted { .. } => String::new(),
    }
}
