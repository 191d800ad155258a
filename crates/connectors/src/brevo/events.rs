//! What Brevo's webhook tells: deliveries, failures, and people who want no more.

use std::sync::LazyLock;

use domain::{EmailAddress, Recipient, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::codes::Codes;
use crate::receipt::{Inbound, Inbox, Receipt, ReceiptState, Receipts, UnreadablePush};

pub(super) static EVENTS: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/brevo_event.tsv")));

/// Events that say that the address is dead.
pub(super) const DEAD: [&str; 2] = ["hard_bounce", "invalid_email"];
/// Events by which a person refuses; older accounts know other names.
const REFUSALS: [&str; 4] = ["spam", "complaint", "unsubscribed", "unsubscribe"];
/// What a refusal says, as somebody would write it.
const WORD: &str = "RET";

#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(default)]
    email: String,
    #[serde(default, rename = "message-id")]
    message_id: String,
    /// Milliseconds since 1970; the other times have zones that are not told.
    #[serde(default)]
    ts_epoch: Option<i64>,
    #[serde(default)]
    reason: Option<String>,
    /// Our reference of the message.
    #[serde(default, rename = "X-Mailin-custom")]
    custom: Option<String>,
}

impl Event {
    fn at(&self) -> Option<Timestamp> {
        let micros = self.ts_epoch?.checked_mul(1_000)?;
        Some(Timestamp::from_micros(micros))
    }

    fn is_refusal(&self) -> bool {
        REFUSALS.contains(&self.event.as_str())
    }
}

/// The events of a push, one or a list; one that cannot be read costs no other.
fn events(body: &[u8]) -> Result<(Vec<Event>, usize), UnreadablePush> {
    let said: Value =
        serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))?;
    let entries = match said {
        Value::Array(entries) => entries,
        one @ Value::Object(_) => vec![one],
        _ => return Err(UnreadablePush("no event and no list of events".to_owned())),
    };
    let all = entries.len();
    let read: Vec<Event> = entries
        .into_iter()
        .filter_map(|entry| serde_json::from_value(entry).ok())
        .collect();
    if read.is_empty() && all > 0 {
        return Err(UnreadablePush("no entry is an event".to_owned()));
    }
    let unreadable = all - read.len();
    Ok((read, unreadable))
}

pub(super) fn receipts(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let (events, unreadable) = events(body)?;
    let mut receipts = Receipts {
        unreadable,
        ..Receipts::default()
    };
    for event in events {
        let meaning = EVENTS.get(&event.event);
        if meaning.is_some_and(|meaning| meaning.state.is_none()) {
            continue;
        }
        let Some(message) = event.custom.as_deref().and_then(|text| text.parse().ok()) else {
            receipts.foreign += 1;
            continue;
        };
        let happened_at = event.at();
        receipts.receipts.push(Receipt {
            message,
            state: meaning
                .and_then(|meaning| meaning.state)
                .unwrap_or(ReceiptState::Unknown),
            provider_text: event
                .reason
                .filter(|reason| !reason.is_empty())
                .unwrap_or_else(|| EVENTS.name(&event.event).to_owned()),
            operator_code: None,
            happened_at,
            hard_bounce: DEAD.contains(&event.event.as_str()),
            provider_code: event.event,
        });
    }
    Ok(receipts)
}

/// Whether a push may hold refusals; pushes of deliveries are the bulk.
pub(super) fn may_hold_refusals(body: &[u8]) -> bool {
    REFUSALS.iter().any(|word| {
        let quoted = format!("\"{word}\"");
        body.windows(quoted.len())
            .any(|window| window == quoted.as_bytes())
    })
}

pub(super) fn refusals(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let (events, unreadable) = events(body)?;
    let mut inbox = Inbox {
        unreadable,
        ..Inbox::default()
    };
    for event in events.into_iter().filter(Event::is_refusal) {
        let address = event.email.trim().to_ascii_lowercase();
        let Some(from) = EmailAddress::from_normalised(&address) else {
            inbox.unreadable += 1;
            continue;
        };
        inbox.replies.push(Inbound {
            // Events have no id of their own.
            provider_id: Some(&event.message_id)
                .filter(|id| !id.is_empty())
                .map(|id| format!("{} {id}", event.event)),
            from: Recipient::Email(from),
            received_at: event.at(),
            text: WORD.to_owned(),
            // In place of a number: by which means the person refused.
            to: event.event,
        });
    }
    Ok(inbox)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_event_has_its_state_and_keeps_its_name_and_reason() {
        let event = |name: &str| {
            json!({ "event": name, "email": "Ali@Ornek.com", "message-id": "<1@b>",
                "ts_epoch": 1_767_225_600_000_i64, "reason": "neden", "X-Mailin-custom": "7-1-1" })
        };
        for (name, state, is_dead) in [
            ("request", ReceiptState::Sent, false),
            ("deferred", ReceiptState::Sent, false),
            ("delivered", ReceiptState::Delivered, false),
            ("spam", ReceiptState::Delivered, false),
            ("hard_bounce", ReceiptState::Undelivered, true),
            ("soft_bounce", ReceiptState::Undelivered, false),
            ("invalid_email", ReceiptState::Undelivered, true),
            ("blocked", ReceiptState::Rejected, false),
            ("error", ReceiptState::Rejected, false),
            ("yeni_bir_olay", ReceiptState::Unknown, false),
        ] {
            let read = receipts(event(name).to_string().as_bytes()).unwrap();
            assert_eq!(read.receipts.len(), 1, "{name}");
            let receipt = &read.receipts[0];
            assert_eq!(
                (receipt.state, receipt.hard_bounce),
                (state, is_dead),
                "{name}"
            );
            assert_eq!(receipt.provider_code, name);
            assert_eq!(receipt.provider_text, "neden");
            assert_eq!(
                receipt.happened_at,
                Some("2026-01-01T00:00:00Z".parse().unwrap())
            );
        }
        let silent = json!([event("opened"), event("click"), event("unsubscribed")]);
        let read = receipts(silent.to_string().as_bytes()).unwrap();
        assert_eq!(read, Receipts::default());
        let mut other = event("delivered");
        other["X-Mailin-custom"] = json!("baska-bir-program");
        let read = receipts(json!([other, { "event": 1 }]).to_string().as_bytes()).unwrap();
        assert_eq!((read.foreign, read.unreadable), (1, 1));
    }

    #[test]
    fn whoever_unsubscribes_or_complains_refuses() {
        for name in REFUSALS {
            let event = json!({ "event": name, "email": "Ali@Ornek.com", "message-id": "<1@b>" });
            let body = event.to_string();
            assert!(may_hold_refusals(body.as_bytes()), "{name}");
            let inbox = refusals(body.as_bytes()).unwrap();
            assert_eq!(inbox.replies.len(), 1, "{name}");
            let reply = &inbox.replies[0];
            assert_eq!(reply.from.to_string(), "ali@ornek.com");
            assert_eq!((reply.text.as_str(), reply.to.as_str()), ("RET", name));
            assert_eq!(reply.provider_id, Some(format!("{name} <1@b>")));
        }
        let delivered = json!({ "event": "delivered", "email": "ali@ornek.com" }).to_string();
        assert!(!may_hold_refusals(delivered.as_bytes()));
        assert!(refusals(delivered.as_bytes()).unwrap().replies.is_empty());
    }
}
