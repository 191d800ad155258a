//! Delivery reports that Infobip pushes: `{"results": […]}`, 100 and more at a time.

use std::borrow::Cow;

use domain::ids::MessageRef;
use serde::Deserialize;
use serde_json::Value;

use super::status::Status;
use super::time;
use crate::receipt::{Inbound, Inbox, Receipt, Receipts, UnreadablePush};
use crate::text_message::written_phone;

/// One report, in a push or in the logs. Everything else in it is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Report<'a> {
    #[serde(borrow)]
    pub(super) message_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) done_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) status: Status<'a>,
    #[serde(borrow)]
    pub(super) error: Option<Error<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Error<'a> {
    #[serde(borrow)]
    group_name: Option<Cow<'a, str>>,
    id: Option<i64>,
    permanent: Option<bool>,
}

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(borrow)]
    results: Vec<Report<'a>>,
}

pub(super) fn read(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    match serde_json::from_slice::<Push<'_>>(body) {
        Ok(push) => {
            let mut receipts = Receipts {
                receipts: Vec::with_capacity(push.results.len()),
                ..Receipts::default()
            };
            push.results
                .iter()
                .for_each(|report| take(report, &mut receipts));
            Ok(receipts)
        }
        // One entry of an unexpected shape must not cost the others.
        Err(_) => read_one_by_one(body),
    }
}

fn read_one_by_one(body: &[u8]) -> Result<Receipts, UnreadablePush> {
    let push: Value =
        serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))?;
    let results = push["results"]
        .as_array()
        .ok_or_else(|| UnreadablePush("it has no results".to_owned()))?;
    let mut receipts = Receipts::default();
    for result in results {
        match Report::deserialize(result) {
            Ok(report) => take(&report, &mut receipts),
            Err(_) => receipts.unreadable += 1,
        }
    }
    Ok(receipts)
}

/// One reply, in a push or in the inbox; both have the same form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    message_id: Option<String>,
    from: Option<String>,
    #[serde(default)]
    to: String,
    text: Option<String>,
    received_at: Option<String>,
}

pub(super) fn inbound(body: &[u8]) -> Result<Inbox, UnreadablePush> {
    let push: Value =
        serde_json::from_slice(body).map_err(|error| UnreadablePush(error.to_string()))?;
    let results = push["results"]
        .as_array()
        .ok_or_else(|| UnreadablePush("it has no results".to_owned()))?;
    let mut inbox = Inbox::default();
    for result in results {
        let reply = Reply::deserialize(result).ok();
        let read = reply.and_then(|reply| {
            Some(Inbound {
                from: written_phone(reply.from.as_deref()?)?,
                text: reply.text?,
                provider_id: reply.message_id,
                to: reply.to,
                received_at: reply.received_at.as_deref().and_then(time::read),
            })
        });
        match read {
            Some(reply) => inbox.replies.push(reply),
            None => inbox.unreadable += 1,
        }
    }
    Ok(inbox)
}

pub(super) fn take(report: &Report<'_>, receipts: &mut Receipts) {
    match report.message_id.as_ref().map(|id| id.parse()) {
        Some(Ok(message)) => receipts.receipts.push(report.receipt(message)),
        Some(Err(_)) => receipts.foreign += 1,
        None => receipts.unreadable += 1,
    }
}

impl Report<'_> {
    pub(super) fn receipt(&self, message: MessageRef) -> Receipt {
        let error = self.error.as_ref();
        Receipt {
            message,
            state: self.status.meaning().state,
            provider_code: self.status.code(),
            provider_text: self.status.text(),
            // 0 is "no error".
            operator_code: error
                .and_then(|error| error.id)
                .filter(|id| *id != 0)
                .map(|id| id.to_string()),
            happened_at: self.done_at.as_deref().and_then(time::read),
            hard_bounce: error.is_some_and(Error::is_dead_number),
        }
    }
}

impl Error<'_> {
    fn is_dead_number(&self) -> bool {
        self.permanent == Some(true) && self.group_name.as_deref() == Some("HANDSET_ERRORS")
    }
}
