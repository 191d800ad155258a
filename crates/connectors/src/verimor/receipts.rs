//! Statuses, pushed and asked for, and replies.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::ids::MessageRef;
use serde::Deserialize;
use serde_json::Value;

use super::account::Verimor;
use super::send::failure;
use crate::codes::Codes;
use crate::outcome::{CallFailure, Found, FoundMessage, LookUp, Refusal};
use crate::receipt::{
    Inbound, Inbox, Receipt, ReceiptState, Receipts, SentRequest, UnreadablePush,
};
use crate::text_message::{local_time, written_phone};
use crate::transport::ask;

static STATUSES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/verimor_report.tsv")));

const PAGE_ROWS: usize = 100;
/// Twenty queries a minute are allowed; one look-up or pull takes half of them.
const PAGES_MAX: usize = 10;

/// One entry of a push or of a page; other kinds of entries are passed over.
#[derive(Debug, Deserialize)]
struct Row {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    message_id: Value,
    #[serde(default)]
    message_custom_id: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    gsm_error: Value,
    #[serde(default)]
    done_at: Option<String>,
    #[serde(default)]
    source_addr: Option<String>,
    #[serde(default)]
    destination_addr: Option<String>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    received_at: Option<String>,
}

impl Row {
    fn is_inbound(&self) -> bool {
        self.kind.as_deref() == Some("inbound")
    }

    fn message(&self) -> Option<MessageRef> {
        self.message_custom_id.as_deref()?.parse().ok()
    }

    fn receipt(&self, message: MessageRef) -> Receipt {
        let code = self.status.clone().unwrap_or_default();
        Receipt {
            message,
            state: STATUSES.state(&code),
            provider_text: STATUSES.name(&code).to_owned(),
            provider_code: code,
            // 0 is "no error".
            operator_code: Some(plain(&self.gsm_error))
                .filter(|code| !code.is_empty() && code != "0"),
            happened_at: self.done_at.as_deref().and_then(local_time),
            hard_bounce: false,
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Entries of a push; one that cannot be read costs no other.
fn rows(body: &[u8]) -> Result<(Vec<Row>, usize), UnreadablePush> {
    let entries: Vec<Value> =
        serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))?;
    let all = entries.len();
    let rows: Vec<Row> = entries
        .into_iter()
        .filter_map(|entry| serde_json::from_value(entry).ok())
        .collect();
    let unreadable = all - rows.len();
    Ok((rows, unreadable))
}

pub(super) fn read(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let (rows, unreadable) = rows(body)?;
    let mut receipts = Receipts {
        unreadable,
        ..Receipts::default()
    };
    for row in rows.iter().filter(|row| !row.is_inbound()) {
        take(row, &mut receipts);
    }
    Ok(receipts)
}

fn take(row: &Row, receipts: &mut Receipts) {
    match (row.message(), &row.status) {
        (Some(message), Some(_)) => receipts.receipts.push(row.receipt(message)),
        (None, Some(_)) => receipts.foreign += 1,
        (_, None) => receipts.unreadable += 1,
    }
}

pub(super) fn inbound(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let (rows, unreadable) = rows(body)?;
    let mut inbox = Inbox {
        unreadable,
        ..Inbox::default()
    };
    for row in rows.into_iter().filter(Row::is_inbound) {
        put(row, &mut inbox);
    }
    Ok(inbox)
}

fn put(row: Row, inbox: &mut Inbox) {
    let from = row.source_addr.as_deref().and_then(written_phone);
    let (Some(from), Some(text)) = (from, row.content) else {
        inbox.unreadable += 1;
        return;
    };
    inbox.replies.push(Inbound {
        provider_id: Some(plain(&row.message_id)).filter(|id| !id.is_empty()),
        from,
        to: row.destination_addr.unwrap_or_default(),
        text,
        received_at: row.received_at.as_deref().and_then(local_time),
    });
}

/// Replies after the last one this process has read. Verimor lists them again
/// and again; what comes twice is known by its id.
pub(super) async fn pull_inbound(account: &Verimor) -> Result<Inbox, CallFailure> {
    let mut last = account.last_reply.lock().await;
    let mut inbox = Inbox::default();
    for nth in 0..PAGES_MAX {
        let mut request = account.get("/v2/inbound_messages");
        if let Some(last) = last.as_deref() {
            request = request.query(&[("greater_than", last)]);
        }
        let page = match read_page(request).await {
            Ok(page) => page,
            // What was read so far counts; the rest comes with the next pull.
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        };
        let count = page.len();
        for row in page {
            let id = plain(&row.message_id);
            if !id.is_empty() {
                *last = Some(id);
            }
            put(row, &mut inbox);
        }
        if count < PAGE_ROWS {
            break;
        }
    }
    Ok(inbox)
}

async fn read_page(request: reqwest::RequestBuilder) -> Result<Vec<Row>, CallFailure> {
    let answer = ask(request).await?;
    if answer.status.is_success() {
        answer.json()
    } else {
        Err(failure(&answer))
    }
}

/// Pages of the statuses of one request, by its number or by our key.
async fn pages(account: &Verimor, name: &str, value: &str) -> Result<Vec<Row>, CallFailure> {
    let mut all: Vec<Row> = Vec::new();
    for _ in 0..PAGES_MAX {
        let mut request = account.get("/v2/status").query(&[(name, value)]);
        if let Some(last) = all.last() {
            request = request.query(&[("greater_than", plain(&last.message_id))]);
        }
        let page = read_page(request).await?;
        let count = page.len();
        all.extend(page);
        if count < PAGE_ROWS {
            break;
        }
    }
    Ok(all)
}

pub(super) async fn pull(
    account: &Verimor,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let mut receipts = Receipts::default();
    for (nth, request) in requests.iter().enumerate() {
        match pages(account, "id", &request.reference).await {
            Ok(rows) => rows.iter().for_each(|row| take(row, &mut receipts)),
            // What was read so far counts; the rest comes with the next pull.
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(receipts)
}

pub(super) async fn look_up(account: &Verimor, key: &str, messages: &[MessageRef]) -> LookUp {
    let rows = match pages(account, "custom_id", key).await {
        Ok(rows) => rows,
        Err(failure) => {
            return LookUp::Unavailable {
                text: failure.text,
                retry_after: None,
            };
        }
    };
    if rows.is_empty() {
        return LookUp::NotFound;
    }
    let mut found: HashMap<MessageRef, Found> = rows
        .iter()
        .filter_map(|row| row.message().map(|message| (message, found(row, message))))
        .collect();
    LookUp::Found(
        messages
            .iter()
            .map(|message| FoundMessage {
                message: *message,
                found: found.remove(message).unwrap_or(Found::Missing),
            })
            .collect(),
    )
}

fn found(row: &Row, message: MessageRef) -> Found {
    let receipt = row.receipt(message);
    let class = STATUSES.get(&receipt.provider_code).and_then(|m| m.class);
    match class {
        Some(class) if receipt.state == ReceiptState::Rejected => Found::Refused(Refusal {
            message,
            class,
            code: receipt.provider_code,
            text: receipt.provider_text,
        }),
        _ => Found::Accepted(receipt),
    }
}
