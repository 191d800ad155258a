//! One batch as the `order` of `POST /v1/send-sms/json`. Messages with the same
//! text share one entry, in the order in which the texts first appear.

use std::collections::HashMap;

use domain::RecipientKind;
use domain::gate::{Basis, Cleared};
use serde::Serialize;

use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{distinct_numbers, no_validity, one_ground, ten_digits, turkish_sender};

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        distinct_numbers(messages)?;
        no_validity(envelope)?;
        let (basis, kind) = one_ground(messages)?;
        let is_commercial = basis == Basis::Commercial;
        let order = Order {
            sender: turkish_sender(envelope)?,
            iys: if is_commercial { "1" } else { "0" },
            iys_list: is_commercial.then_some(kind),
            // Nothing in it: at once.
            send_date_time: [],
            message: entries(messages)?,
        };
        serde_json::to_writer(bytes, &order)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

fn entries(messages: &[Cleared<Outgoing>]) -> Result<Vec<Entry<'_>>, EncodeError> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut position: HashMap<&str, usize> = HashMap::with_capacity(messages.len());
    for message in messages.iter().map(Cleared::message) {
        let at = *position.entry(&message.text).or_insert_with(|| {
            entries.push(Entry {
                text: &message.text,
                receipents: Numbers { number: Vec::new() },
            });
            entries.len() - 1
        });
        let number = format!("90{}", ten_digits(message)?);
        entries[at].receipents.number.push(number);
    }
    Ok(entries)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    sender: &'a str,
    iys: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iys_list: Option<RecipientKind>,
    send_date_time: [&'static str; 0],
    message: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    text: &'a str,
    /// Spelled so by İletimerkezi.
    receipents: Numbers,
}

#[derive(Serialize)]
struct Numbers {
    number: Vec<String>,
}
