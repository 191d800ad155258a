//! What was heard, as the engine keeps it and gives it back to be read.

use std::sync::LazyLock;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codes::Codes;
use crate::receipt::{AddressedReceipt, Inbound, Inbox, Receipt, Receipts, UnreadablePush};
use crate::text_message::written_phone;

pub(super) static STATES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/smpp_state.tsv")));

/// A receipt as it was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeardReceipt {
    /// The gateway's name for the message.
    pub(super) id: String,
    /// Ours, where this process knows it.
    pub(super) message: Option<String>,
    /// The person.
    pub(super) to: String,
    pub(super) state: String,
    pub(super) error: Option<String>,
    /// `YYMMDDhhmm`, in the gateway's time.
    pub(super) done: Option<String>,
}

/// A reply as it was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeardReply {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) text: String,
    /// When it was heard, microseconds since 1970: the protocol tells no time.
    pub(super) at: i64,
}

fn list<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<Vec<T>, UnreadablePush> {
    serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))
}

pub(super) fn receipts(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let mut receipts = Receipts::default();
    for heard in list::<HeardReceipt>(body)? {
        let state = STATES.state(&heard.state);
        let provider_text = STATES.name(&heard.state).to_owned();
        if let Some(message) = heard.message.as_deref().and_then(|text| text.parse().ok()) {
            receipts.receipts.push(Receipt {
                message,
                state,
                provider_code: heard.state,
                provider_text,
                // Zeros are "no error".
                operator_code: heard.error.filter(|code| code.bytes().any(|b| b != b'0')),
                happened_at: heard.done.as_deref().and_then(time),
                hard_bounce: false,
            });
        } else if let Some(recipient) = written_phone(&heard.to) {
            receipts.addressed.push(AddressedReceipt {
                reference: heard.id,
                recipient,
                state,
                provider_code: heard.state,
                provider_text,
            });
        } else {
            receipts.unreadable += 1;
        }
    }
    Ok(receipts)
}

pub(super) fn inbound(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let mut inbox = Inbox::default();
    for heard in list::<HeardReply>(body)? {
        let Some(from) = written_phone(&heard.from) else {
            inbox.unreadable += 1;
            continue;
        };
        inbox.replies.push(Inbound {
            provider_id: None,
            from,
            to: heard.to,
            text: heard.text,
            received_at: Some(Timestamp::from_micros(heard.at)),
        });
    }
    Ok(inbox)
}

/// `YYMMDDhhmm` or with seconds; a gateway in Turkey writes Turkish time.
fn time(text: &str) -> Option<Timestamp> {
    let format = match text.len() {
        10 => "%y%m%d%H%M",
        12 => "%y%m%d%H%M%S",
        _ => return None,
    };
    let local = jiff::civil::DateTime::strptime(format, text).ok()?;
    Some(Timestamp::from_turkish(local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::ReceiptState;

    fn heard(message: Option<&str>) -> HeardReceipt {
        HeardReceipt {
            id: "a1".to_owned(),
            message: message.map(str::to_owned),
            to: "905321234567".to_owned(),
            state: "UNDELIV".to_owned(),
            error: Some("027".to_owned()),
            done: Some("2601010900".to_owned()),
        }
    }

    #[test]
    fn a_receipt_names_its_message_or_else_its_request_and_person() {
        let body = serde_json::to_vec(&[heard(Some("7-1-1")), heard(None)]).unwrap();
        let read = receipts(&body).unwrap();
        let receipt = &read.receipts[0];
        assert_eq!(receipt.message.to_string(), "7-1-1");
        assert_eq!(receipt.state, ReceiptState::Undelivered);
        assert_eq!(receipt.operator_code.as_deref(), Some("027"));
        assert_eq!(
            receipt.happened_at,
            Some("2026-01-01T06:00:00Z".parse().unwrap())
        );
        assert_eq!(read.addressed[0].reference, "a1");
        assert!(receipts(b"{}").is_err());
    }

    #[test]
    fn a_state_that_is_not_listed_is_kept_and_says_nothing() {
        let other = HeardReceipt {
            state: "NEWSTATE".to_owned(),
            ..heard(Some("7-1-1"))
        };
        let read = receipts(&serde_json::to_vec(&[other]).unwrap()).unwrap();
        assert_eq!(read.receipts[0].state, ReceiptState::Unknown);
        assert_eq!(read.receipts[0].provider_code, "NEWSTATE");
    }
}
