//! Asking what Infobip took under a key, and what became of it: its logs can be
//! read again and again for 48 hours.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::ids::MessageRef;
use http::StatusCode;
use reqwest::RequestBuilder;
use serde::Deserialize;

use super::account::Infobip;
use super::receipts::Report;
use super::send::explain;
use crate::outcome::{CallFailure, Found, FoundMessage, LookUp, Refusal};
use crate::receipt::{ReceiptState, Receipts, SentRequest};
use crate::transport::{Answer, Exchange, exchange};

/// Rows of a page, the most that Infobip gives.
const PAGE_ROWS: &str = "1000";
/// A request has at most 1,000 messages; more pages than this are not its own.
const PAGES_MAX: usize = 10;
/// Pages of one pull: of as many requests as one may ask about, and some to spare.
const PULLED_PAGES_MAX: usize = 25;

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

/// What the logs say about requests by now. Unlike the delivery reports, which
/// are handed out once, they bring everything again when an answer is lost.
pub(super) async fn pull(
    account: &Infobip,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let keys: Vec<&str> = requests
        .iter()
        .map(|request| request.key.as_str())
        .collect();
    let keys = keys.join(",");
    let mut receipts = Receipts::default();
    let mut cursor: Option<String> = None;
    for nth in 0..PULLED_PAGES_MAX {
        let answer = match account
            .read(asking(account, &keys, cursor.as_deref()))
            .await
        {
            Ok(answer) => answer,
            // What was read so far counts; the rest comes with the next pull.
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        };
        let logs: Logs<'_> = match answer.json() {
            Ok(logs) => logs,
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        };
        logs.results
            .iter()
            .for_each(|report| super::receipts::take(report, &mut receipts));
        match logs.next() {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    Ok(receipts)
}

fn asking(account: &Infobip, keys: &str, cursor: Option<&str>) -> RequestBuilder {
    let request = account.get("/sms/3/logs").query(&[
        ("bulkId", keys),
        ("limit", PAGE_ROWS),
        ("useCursor", "true"),
    ]);
    match cursor {
        Some(cursor) => request.query(&[("cursor", cursor)]),
        None => request,
    }
}

async fn page(account: &Infobip, key: &str, cursor: Option<&str>) -> Result<Answer, LookUp> {
    match exchange(asking(account, key, cursor)).await {
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
