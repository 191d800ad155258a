//! Asking what Infobip took under a key: its logs can be read again and again
//! for 48 hours.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::ids::MessageRef;
use http::StatusCode;
use serde::Deserialize;

use super::account::Infobip;
use super::receipts::Report;
use super::send::explain;
use crate::outcome::{Found, FoundMessage, LookUp, Refusal};
use crate::receipt::ReceiptState;
use crate::transport::{Answer, Exchange, exchange};

/// Rows of a page, the most that Infobip gives.
const PAGE_ROWS: &str = "1000";
/// A request has at most 1,000 messages; more pages than this are not its own.
const PAGES_MAX: usize = 10;

pub(super) async fn look_up(account: &Infobip, key: &str, messages: &[MessageRef]) -> LookUp {
    let mut found = HashMap::new();
    let mut rows = 0;
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let answer = match page(account, key, cursor.as_deref()).await {
            Ok(answer) => answer,
            Err(unavailable) => return unavailable,
        };
        let logs: Logs<'_> = match serde_json::from_slice(&answer.body) {
            Ok(logs) => logs,
            Err(error) => {
                return LookUp::Unavailable {
                    text: format!("the answer could not be read: {error}"),
                    retry_after: None,
                };
            }
        };
        rows += logs.results.len();
        logs.results
            .iter()
            .for_each(|report| collect(report, &mut found));
        match logs.next() {
            Some(next) => cursor = Some(next),
            None => return conclude(rows, &mut found, messages),
        }
    }
    LookUp::Unavailable {
        text: "the logs of this request do not end".to_owned(),
        retry_after: None,
    }
}

async fn page(account: &Infobip, key: &str, cursor: Option<&str>) -> Result<Answer, LookUp> {
    let mut request = account.get("/sms/3/logs").query(&[
        ("bulkId", key),
        ("limit", PAGE_ROWS),
        ("useCursor", "true"),
    ]);
    if let Some(cursor) = cursor {
        request = request.query(&[("cursor", cursor)]);
    }
    match exchange(request).await {
        Exchange::Answered(answer) if answer.status == StatusCode::OK => Ok(answer),
        Exchange::Answered(answer) => Err(LookUp::Unavailable {
            text: explain(&answer).1,
            retry_after: answer.retry_after,
        }),
        Exchange::NeverLeft(text) | Exchange::BrokeOff(text) => Err(LookUp::Unavailable {
            text,
            retry_after: None,
        }),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logs<'a> {
    #[serde(borrow)]
    results: Vec<Report<'a>>,
    #[serde(borrow, default)]
    cursor: Option<Cursor<'a>>,
    #[serde(borrow, default)]
    next_cursor: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cursor<'a> {
    #[serde(borrow, default)]
    next_cursor: Option<Cow<'a, str>>,
}

impl Logs<'_> {
    /// The cursor of the next page, wherever it stands; none on the last.
    fn next(&self) -> Option<String> {
        let nested = self
            .cursor
            .as_ref()
            .and_then(|cursor| cursor.next_cursor.as_ref());
        let next = nested
            .or(self.next_cursor.as_ref())
            .filter(|next| !next.is_empty());
        next.filter(|_| !self.results.is_empty())
            .map(ToString::to_string)
    }
}

/// A message may have several rows, of which the one that came furthest counts;
/// the refusal of a second copy says nothing against the first.
fn collect(report: &Report<'_>, found: &mut HashMap<MessageRef, Found>) {
    let Some(message) = report.message_id.as_ref().and_then(|id| id.parse().ok()) else {
        return;
    };
    let meaning = report.status.meaning();
    let seen = match meaning.refusal() {
        Some(class) if meaning.state == ReceiptState::Rejected => Found::Refused(Refusal {
            message,
            class,
            code: report.status.code(),
            text: report.status.text(),
        }),
        _ => Found::Accepted(report.receipt(message)),
    };
    match (found.get(&message), &seen) {
        (Some(Found::Accepted(held)), Found::Accepted(new))
            if !new.state.supersedes(held.state) => {}
        (Some(Found::Accepted(_)), Found::Refused(_)) => {}
        _ => {
            found.insert(message, seen);
        }
    }
}

fn conclude(
    rows: usize,
    found: &mut HashMap<MessageRef, Found>,
    messages: &[MessageRef],
) -> LookUp {
    if rows == 0 {
        return LookUp::NotFound;
    }
    let of = |message: &MessageRef| FoundMessage {
        message: *message,
        found: found.remove(message).unwrap_or(Found::Missing),
    };
    LookUp::Found(messages.iter().map(of).collect())
}
