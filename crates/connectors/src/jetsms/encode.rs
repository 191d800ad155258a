//! One batch as the body of `POST /api/SendSms`, without the credentials.

use domain::RecipientKind;
use domain::gate::{Basis, Cleared};
use domain::ids::MessageRef;
use serde::{Serialize, Serializer};

use super::config::Config;
use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{distinct_numbers, one_ground, ten_digits, turkish_sender};

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    config: &Config,
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        distinct_numbers(messages)?;
        let (basis, kind) = one_ground(messages)?;
        let iys = match basis {
            Basis::Commercial => Some(consent(envelope, config, kind)?),
            _ => None,
        };
        let wrong = |problem: &str| EncodeError::Envelope {
            field: "validity",
            problem: problem.to_owned(),
        };
        let validity = envelope.validity_minutes;
        if validity.is_some_and(|m| m == 0 || m > capabilities.validity_minutes_max) {
            return Err(wrong("must be from 1 minute to 48 hours"));
        }
        let body = Body {
            originator: turkish_sender(envelope)?,
            reference: &envelope.key,
            expiredate: validity.map(|minutes| format!("m{minutes}")),
            channel: &config.channel,
            iysfilter: if iys.is_some() { "1" } else { "0" },
            iyscode: iys.as_ref().map(|iys| iys.code.as_str()),
            brandcode: iys.as_ref().map(|iys| iys.brand.as_str()),
            recipienttype: iys.as_ref().map(|iys| iys.kind),
            smsmessages: messages
                .iter()
                .map(Cleared::message)
                .map(|message| {
                    Ok(Text {
                        messageid: message.message,
                        recipient: format!("90{}", ten_digits(message)?),
                        messagetext: &message.text,
                        message_type: 0,
                    })
                })
                .collect::<Result<_, EncodeError>>()?,
        };
        serde_json::to_writer(bytes, &body)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

/// What JetSMS needs to check consent once more.
struct Consent {
    code: String,
    brand: String,
    kind: RecipientKind,
}

fn consent(
    envelope: &Envelope,
    config: &Config,
    kind: RecipientKind,
) -> Result<Consent, EncodeError> {
    let missing = |field| EncodeError::Envelope {
        field,
        problem: "is needed for commercial messages over JetSMS".to_owned(),
    };
    let code = config.iys_code.ok_or_else(|| missing("İYS code"))?;
    let brand = envelope.brand_code.ok_or_else(|| missing("brand code"))?;
    Ok(Consent {
        code: code.to_string(),
        brand: brand.to_string(),
        kind,
    })
}

#[derive(Serialize)]
struct Body<'a> {
    originator: &'a str,
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiredate: Option<String>,
    channel: &'a str,
    iysfilter: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iyscode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brandcode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipienttype: Option<RecipientKind>,
    smsmessages: Vec<Text<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    #[serde(serialize_with = "as_text")]
    messageid: MessageRef,
    recipient: String,
    messagetext: &'a str,
    #[serde(rename = "messageType")]
    message_type: u8,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn as_text<S: Serializer>(message: &MessageRef, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(message)
}
