//! Receipts in answers and pushes, by the description's rules.

use std::collections::HashMap;

use domain::Recipient;
use domain::ids::MessageRef;
use serde_json::Value;

use super::account::Generic;
use super::description::{Description, Rows};
use super::tree;
use crate::outcome::CallFailure;
use crate::receipt::{AddressedReceipt, Receipt, Receipts, SentRequest, UnreadablePush};
use crate::text_message::{local_time, written_phone};
use crate::transport::ask;

/// Asks request by request; what was read before a failure counts.
pub(super) async fn pull(
    account: &Generic,
    requests: &[SentRequest],
) -> Result<Receipts, CallFailure> {
    let mut receipts = Receipts::default();
    for (nth, request) in requests.iter().enumerate() {
        match one(account, request, &mut receipts).await {
            Ok(()) => {}
            Err(_) if nth > 0 => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(receipts)
}

async fn one(
    account: &Generic,
    request: &SentRequest,
    receipts: &mut Receipts,
) -> Result<(), CallFailure> {
    let described = account.description();
    let (Some(pull), Some(template)) = (&described.pull, account.pull_template()) else {
        return Err(CallFailure::not_offered("asking for receipts"));
    };
    let written = template
        .write(|_| Ok::<_, CallFailure>(pull.request.escape.value(&request.reference).into()))?;
    let answer = ask(account.request(&pull.request, &written)).await?;
    let said = pull.answer.format.read(&answer.body);
    let rows = said
        .as_ref()
        .ok()
        .and_then(|said| tree::rows(said, &pull.answer.list));
    let (true, Some(rows)) = (answer.status.is_success(), rows) else {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(super::send::failure(described, text.trim(), &answer));
    };
    let wanted: HashMap<&Recipient, MessageRef> = request
        .messages
        .iter()
        .map(|(message, who)| (who, *message))
        .collect();
    for row in rows {
        let own = named(row, &pull.answer);
        let message = own.or_else(|| {
            let who = written_phone(&field(row, &pull.answer.number))?;
            wanted.get(&who).copied()
        });
        match message {
            Some(message) => receipts
                .receipts
                .push(receipt(described, &pull.answer, row, message)),
            None => receipts.foreign += 1,
        }
    }
    Ok(())
}

pub(super) fn read(described: &Description, body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let rules = described.push.as_ref().ok_or_else(|| {
        UnreadablePush("the description tells no form of pushed receipts".to_owned())
    })?;
    let said = rules.format.read(body).map_err(UnreadablePush)?;
    let rows = tree::rows(&said, &rules.list)
        .ok_or_else(|| UnreadablePush(format!("it has no list at `{}`", rules.list)))?;
    let mut receipts = Receipts::default();
    for row in rows {
        let status = field(row, &rules.status);
        let who = written_phone(&field(row, &rules.number));
        let reference = field(row, &rules.reference);
        match (named(row, rules), who) {
            _ if status.is_empty() => receipts.unreadable += 1,
            (Some(message), _) => receipts
                .receipts
                .push(receipt(described, rules, row, message)),
            (None, Some(recipient)) if rules.id.is_empty() && !reference.is_empty() => {
                let (state, words) = described.status(&status);
                receipts.addressed.push(AddressedReceipt {
                    reference,
                    recipient,
                    state,
                    provider_text: words.to_owned(),
                    provider_code: status,
                });
            }
            _ => receipts.foreign += 1,
        }
    }
    Ok(receipts)
}

/// A field that the rules may leave out.
fn field(row: &Value, place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        tree::text(row, place)
    }
}

fn named(row: &Value, rules: &Rows) -> Option<MessageRef> {
    field(row, &rules.id).parse().ok()
}

fn receipt(described: &Description, rules: &Rows, row: &Value, message: MessageRef) -> Receipt {
    let status = field(row, &rules.status);
    let (state, words) = described.status(&status);
    Receipt {
        message,
        state,
        provider_text: words.to_owned(),
        provider_code: status,
        operator_code: Some(field(row, &rules.operator_code)).filter(|code| !code.is_empty()),
        happened_at: local_time(&field(row, &rules.time)),
        hard_bounce: false,
    }
}
