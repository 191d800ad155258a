//! One message as the form of `POST …/Messages.json`.

use domain::gate::{Basis, Cleared};

use super::config::Config;
use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::phone;
use crate::transport::form_body;

const BODY_CHARS_MAX: usize = 1_600;
/// The name under which our message reference stands in the callback's address.
pub(super) const REFERENCE: &str = "izn";

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    config: &Config,
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        for message in messages.iter().map(Cleared::message) {
            let body = body(envelope, message, config, capabilities)?;
            bytes.extend_from_slice(body.as_bytes());
        }
        Ok(())
    })
}

fn body(
    envelope: &Envelope,
    message: &Outgoing,
    config: &Config,
    capabilities: &Capabilities,
) -> Result<String, EncodeError> {
    let to = phone(message)?;
    if message.basis == Basis::Commercial && to.as_digits().to_string().starts_with("90") {
        return Err(EncodeError::NotAllowed {
            message: message.message,
            reason: "Twilio forbids commercial messages to Turkey",
        });
    }
    if message.text.chars().count() > BODY_CHARS_MAX {
        return Err(EncodeError::NotAllowed {
            message: message.message,
            reason: "Twilio takes at most 1,600 characters",
        });
    }
    let validity = envelope.validity_minutes;
    if validity.is_some_and(|m| m == 0 || m > capabilities.validity_minutes_max) {
        return Err(EncodeError::Envelope {
            field: "validity",
            problem: "must be from 1 minute to 10 hours".to_owned(),
        });
    }
    if envelope.sender.trim().is_empty() && config.messaging_service_sid.is_none() {
        return Err(EncodeError::Envelope {
            field: "sender",
            problem: "must be given, or a messaging service".to_owned(),
        });
    }
    let to = to.to_text();
    let seconds = validity.map(|minutes| (minutes * 60).to_string());
    let callback = envelope
        .receipts_url
        .as_ref()
        .map(|url| format!("{url}?{REFERENCE}={}", message.message));
    let mut pairs = vec![("To", to.as_str())];
    match &config.messaging_service_sid {
        Some(service) => pairs.push(("MessagingServiceSid", service)),
        None => pairs.push(("From", &envelope.sender)),
    }
    pairs.push(("Body", &message.text));
    if let Some(seconds) = &seconds {
        pairs.push(("ValidityPeriod", seconds));
    }
    if let Some(callback) = &callback {
        pairs.push(("StatusCallback", callback));
    }
    Ok(form_body(&pairs))
}
