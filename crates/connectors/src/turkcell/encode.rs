//! One batch as the body of `POST v2/sms/send/nton`.

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
        let sender = turkish_sender(envelope)?;
        let (basis, _) = one_ground(messages)?;
        let texts = messages.iter().map(Cleared::message).map(|message| {
            Ok(Text {
                receiver: ten_digits(message)?,
                message: &message.text,
                sender,
            })
        });
        let body = Body {
            // Left out it counts as true, and Turkcell adds its opt-out sentence.
            etk_flag: basis == Basis::Commercial,
            messages: texts.collect::<Result<_, EncodeError>>()?,
        };
        serde_json::to_writer(bytes, &body)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    etk_flag: bool,
    messages: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    receiver: String,
    message: &'a str,
    sender: &'a str,
}
