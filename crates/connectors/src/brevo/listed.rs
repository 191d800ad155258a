//! The events of a request as Brevo lists them: for where its webhook cannot
//! reach us, and for what was lost on the way.

use std::collections::HashMap;

use domain::ids::MessageRef;
use serde::Deserialize;

use super::account::Brevo;
use super::events::{DEAD, EVENTS};
use crate::outcome::CallFailure;
use crate::receipt::{Receipt, ReceiptState, Receipts, SentRequest};

/// Events of a page, the most that Brevo gives.
const PAGE_ROWS: usize = 5_000;
/// A request has at most 500 people and a handful of events of each.
const PAGES_MAX: usize = 4;

#[derive(Deserialize)]
struct Page {
    // Left out where there are none.
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

pub(super) async fn pull(
    account: &Brevo,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let mut receipts = Receipts::default();
    for request in requests {
        let wanted: HashMap<String, MessageRef> = request
            .messages
            .iter()
            .map(|(message, recipient)| (recipient.to_string(), *message))
            .collect();
        for nth in 0..PAGES_MAX {
            let page = page(account, &request.key, nth * PAGE_ROWS).await?;
            let count = page.events.len();
            for event in page.events {
                take(event, &wanted, &mut receipts);
            }
            if count < PAGE_ROWS {
                break;
            }
        }
    }
    Ok(receipts)
}

async fn page(account: &Brevo, key: &str, offset: usize) -> Result<Page, CallFailure> {
    let request = account.get("/v3/smtp/statistics/events").query(&[
        // A list, written as JSON.
        ("tags", serde_json::json!([key]).to_string()),
        ("limit", PAGE_ROWS.to_string()),
        ("offset", offset.to_string()),
    ]);
    Brevo::read(request).await?.json()
}

/// An event that says nothing about delivery is passed over; somebody whose end
/// is known already is not asked about.
fn take(event: Event, wanted: &HashMap<String, MessageRef>, receipts: &mut Receipts) {
    let name = pushed_name(&event.event);
    let meaning = EVENTS.get(name);
    if meaning.is_some_and(|meaning| meaning.state.is_none()) {
        return;
    }
    let Some(message) = wanted.get(&event.email.trim().to_ascii_lowercase()) else {
        return;
    };
    receipts.receipts.push(Receipt {
        message: *message,
        state: meaning
            .and_then(|meaning| meaning.state)
            .unwrap_or(ReceiptState::Unknown),
        provider_code: name.to_owned(),
        provider_text: event
            .reason
            .filter(|reason| !reason.is_empty())
            .unwrap_or_else(|| EVENTS.name(name).to_owned()),
        operator_code: None,
        happened_at: event.date.as_deref().and_then(|date| date.parse().ok()),
        hard_bounce: DEAD.contains(&name),
    });
}

/// Lists name events otherwise than pushes do; one code is kept for both.
fn pushed_name(listed: &str) -> &str {
    match listed {
        "requests" => "request",
        "hardBounces" => "hard_bounce",
        "softBounces" | "bounces" => "soft_bounce",
        "invalid" => "invalid_email",
        "clicks" => "click",
        "loadedByProxy" => "proxy_open",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_list_has_its_name_in_pushes() {
        for listed in [
            "requests",
            "delivered",
            "hardBounces",
            "softBounces",
            "bounces",
            "invalid",
            "deferred",
            "blocked",
            "error",
            "spam",
            "opened",
            "clicks",
            "loadedByProxy",
            "unsubscribed",
        ] {
            assert!(EVENTS.get(pushed_name(listed)).is_some(), "{listed}");
        }
    }
}
