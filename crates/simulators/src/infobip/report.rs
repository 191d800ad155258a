//! What a report and a log line look like, with the exact keys of version 3.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use super::account::{Account, money};
use super::book::Book;
use super::status::{ErrorInfo, Status, error, status};
use super::timeline::Due;

/// Turkcell's code, as if every number were there.
const MCC_MNC: &str = "28601";

/// A delivery report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report<'a> {
    bulk_id: &'a str,
    message_id: &'a str,
    to: String,
    sender: &'a str,
    sent_at: String,
    done_at: String,
    message_count: u8,
    mcc_mnc: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    callback_data: &'a str,
    price: Value,
    status: &'static Status,
    error: &'static ErrorInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_reference_id: Option<&'a str>,
}

/// A line of the logs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Log<'a> {
    sender: &'a str,
    destination: String,
    bulk_id: &'a str,
    message_id: &'a str,
    sent_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<String>,
    message_count: u8,
    mcc_mnc: &'static str,
    price: Value,
    status: &'static Status,
    error: &'static ErrorInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_reference_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Platform<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<&'a str>,
}

/// The body of a push, and of the answer to a pull: `{"results": […]}`.
pub(crate) fn reports(book: &Book, account: &Account, list: &[Due]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Body<'a> {
        results: Vec<Report<'a>>,
    }
    let results = list.iter().map(|due| report(book, account, *due)).collect();
    serde_json::to_vec(&Body { results }).expect("a report has only text keys")
}

fn report<'a>(book: &'a Book, account: &Account, due: Due) -> Report<'a> {
    let message = book.message(due.message);
    let request = book.request(message.request);
    let envelope = book.envelope(message.envelope);
    Report {
        bulk_id: book.bulk_id(request),
        message_id: book.id(message),
        to: book.to(due.message),
        sender: &envelope.sender,
        sent_at: instant(request.send_ms),
        done_at: instant(request.accepted_ms + i64::from(message.done_after_ms)),
        message_count: message.parts,
        mcc_mnc: MCC_MNC,
        callback_data: book.callback(message),
        price: price(account),
        status: status(due.status),
        error: error(due.error),
        platform: platform(envelope.entity.as_deref(), envelope.application.as_deref()),
        campaign_reference_id: envelope.campaign.as_deref(),
    }
}

pub(crate) fn log<'a>(book: &'a Book, account: &Account, at: u32) -> Log<'a> {
    let message = book.message(at);
    let request = book.request(message.request);
    let envelope = book.envelope(message.envelope);
    let is_done = message.done_after_ms > 0 || !message.is_accepted;
    let done_ms = request.accepted_ms + i64::from(message.done_after_ms);
    Log {
        sender: &envelope.sender,
        destination: book.to(at),
        bulk_id: book.bulk_id(request),
        message_id: book.id(message),
        sent_at: instant(request.send_ms),
        done_at: is_done.then(|| instant(done_ms)),
        message_count: message.parts,
        mcc_mnc: MCC_MNC,
        price: price(account),
        status: status(message.status),
        error: error(message.error),
        platform: platform(envelope.entity.as_deref(), envelope.application.as_deref()),
        content: book.text(message).map(|text| json!({ "text": text })),
        campaign_reference_id: envelope.campaign.as_deref(),
    }
}

fn platform<'a>(
    entity_id: Option<&'a str>,
    application_id: Option<&'a str>,
) -> Option<Platform<'a>> {
    (entity_id.is_some() || application_id.is_some()).then_some(Platform {
        entity_id,
        application_id,
    })
}

fn price(account: &Account) -> Value {
    json!({
        "pricePerMessage": money(account.price_hundredths),
        "currency": account.currency,
    })
}

/// `2026-09-01T06:00:03.123+0000`: the offset has no colon.
pub(crate) fn instant(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_milliseconds_and_an_offset_without_a_colon() {
        let at: Timestamp = "2026-09-01T09:00:03.123+03:00"
            .parse()
            .expect("a timestamp");
        let text = instant(at.as_millisecond());
        assert_eq!(text, "2026-09-01T06:00:03.123+0000");
    }
}
