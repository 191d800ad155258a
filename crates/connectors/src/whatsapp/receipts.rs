//! Statuses of messages, in pushes that may hold replies as well.

use domain::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::send::{ERRORS, Error};
use crate::receipt::{Receipt, ReceiptState, Receipts, UnreadablePush};

/// Everything Meta sends has this shape.
#[derive(Deserialize)]
pub(super) struct Pushed {
    pub(super) entry: Vec<Entry>,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) changes: Vec<Change>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    pub(super) field: String,
    #[serde(default)]
    pub(super) value: Value,
}

#[derive(Deserialize)]
struct Status {
    status: String,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    errors: Vec<Error>,
    #[serde(default)]
    biz_opaque_callback_data: Option<String>,
}

/// Every change of a push, in order.
pub(super) fn changes(body: &[u8]) -> Result<impl Iterator<Item = Change>, UnreadablePush> {
    let pushed: Pushed =
        serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))?;
    Ok(pushed.entry.into_iter().flat_map(|entry| entry.changes))
}

/// The entries of a list in a change; none when there is no such list.
pub(super) fn entries(change: &Change, list: &str) -> Vec<Value> {
    change.value[list].as_array().cloned().unwrap_or_default()
}

/// Seconds since 1970, as a text.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let seconds: i64 = text.parse().ok()?;
    seconds.checked_mul(1_000_000).map(Timestamp::from_micros)
}

pub(super) fn read(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let mut receipts = Receipts::default();
    for change in changes(body)? {
        for status in entries(&change, "statuses") {
            match serde_json::from_value::<Status>(status) {
                Ok(status) => take(&mut receipts, &status),
                Err(_) => receipts.unreadable += 1,
            }
        }
    }
    Ok(receipts)
}

fn take(receipts: &mut Receipts, status: &Status) {
    let reference = status.biz_opaque_callback_data.as_deref();
    let Some(message) = reference.and_then(|reference| reference.parse().ok()) else {
        receipts.foreign += 1;
        return;
    };
    let error = status.errors.first();
    let state = match status.status.as_str() {
        "sent" => ReceiptState::Sent,
        // A message that was read was delivered, whether that was said or not.
        "delivered" | "read" | "played" => ReceiptState::Delivered,
        "failed" => error
            .and_then(|error| ERRORS.get(&error.code()))
            .and_then(|meaning| meaning.state)
            .unwrap_or(ReceiptState::Undelivered),
        _ => ReceiptState::Unknown,
    };
    receipts.receipts.push(Receipt {
        message,
        state,
        provider_code: error.map_or_else(|| status.status.clone(), Error::code),
        provider_text: error.map_or_else(String::new, Error::text),
        operator_code: None,
        happened_at: status.timestamp.as_deref().and_then(instant),
        // "Undeliverable" may be an old phone as well as no WhatsApp at all: it is
        // counted, see `Connector::is_unreached`.
        hard_bounce: false,
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(status: &str, code: Option<u64>) -> (ReceiptState, String) {
        let errors: Vec<Value> = code
            .map(|code| json!({ "code": code, "title": "T" }))
            .into_iter()
            .collect();
        let push = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [
            { "field": "messages", "value": { "statuses": [
                { "id": "wamid.1", "status": status, "timestamp": "1767225600", "errors": errors,
                  "biz_opaque_callback_data": "7-1-1" },
                { "id": "wamid.2", "status": status, "timestamp": "1767225600" },
                { "id": "wamid.3" },
            ]}},
            { "field": "messages", "value": { "messages": [{ "from": "905321234567" }] } },
        ]}]});
        let mut read = read(push.to_string().as_bytes()).unwrap();
        assert_eq!((read.foreign, read.unreadable), (1, 1));
        let receipt = read.receipts.remove(0);
        assert_eq!(
            receipt.happened_at,
            Some("2026-01-01T00:00:00Z".parse().unwrap())
        );
        (receipt.state, receipt.provider_code)
    }

    #[test]
    fn every_status_has_its_state_and_a_failure_keeps_its_code() {
        for (status, code, expected, kept) in [
            ("sent", None, ReceiptState::Sent, "sent"),
            ("delivered", None, ReceiptState::Delivered, "delivered"),
            ("read", None, ReceiptState::Delivered, "read"),
            ("failed", Some(131_026), ReceiptState::Undelivered, "131026"),
            ("failed", Some(131_049), ReceiptState::Rejected, "131049"),
            ("failed", Some(131_050), ReceiptState::Rejected, "131050"),
            ("failed", Some(999_999), ReceiptState::Undelivered, "999999"),
            ("paused", None, ReceiptState::Unknown, "paused"),
        ] {
            assert_eq!(state(status, code), (expected, kept.to_owned()), "{status}");
        }
    }
}
