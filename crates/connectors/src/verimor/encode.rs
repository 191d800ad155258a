//! One batch as the body of `POST /v2/send.json`, without the credentials.
//! Messages with the same text share one entry, in the order in which the texts
//! first appear.

use std::collections::HashMap;

use domain::RecipientKind;
use domain::gate::{Basis, Cleared};
use domain::segments::Encoding;
use serde::Serialize;

use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{one_ground, phone, turkish_sender, widest};

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        let (basis, kind) = one_ground(messages)?;
        let is_commercial = basis == Basis::Commercial;
        let validity = envelope.validity_minutes;
        if validity.is_some_and(|m| m == 0 || m > capabilities.validity_minutes_max) {
            return Err(EncodeError::Envelope {
                field: "validity",
                problem: "must be from 1 minute to 48 hours".to_owned(),
            });
        }
        let body = Body {
            source_addr: turkish_sender(envelope)?,
            custom_id: &envelope.key,
            valid_for: validity.map(|m| format!("{:02}:{:02}", m / 60, m % 60)),
            // One alphabet for the whole request: the widest that a text needs.
            datacoding: match widest(messages, capabilities.segments) {
                Encoding::Gsm7 | Encoding::Latin5 => 0,
                Encoding::Turkish => 1,
                Encoding::Ucs2 => 2,
            },
            is_commercial,
            iys_recipient_type: is_commercial.then_some(kind),
            messages: entries(messages)?,
        };
        serde_json::to_writer(bytes, &body)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

fn entries(messages: &[Cleared<Outgoing>]) -> Result<Vec<Entry<'_>>, EncodeError> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut position: HashMap<&str, usize> = HashMap::with_capacity(messages.len());
    for message in messages.iter().map(Cleared::message) {
        let phone = phone(message)?;
        let digits = phone.as_digits();
        let is_domestic = phone.is_turkish_mobile();
        let number = if is_domestic {
            digits.to_string()
        } else {
            format!("00{digits}")
        };
        let at = *position.entry(&message.text).or_insert_with(|| {
            entries.push(Entry {
                msg: &message.text,
                dest: String::new(),
                id: String::new(),
            });
            entries.len() - 1
        });
        let entry = &mut entries[at];
        for (list, one) in [
            (&mut entry.dest, number),
            (&mut entry.id, message.message.to_string()),
        ] {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(&one);
        }
    }
    Ok(entries)
}

#[derive(Serialize)]
struct Body<'a> {
    source_addr: &'a str,
    custom_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_for: Option<String>,
    datacoding: u8,
    is_commercial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    iys_recipient_type: Option<RecipientKind>,
    messages: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    msg: &'a str,
    dest: String,
    id: String,
}
