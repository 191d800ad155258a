//! Reports, page by page, and replies.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::Recipient;
use domain::ids::MessageRef;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account::Netgsm;
use super::send::{CODES, Said};
use crate::codes::Codes;
use crate::outcome::{CallFailure, Class};
use crate::receipt::{Inbound, Inbox, Receipt, Receipts, SentRequest, UnreadablePush};
use crate::text_message::{local_time, written_phone};
use crate::transport::ask;

static STATUSES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/netgsm_report.tsv")));

pub(super) const PAGE_ROWS: usize = 100;
/// Queries a minute; more are answered with 80.
pub(super) const PAGES_MAX: usize = 10;
pub(super) const NO_ROWS: &str = "60";
const PENDING: &str = "0";
/// Netgsm delivers nothing to it: trying again is pointless.
const BLACKLISTED: &str = "15";
const TOO_OFTEN: &str = "80";
const NO_REPLIES: &str = "40";

/// The jobs asked about, or the time.
#[derive(Serialize)]
pub(super) struct Asked<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) jobids: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) startdate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopdate: Option<&'a str>,
    pub(super) pagenumber: usize,
    pub(super) pagesize: usize,
}

#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) jobs: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) jobid: String,
    pub(super) number: String,
    /// A number or a text.
    status: Value,
    #[serde(default)]
    operator: Value,
    #[serde(default)]
    delivered_date: Option<String>,
}

pub(super) async fn pull(
    account: &Netgsm,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let mut wanted: HashMap<(&str, &Recipient), MessageRef> = HashMap::new();
    for request in requests {
        for (message, recipient) in &request.messages {
            wanted.insert((&request.reference, recipient), *message);
        }
    }
    let mut receipts = Receipts::default();
    for pagenumber in 0..PAGES_MAX {
        let asked = Asked {
            jobids: requests.iter().map(|r| r.reference.as_str()).collect(),
            startdate: None,
            stopdate: None,
            pagenumber,
            pagesize: PAGE_ROWS,
        };
        let answer = ask(account.post("/sms/rest/v2/report").json(&asked)).await?;
        if let Ok(page) = serde_json::from_slice::<Page>(&answer.body) {
            let rows = page.jobs.len();
            page.jobs
                .iter()
                .for_each(|row| take(row, &wanted, &mut receipts));
            if rows < PAGE_ROWS {
                break;
            }
            continue;
        }
        let said: Said = answer.json()?;
        match said.code.as_str() {
            NO_ROWS => break,
            // What was read so far counts; the rest comes with the next pull.
            TOO_OFTEN if pagenumber > 0 => break,
            code => return Err(failure(code, said.description)),
        }
    }
    Ok(receipts)
}

pub(super) fn failure(code: &str, description: Option<String>) -> CallFailure {
    CallFailure {
        class: CODES.class(code),
        text: format!("{code} {}", description.unwrap_or_default()),
    }
}

/// What a report's code asks of us: 14 says that the account had no credit left.
pub(super) fn class(code: &str) -> Option<Class> {
    STATUSES.get(code).and_then(|meaning| meaning.class)
}

fn take(row: &Row, wanted: &HashMap<(&str, &Recipient), MessageRef>, receipts: &mut Receipts) {
    let Some(recipient) = written_phone(&row.number) else {
        receipts.unreadable += 1;
        return;
    };
    let Some(message) = wanted.get(&(row.jobid.as_str(), &recipient)) else {
        receipts.foreign += 1;
        return;
    };
    let receipt = receipt(row, *message);
    if receipt.provider_code == PENDING && receipt.happened_at.is_some() {
        // By another reading of the statuses that is about, 0 is "not delivered".
        receipts.alerts.push(format!(
            "job {} names a delivery date for a message that is pending (0): compare the \
             meaning of the statuses with the account's document",
            row.jobid
        ));
    }
    receipts.receipts.push(receipt);
}

pub(super) fn receipt(row: &Row, message: MessageRef) -> Receipt {
    let code = plain(&row.status);
    let happened_at = row.delivered_date.as_deref().and_then(local_time);
    Receipt {
        message,
        state: STATUSES.state(&code),
        provider_text: STATUSES.name(&code).to_owned(),
        operator_code: Some(plain(&row.operator)).filter(|code| !code.is_empty()),
        happened_at,
        hard_bounce: code == BLACKLISTED,
        provider_code: code,
    }
}

/// A number or a text as text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The panel's forwarding of replies posts a form.
pub(super) fn inbound(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let text = std::str::from_utf8(body).map_err(|error| UnreadablePush(error.to_string()))?;
    let pairs: HashMap<String, String> = crate::transport::form_pairs(text).into_iter().collect();
    let of = |name: &str| pairs.get(name).map(String::as_str);
    let (Some(from), Some(text)) = (of("ceptel"), of("mesaj")) else {
        return Err(UnreadablePush(
            "it has no fields ceptel and mesaj".to_owned(),
        ));
    };
    let mut inbox = Inbox::default();
    match written_phone(from) {
        Some(from) => inbox.replies.push(Inbound {
            provider_id: of("gorevid").filter(|id| !id.is_empty()).map(str::to_owned),
            from,
            to: of("aboneno").unwrap_or_default().to_owned(),
            text: text.to_owned(),
            received_at: of("tarih").and_then(local_time),
        }),
        None => inbox.unreadable += 1,
    }
    Ok(inbox)
}

#[derive(Deserialize)]
struct Letters {
    messages: Vec<Letter>,
}

#[derive(Deserialize)]
struct Letter {
    message: String,
    sender: String,
    #[serde(default)]
    receiver: String,
    #[serde(default)]
    datetime: String,
}

/// Without dates each reply is listed once.
pub(super) async fn pull_inbound(account: &Netgsm) -> Result<Inbox, CallFailure> {
    let answer = ask(account.get("/sms/rest/v2/inbox")).await?;
    let Ok(letters) = serde_json::from_slice::<Letters>(&answer.body) else {
        let said: Said = answer.json()?;
        return match said.code.as_str() {
            NO_REPLIES => Ok(Inbox::default()),
            code => Err(failure(code, said.description)),
        };
    };
    let mut inbox = Inbox::default();
    for letter in letters.messages {
        match written_phone(&letter.sender) {
            Some(from) => inbox.replies.push(Inbound {
                provider_id: None,
                from,
                to: letter.receiver,
                text: letter.message,
                received_at: local_time(&letter.datetime),
            }),
            None => inbox.unreadable += 1,
        }
    }
    Ok(inbox)
}
