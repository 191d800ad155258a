//! One batch as the body of `POST /sms/rest/v2/send`.

use domain::RecipientKind;
use domain::gate::{Basis, Cleared};
use serde::Serialize;

use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{
    distinct_numbers, no_validity, one_ground, speaks_turkish, ten_digits, turkish_sender,
};

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        distinct_numbers(messages)?;
        no_validity(envelope)?;
        let body = Body {
            msgheader: turkish_sender(envelope)?,
            // Without it Turkish letters are replaced by their look-alikes.
            encoding: speaks_turkish(messages).then_some("TR"),
            iysfilter: filter(one_ground(messages)?),
            messages: messages
                .iter()
                .map(Cleared::message)
                .map(|message| {
                    Ok(Text {
                        msg: &message.text,
                        no: ten_digits(message)?,
                    })
                })
                .collect::<Result<_, EncodeError>>()?,
        };
        serde_json::to_writer(bytes, &body)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

const fn filter((basis, kind): (Basis, RecipientKind)) -> &'static str {
    match (basis, kind) {
        (Basis::Commercial, RecipientKind::Bireysel) => "11",
        (Basis::Commercial, RecipientKind::Tacir) => "12",
        _ => "0",
    }
}

#[derive(Serialize)]
struct Body<'a> {
    msgheader: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    iysfilter: &'static str,
    messages: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    msg: &'a str,
    no: String,
}
