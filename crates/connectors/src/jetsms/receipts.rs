//! Reports by our own message ids: as receipts, and to find out what became of
//! a request in doubt.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::ids::MessageRef;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Jetsms;
use super::send::{CODES, is_success, plain};
use crate::codes::Codes;
use crate::outcome::{CallFailure, Found, FoundMessage, LookUp};
use crate::receipt::{Receipt, Receipts, SentRequest};
use crate::text_message::local_time;
use crate::transport::fetch;

static STATUSES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/jetsms_report.tsv")));

/// Ids in one query.
const IDS_MAX: usize = 100;
/// The status of an id that JetSMS does not know.
const NOT_KNOWN: &str = "-1";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    response_code: String,
    #[serde(default)]
    response_message: String,
    #[serde(default)]
    message_report_array: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    message_id: String,
    status: Value,
    #[serde(default)]
    delivered_date: Option<String>,
    #[serde(default)]
    response_code: Option<String>,
}

pub(super) async fn pull(
    account: &Jetsms,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let ids: Vec<MessageRef> = requests
        .iter()
        .flat_map(|request| request.messages.iter().map(|(message, _)| *message))
        .collect();
    let mut receipts = Receipts::default();
    for (nth, some) in ids.chunks(IDS_MAX).enumerate() {
        match query(account, some, &mut receipts).await {
            Ok(_) => {}
            // What was read so far counts; the rest comes with the next pull.
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(receipts)
}

/// Adds the receipts of known ids; how many ids were not known.
async fn query(
    account: &Jetsms,
    ids: &[MessageRef],
    receipts: &mut Receipts,
) -> Result<usize, CallFailure> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let asked = json!({ "groupid": "", "messageIds": ids }).to_string();
    let answer = fetch(account.post("ReportSms", asked.as_bytes())).await?;
    let report: Report = answer.json()?;
    if !is_success(&report.response_code) {
        return Err(CallFailure {
            class: CODES.class(&report.response_code),
            text: format!("{} {}", report.response_code, report.response_message),
        });
    }
    let mut unknown = 0;
    for row in &report.message_report_array {
        let code = plain(&row.status);
        let Ok(message) = row.message_id.parse() else {
            receipts.foreign += 1;
            continue;
        };
        if code == NOT_KNOWN {
            unknown += 1;
            continue;
        }
        receipts.receipts.push(Receipt {
            message,
            state: STATUSES.state(&code),
            provider_text: STATUSES.name(&code).to_owned(),
            provider_code: code,
            operator_code: row.response_code.clone().filter(|code| !code.is_empty()),
            happened_at: row.delivered_date.as_deref().and_then(local_time),
            hard_bounce: false,
        });
    }
    Ok(unknown)
}

pub(super) async fn look_up(account: &Jetsms, messages: &[MessageRef]) -> LookUp {
    let mut receipts = Receipts::default();
    for some in messages.chunks(IDS_MAX) {
        if let Err(failure) = query(account, some, &mut receipts).await {
            return LookUp::Unavailable {
                text: failure.text,
                retry_after: None,
            };
        }
    }
    if receipts.receipts.is_empty() {
        return LookUp::NotFound;
    }
    let mut found: HashMap<MessageRef, Receipt> = receipts
        .receipts
        .into_iter()
        .map(|receipt| (receipt.message, receipt))
        .collect();
    LookUp::Found(
        messages
            .iter()
            .map(|message| FoundMessage {
                message: *message,
                found: found
                    .remove(message)
                    .map_or(Found::Missing, Found::Accepted),
            })
            .collect(),
    )
}
