//! Callbacks and queries about messages, and replies.

use std::borrow::Cow;
use std::sync::LazyLock;

use domain::ids::MessageRef;
use serde::Deserialize;

use super::account::Twilio;
use super::encode::REFERENCE;
use super::send::{ERRORS, failure};
use crate::codes::Codes;
use crate::outcome::{CallFailure, Class};
use crate::receipt::{
    Inbound, Inbox, Push, Receipt, ReceiptState, Receipts, SentRequest, UnreadablePush,
};
use crate::text_message::written_phone;
use crate::transport::{ask, form_pairs};

static STATUSES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/twilio_report.tsv")));

/// Numbers of errors that say the handset is gone for good.
const DEAD: [&str; 2] = ["30005", "30006"];

/// The form, with the query of its address behind it: our reference stands there.
pub(super) fn kept<'a>(push: &Push<'a>) -> Cow<'a, [u8]> {
    match push.query {
        Some(query) if !query.is_empty() => {
            let mut whole = push.body.to_vec();
            whole.push(b'&');
            whole.extend_from_slice(query.as_bytes());
            Cow::Owned(whole)
        }
        _ => Cow::Borrowed(push.body),
    }
}

fn form(body: &[u8]) -> Result<Vec<(String, String)>, UnreadablePush> {
    let text = std::str::from_utf8(body).map_err(|error| UnreadablePush(error.to_string()))?;
    Ok(form_pairs(text))
}

fn of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(given, _)| given == name);
    found.map(|(_, value)| value.as_str())
}

pub(super) fn read(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let pairs = form(body)?;
    let status = of(&pairs, "MessageStatus")
        .ok_or_else(|| UnreadablePush("it has no MessageStatus".to_owned()))?;
    let mut receipts = Receipts::default();
    match of(&pairs, REFERENCE).and_then(|reference| reference.parse().ok()) {
        Some(message) => {
            let error = of(&pairs, "ErrorCode");
            receipts.receipts.push(receipt(message, status, error));
        }
        None => receipts.foreign += 1,
    }
    Ok(receipts)
}

pub(super) fn receipt(message: MessageRef, status: &str, error: Option<&str>) -> Receipt {
    let error = error.filter(|error| !error.is_empty() && *error != "0");
    let state = STATUSES.state(status);
    // Some errors say more than the status: 30036 is a validity that ran out.
    let told = error
        .and_then(|error| ERRORS.get(error))
        .and_then(|meaning| meaning.state)
        .filter(|_| state == ReceiptState::Undelivered);
    Receipt {
        message,
        state: told.unwrap_or(state),
        provider_code: status.to_owned(),
        provider_text: error.map_or_else(String::new, |error| {
            format!("{error} {}", ERRORS.name(error))
                .trim_end()
                .to_owned()
        }),
        operator_code: error.map(str::to_owned),
        happened_at: None,
        hard_bounce: error.is_some_and(|error| DEAD.contains(&error)),
    }
}

#[derive(Deserialize)]
struct Message {
    status: String,
    #[serde(default)]
    error_code: Option<u32>,
}

pub(super) async fn pull(
    account: &Twilio,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let mut receipts = Receipts::default();
    for (nth, request) in requests.iter().enumerate() {
        let Some((message, _)) = request.messages.first() else {
            continue;
        };
        let told = ask(account.get(&format!("/Messages/{}.json", request.reference))).await;
        let answer = match told {
            Ok(answer) => answer,
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        };
        if answer.status == http::StatusCode::NOT_FOUND {
            receipts.foreign += 1;
            continue;
        }
        if !answer.status.is_success() {
            let failure = failure(&answer);
            if nth > 0 && failure.class == Class::Transient {
                break;
            }
            return Err(failure);
        }
        let told: Message = answer.json()?;
        let error = told.error_code.map(|code| code.to_string());
        receipts
            .receipts
            .push(receipt(*message, &told.status, error.as_deref()));
    }
    Ok(receipts)
}

pub(super) fn inbound(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let pairs = form(body)?;
    let (Some(from), Some(text)) = (of(&pairs, "From"), of(&pairs, "Body")) else {
        return Err(UnreadablePush("it has no From and Body".to_owned()));
    };
    let mut inbox = Inbox::default();
    match written_phone(from) {
        Some(from) => inbox.replies.push(Inbound {
            provider_id: of(&pairs, "MessageSid").map(str::to_owned),
            from,
            to: of(&pairs, "To").unwrap_or_default().to_owned(),
            text: text.to_owned(),
            received_at: None,
        }),
        None => inbox.unreadable += 1,
    }
    Ok(inbox)
}
