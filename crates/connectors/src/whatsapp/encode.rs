//! One message as `POST /{phone number id}/messages`.

use domain::gate::{Basis, Cleared};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::Config;
use super::template::{BODY_CHARS_MAX, Category, Reading, Template};
use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{no_validity, phone};

const SENDER_CHARS_MAX: usize = 32;

/// What is stored of a request: the number it leaves from stands in the address.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) phone_number_id: String,
    pub(super) message: Value,
}

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    config: &Config,
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        no_validity(envelope)?;
        let sender = envelope.sender.as_str();
        let is_sound = (1..=SENDER_CHARS_MAX).contains(&sender.len())
            && sender.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_sound {
            return Err(EncodeError::Envelope {
                field: "sender",
                problem: "must be the id of a phone number at Meta".to_owned(),
            });
        }
        for message in messages.iter().map(Cleared::message) {
            let stored = Stored {
                phone_number_id: sender.to_owned(),
                message: body(message, config)?,
            };
            serde_json::to_writer(&mut *bytes, &stored)
                .map_err(|error| EncodeError::Unwritable(error.to_string()))?;
        }
        Ok(())
    })
}

fn body(message: &Outgoing, config: &Config) -> Result<Value, EncodeError> {
    let to = phone(message)?;
    let (template, values) = chosen(message, &config.templates)?;
    let mut components = Vec::new();
    if !values.is_empty() {
        let parameters: Vec<Value> = template
            .variables
            .iter()
            .zip(&values)
            .map(|(name, value)| parameter(template, name, value))
            .collect();
        components.push(json!({ "type": "body", "parameters": parameters }));
    }
    if template.category == Category::Authentication {
        let code = json!([{ "type": "text", "text": values.first() }]);
        components.push(button("url", 0, &code));
    }
    if let Some(place) = template.refusal_button {
        let refusal = json!([{ "type": "payload", "payload": "RET" }]);
        components.push(button("quick_reply", place, &refusal));
    }
    Ok(json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to.as_digits().to_string(),
        "type": "template",
        "template": {
            "name": template.name,
            "language": { "code": template.language },
            "components": components,
        },
        "biz_opaque_callback_data": message.message.to_string(),
    }))
}

fn parameter(template: &Template, name: &str, value: &str) -> Value {
    if template.is_named() {
        json!({ "type": "text", "parameter_name": name, "text": value })
    } else {
        json!({ "type": "text", "text": value })
    }
}

fn button(sub_type: &str, place: u8, parameters: &Value) -> Value {
    json!({ "type": "button", "sub_type": sub_type, "index": place.to_string(), "parameters": parameters })
}

/// The first template that the text reads as and that may carry its ground.
fn chosen<'a>(
    message: &'a Outgoing,
    templates: &'a [Template],
) -> Result<(&'a Template, Vec<&'a str>), EncodeError> {
    let refuse = |reason| EncodeError::NotAllowed {
        message: message.message,
        reason,
    };
    if message.text.chars().count() > BODY_CHARS_MAX {
        return Err(refuse("WhatsApp takes at most 1,024 characters"));
    }
    let mut reason = "its text is none of the account's approved templates, and WhatsApp takes nothing else from a sender that writes first";
    for template in templates {
        match template.reading(message.text.trim()) {
            Reading::Values(_)
                if message.basis == Basis::Commercial
                    && template.category != Category::Marketing =>
            {
                reason = "a commercial message needs a template of the category MARKETING";
            }
            Reading::Values(values) => return Ok((template, values)),
            Reading::BadValue => {
                reason = "a variable of a template may not be empty nor hold line breaks, tabs or more than four spaces in a row";
            }
            Reading::Other => {}
        }
    }
    Err(refuse(reason))
}
