//! From the bytes of an answer to the types of [`crate::wire`].
//!
//! Every function gives the reason as a text when the answer cannot be
//! understood; the caller knows the call it belongs to.

use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::answer::read_code;
use crate::wire::{
    Accepted, AddAnswer, BrandInfo, Change, ChangesPage, Confirmed, ConsentTotals, HeldRecord,
    HistoryPage, Package, Recorded, RegisteredChannel, ResultRow, SubRequest, Subscription,
};

pub(crate) fn confirmed(body: &[u8]) -> Result<Confirmed, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        request_id: Option<String>,
        // Without a list there is no answer: an empty one would unconfirm everybody.
        list: Vec<String>,
    }
    let wire: Wire = parse(body)?;
    let recipients = wire
        .list
        .iter()
        .filter_map(|text| recipient(text))
        .collect();
    Ok(Confirmed {
        request_id: wire.request_id,
        recipients,
    })
}

pub(crate) fn accepted(body: &[u8]) -> Result<Accepted, String> {
    let value: Value = parse(body)?;
    let request_id = text(&value, &["requestId"]).ok_or("it has no requestId")?;
    // It becomes part of a path: letters, digits and dashes, as documented.
    if !request_id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(format!(
            "its requestId `{request_id}` is not of letters, digits and dashes"
        ));
    }
    let rows = value.get("subRequests").and_then(Value::as_array);
    let sub_requests = rows
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(sub_request)
        .collect();
    Ok(Accepted {
        request_id,
        sub_requests,
    })
}

fn sub_request(row: &Value) -> Option<SubRequest> {
    Some(SubRequest {
        id: text(row, &["subRequestId", "subrequestId"])?,
        recipient: text(row, &["recipient"]).and_then(|text| recipient(&text)),
        channel: text(row, &["type"]).and_then(|word| channel(&word)),
        kind: text(row, &["recipientType"]).and_then(|word| RecipientKind::parse(&word)),
    })
}

pub(crate) fn results(body: &[u8]) -> Result<Vec<ResultRow>, String> {
    let rows: Vec<Value> = parse(body)?;
    Ok(rows.iter().map(result_row).collect())
}

fn result_row(row: &Value) -> ResultRow {
    let status = text(row, &["status"]).unwrap_or_default();
    let transaction = text(row, &["transactionId"]);
    // The mark of a record that was sent before and stands already.
    let repeats_earlier = row.get("isAddConsentV2Service").is_some_and(is_true);
    let answer = match status.as_str() {
        "failure" => failure(row),
        "success" if transaction.is_some() || repeats_earlier => AddAnswer::Recorded(Recorded {
            transaction,
            created: date(row, "creationDate"),
        }),
        // Only a success with its transaction is a record.
        _ => AddAnswer::Enqueued,
    };
    ResultRow {
        sub_request: text(row, &["subRequestId", "subrequestId"]),
        answer,
    }
}

fn failure(row: &Value) -> AddAnswer {
    let error = row.get("error").unwrap_or(row);
    AddAnswer::Failed {
        code: ["code", "code:"]
            .into_iter()
            .find_map(|key| error.get(key))
            .and_then(read_code),
        message: text(error, &["message"]).unwrap_or_default(),
    }
}

pub(crate) fn recorded(body: &[u8]) -> Result<Recorded, String> {
    let value: Value = parse(body)?;
    let transaction = text(&value, &["transactionId"]).ok_or("it has no transactionId")?;
    Ok(Recorded {
        transaction: Some(transaction),
        created: date(&value, "creationDate"),
    })
}

/// `None` where İYS holds no record: an empty body or one without a status.
pub(crate) fn held(body: &[u8]) -> Result<Option<HeldRecord>, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let value: Value = parse(body)?;
    // A public client expects a list here; one object is what comes.
    let record = value
        .as_array()
        .and_then(|list| list.first())
        .unwrap_or(&value);
    match text(record, &["status"]) {
        None => Ok(None),
        Some(_) => held_record(record)
            .map(Some)
            .ok_or_else(|| format!("unknown status in {record}")),
    }
}

fn held_record(row: &Value) -> Option<HeldRecord> {
    Row {
        status: text(row, &["status"]).as_deref(),
        consent_date: text(row, &["consentDate"]).as_deref(),
        source: text(row, &["source"]).as_deref(),
        creation_date: text(row, &["creationDate"]).as_deref(),
        transaction_id: text(row, &["transactionId"]).as_deref(),
        ..Row::default()
    }
    .held()
}

/// A movement or a record as its texts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    recipient: Option<&'a str>,
    recipient_type: Option<&'a str>,
    #[serde(rename = "type")]
    channel: Option<&'a str>,
    status: Option<&'a str>,
    consent_date: Option<&'a str>,
    source: Option<&'a str>,
    creation_date: Option<&'a str>,
    transaction_id: Option<&'a str>,
}

/// A page of the change feed as İYS writes it, all of it plain texts.
#[derive(Deserialize)]
struct PlainPage<'a> {
    after: Option<&'a str>,
    #[serde(borrow)]
    list: Vec<Row<'a>>,
}

/// What says nothing is left out.
fn said(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

impl Row<'_> {
    fn held(&self) -> Option<HeldRecord> {
        Some(HeldRecord {
            status: Status::parse(said(self.status)?)?,
            consent_date: said(self.consent_date).and_then(Timestamp::from_registry_text),
            source: said(self.source).and_then(Source::from_registry),
            created: said(self.creation_date).and_then(Timestamp::from_registry_text),
            transaction: said(self.transaction_id).map(str::to_owned),
        })
    }

    fn change(&self) -> Option<Change> {
        // BIREYSEL is what İYS means where it says nothing.
        let kind = match said(self.recipient_type) {
            Some(word) => RecipientKind::parse(word)?,
            None => RecipientKind::Bireysel,
        };
        Some(Change {
            recipient: recipient(said(self.recipient)?)?,
            channel: channel(said(self.channel)?)?,
            kind,
            held: self.held()?,
        })
    }
}

pub(crate) fn changes(body: &[u8]) -> Result<ChangesPage, String> {
    match plain_changes(body) {
        Some(page) => Ok(page),
        None => odd_changes(body),
    }
}

/// A page without anything odd, which nearly all are: no number where a text is
/// expected, no escaped letter, no row that cannot be read. Read without a value
/// of its own for each cell, in a third of the time.
fn plain_changes(body: &[u8]) -> Option<ChangesPage> {
    let page: PlainPage<'_> = serde_json::from_slice(body).ok()?;
    let changes: Vec<Change> = page.list.iter().map(Row::change).collect::<Option<_>>()?;
    Some(ChangesPage {
        after: said(page.after)
            .filter(|_| !changes.is_empty())
            .map(str::to_owned),
        changes,
        unreadable: Vec::new(),
    })
}

fn odd_changes(body: &[u8]) -> Result<ChangesPage, String> {
    let value: Value = parse(body)?;
    let rows = value
        .get("list")
        .and_then(Value::as_array)
        .ok_or("it has no list")?;
    let mut page = ChangesPage {
        after: text(&value, &["after"]).filter(|_| !rows.is_empty()),
        changes: Vec::with_capacity(rows.len()),
        unreadable: Vec::new(),
    };
    for row in rows {
        match change(row) {
            Some(change) => page.changes.push(change),
            None => page.unreadable.push(row.to_string()),
        }
    }
    Ok(page)
}

pub(crate) fn change(row: &Value) -> Option<Change> {
    Row {
        recipient: text(row, &["recipient"]).as_deref(),
        recipient_type: text(row, &["recipientType"]).as_deref(),
        channel: text(row, &["type"]).as_deref(),
        status: text(row, &["status"]).as_deref(),
        consent_date: text(row, &["consentDate"]).as_deref(),
        source: text(row, &["source"]).as_deref(),
        creation_date: text(row, &["creationDate"]).as_deref(),
        transaction_id: text(row, &["transactionId"]).as_deref(),
    }
    .change()
}

pub(crate) fn brands(body: &[u8]) -> Result<Vec<BrandInfo>, String> {
    let rows: Vec<Value> = parse(body)?;
    let brand = |row: &Value| {
        let counted = row.get("stats").and_then(|stats| stats.get("consents"));
        Some(BrandInfo {
            brand_code: number(row, "brandCode")?,
            name: text(row, &["name"]).unwrap_or_default(),
            is_master: row.get("master").is_some_and(is_true),
            totals: counted.and_then(|totals| {
                Some(ConsentTotals {
                    approval: number(totals, "approval")?,
                    rejection: number(totals, "rejection")?,
                    total: number(totals, "total")?,
                })
            }),
        })
    };
    Ok(rows.iter().filter_map(brand).collect())
}

pub(crate) fn subscription(body: &[u8]) -> Result<Package, String> {
    let value: Value = parse(body)?;
    let status = value.get("status").ok_or("it has no status")?;
    Ok(Package {
        status: Subscription::deserialize(status).unwrap_or(Subscription::Unknown),
        consent_limit: number(&value, "consentLimit"),
        consents_used: number(&value, "usedConsentLimit"),
        is_exceeded: value.get("consentLimitExceed").map(is_true),
    })
}

/// Movements of one address. The page has no cursor: `total` says how many there are.
pub(crate) fn history(body: &[u8]) -> Result<HistoryPage, String> {
    let value: Value = parse(body)?;
    let rows = value
        .get("list")
        .and_then(Value::as_array)
        .ok_or("it has no list")?;
    let mut page = HistoryPage {
        movements: Vec::with_capacity(rows.len()),
        unreadable: Vec::new(),
        total: value
            .get("pagination")
            .and_then(|pagination| number(pagination, "totalCount")),
    };
    for row in rows {
        match change(row) {
            Some(change) => page.movements.push(change),
            None => page.unreadable.push(row.to_string()),
        }
    }
    Ok(page)
}

pub(crate) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// A text, or a number where İYS sometimes writes one; the first key that has it.
pub(crate) fn text(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match value.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

pub(crate) fn number(value: &Value, key: &str) -> Option<i64> {
    text(value, &[key])?.trim().parse().ok()
}

pub(crate) fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| {
        value
            .as_str()
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    })
}

pub(crate) fn date(value: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::from_registry_text(&text(value, &[key])?)
}

pub(crate) fn channel(word: &str) -> Option<RegisteredChannel> {
    Channel::parse(word).and_then(RegisteredChannel::of)
}

pub(crate) fn recipient(text: &str) -> Option<Recipient> {
    Recipient::from_normalised(text).ok()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
