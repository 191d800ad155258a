//! Finding a message whose answer never came: Twilio knows no name of ours, but
//! lists what a person was sent.

use serde::Deserialize;

use super::account::Twilio;
use super::receipts::receipt;
use super::send::failure;
use crate::connector::Doubt;
use crate::outcome::{Found, FoundMessage, LookUp};
use crate::transport::{ask, form_pairs, http_date};

/// The most that Twilio lists at once, the newest first.
const PAGE_ROWS: usize = 1_000;
/// Its clock and ours may differ.
const SLACK_US: i64 = 2 * domain::time::MINUTE_US;

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    sid: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    direction: String,
    #[serde(default)]
    date_created: Option<String>,
    status: String,
    #[serde(default)]
    error_code: Option<u32>,
}

pub(super) async fn find(account: &Twilio, doubt: &Doubt<'_>) -> LookUp {
    let pairs = std::str::from_utf8(doubt.content)
        .map(form_pairs)
        .unwrap_or_default();
    let of = |name: &str| {
        let found = pairs.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    };
    let (Some(to), Some(text), [(message, _)]) = (of("To"), of("Body"), doubt.messages) else {
        return LookUp::unavailable("the request was not kept: it cannot be told which it was");
    };
    // Not by `DateSent`: what waits in Twilio's queue has none yet.
    let rows = PAGE_ROWS.to_string();
    let request = account
        .get("/Messages.json")
        .query(&[("To", to), ("PageSize", rows.as_str())]);
    let answer = match ask(request).await {
        Ok(answer) => answer,
        Err(failure) => return LookUp::unavailable(failure.text),
    };
    if !answer.status.is_success() {
        return LookUp::Unavailable {
            text: failure(&answer).text,
            retry_after: answer.retry_after,
        };
    }
    let page: Page = match answer.json() {
        Ok(page) => page,
        Err(failure) => return LookUp::unavailable(failure.text),
    };
    let (from, until) = (
        doubt.since.plus_micros(-SLACK_US),
        doubt.until.plus_micros(SLACK_US),
    );
    let at = |one: &Listed| one.date_created.as_deref().and_then(http_date);
    let is_cut_off = page.messages.len() >= PAGE_ROWS
        && page
            .messages
            .last()
            .and_then(at)
            .is_none_or(|at| at >= from);
    let mut fitting = page.messages.iter().filter(|one| {
        one.direction.starts_with("outbound")
            && one.body.as_deref() == Some(text)
            // One without a time may be it: then nothing is certain.
            && at(one).is_none_or(|at| (from..=until).contains(&at))
    });
    match (fitting.next(), fitting.next()) {
        (Some(_), Some(_)) => LookUp::unavailable("several messages fit: it cannot be told which"),
        (Some(one), None) => LookUp::FoundAs {
            reference: one.sid.clone(),
            messages: vec![FoundMessage {
                message: *message,
                found: Found::Accepted(receipt(
                    *message,
                    &one.status,
                    one.error_code.map(|code| code.to_string()).as_deref(),
                )),
            }],
        },
        // A clock that is off would hide the message, and it would go out twice.
        (None, _) if !answer.agrees_on_time(doubt.now, SLACK_US) => {
            LookUp::unavailable("Twilio's clock and ours differ: nothing can be said of that time")
        }
        (None, _) if is_cut_off => LookUp::unavailable("the list of messages does not reach back"),
        (None, _) => LookUp::NotFound,
    }
}
