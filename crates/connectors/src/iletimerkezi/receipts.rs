//! Reports of orders, pulled and pushed.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::Recipient;
use domain::ids::MessageRef;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Iletimerkezi;
use super::send::call;
use crate::codes::Codes;
use crate::outcome::CallFailure;
use crate::receipt::{AddressedReceipt, Receipt, Receipts, SentRequest, UnreadablePush};
use crate::text_message::written_phone;

static STATUSES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/iletimerkezi_report.tsv")));

const PAGE_ROWS: usize = 1_000;
/// An order has at most 50,000 people.
const PAGES_MAX: usize = 50;

/// The order as a whole was not sent, or was cancelled.
const NOT_SENT: &str = "115";

#[derive(Deserialize)]
struct Order {
    /// Of the order as a whole.
    #[serde(default)]
    status: Value,
    #[serde(default)]
    message: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    number: String,
    /// A text or a number.
    status: Value,
}

pub(super) async fn pull(
    account: &Iletimerkezi,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let mut receipts = Receipts::default();
    for (nth, request) in requests.iter().enumerate() {
        match pull_order(account, request, &mut receipts).await {
            Ok(()) => {}
            // What was read so far counts; the rest comes with the next pull.
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(receipts)
}

async fn pull_order(
    account: &Iletimerkezi,
    request: &SentRequest,
    receipts: &mut Receipts,
) -> Result<(), CallFailure> {
    let wanted: HashMap<&Recipient, MessageRef> = request
        .messages
        .iter()
        .map(|(message, recipient)| (recipient, *message))
        .collect();
    for page in 1..=PAGES_MAX {
        let asked = json!({ "id": request.reference, "page": page, "rowCount": PAGE_ROWS });
        let mut rest = call(account, "get-report", "order", asked.to_string().as_bytes()).await?;
        let order: Order =
            serde_json::from_value(rest["order"].take()).map_err(CallFailure::unreadable)?;
        for row in &order.message {
            let Some(recipient) = written_phone(&row.number) else {
                receipts.unreadable += 1;
                continue;
            };
            let Some(message) = wanted.get(&recipient) else {
                receipts.foreign += 1;
                continue;
            };
            receipts
                .receipts
                .push(receipt(*message, plain(&row.status)));
        }
        if plain(&order.status) == NOT_SENT {
            // Whoever had an end before keeps it: it is no worse than this one.
            let nobody = request.messages.iter();
            let nobody = nobody.map(|(message, _)| receipt(*message, NOT_SENT.to_owned()));
            receipts.receipts.extend(nobody);
            return Ok(());
        }
        if order.message.len() < PAGE_ROWS {
            break;
        }
    }
    Ok(())
}

fn receipt(message: MessageRef, code: String) -> Receipt {
    Receipt {
        message,
        state: STATUSES.state(&code),
        provider_text: STATUSES.name(&code).to_owned(),
        provider_code: code,
        operator_code: None,
        happened_at: None,
        hard_bounce: false,
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Deserialize)]
struct Pushed {
    report: Report,
}

/// `id` is the message; `packet_id` is the order that the answer named.
#[derive(Deserialize)]
struct Report {
    packet_id: Value,
    status: Value,
    to: String,
}

pub(super) fn read(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let pushed: Pushed =
        serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))?;
    let report = pushed.report;
    let mut receipts = Receipts::default();
    let Some(recipient) = written_phone(&report.to) else {
        receipts.unreadable += 1;
        return Ok(receipts);
    };
    let code = plain(&report.status);
    receipts.addressed.push(AddressedReceipt {
        reference: plain(&report.packet_id),
        recipient,
        state: STATUSES.state(&code),
        provider_text: STATUSES.name(&code).to_owned(),
        provider_code: code,
    });
    Ok(receipts)
}
