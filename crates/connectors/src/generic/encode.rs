//! One batch as the body that the description asks for. Credentials stay out of
//! it: their places are marked, and filled in when the request leaves.

use std::borrow::Cow;

use domain::gate::{Basis, Cleared};
use domain::segments::Encoding;

use super::description::{Description, Numbers};
use super::template::{Escape, Template};
use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{
    distinct_numbers, no_validity, one_ground, phone, ten_digits, turkish_sender, widest,
};

/// The templates of a send request.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) body: Template,
    pub(super) each: Option<Template>,
}

pub(super) fn encode(
    described: &Description,
    writer: &Writer,
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        distinct_numbers(messages)?;
        no_validity(envelope)?;
        let sender = turkish_sender(envelope)?;
        let (basis, kind) = one_ground(messages)?;
        let escape = described.send.request.escape;
        let people = match &writer.each {
            Some(each) => messages
                .iter()
                .map(|cleared| person(described, each, escape, cleared.message()))
                .collect::<Result<Vec<String>, EncodeError>>()?
                .join(&described.send.between),
            None => String::new(),
        };
        let only = messages.first().map(Cleared::message);
        let body = writer.body.write(|name| {
            let plain: Cow<'_, str> = match name {
                "people" => return Ok(Cow::Borrowed(people.as_str())),
                "key" => envelope.key.as_str().into(),
                "sender" => sender.into(),
                "alphabet" => alphabet(described, messages, capabilities).into(),
                "ground" => ground(described, basis).into(),
                "kind" => kind.as_str().into(),
                "brand_code" => envelope
                    .brand_code
                    .map(|code| code.to_string())
                    .ok_or_else(|| EncodeError::Envelope {
                        field: "brand_code",
                        problem: "is missing; this provider asks for it".to_owned(),
                    })?
                    .into(),
                name => {
                    let message = only.ok_or(EncodeError::Empty)?;
                    value(described, name, message)?.into()
                }
            };
            Ok::<_, EncodeError>(Cow::Owned(escape.value(&plain)))
        })?;
        bytes.extend_from_slice(body.as_bytes());
        Ok(())
    })
}

fn person(
    described: &Description,
    each: &Template,
    escape: Escape,
    message: &Outgoing,
) -> Result<String, EncodeError> {
    each.write(|name| {
        let value = value(described, name, message)?;
        Ok(Cow::Owned(escape.value(&value)))
    })
}

fn value(described: &Description, name: &str, message: &Outgoing) -> Result<String, EncodeError> {
    Ok(match name {
        "number" => number(described.numbers, message)?,
        "id" => message.message.to_string(),
        _ => message.text.clone(),
    })
}

fn number(form: Numbers, message: &Outgoing) -> Result<String, EncodeError> {
    let digits = || phone(message).map(|phone| phone.as_digits().to_string());
    Ok(match form {
        Numbers::Digits => digits()?,
        Numbers::Plus => format!("+{}", digits()?),
        Numbers::Zeros => format!("00{}", digits()?),
        Numbers::Ten => ten_digits(message)?,
    })
}

fn alphabet<'a>(
    described: &'a Description,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> &'a str {
    let Some(names) = &described.alphabet else {
        return "";
    };
    match widest(messages, capabilities.segments) {
        Encoding::Gsm7 | Encoding::Latin5 => &names.gsm,
        Encoding::Turkish => &names.turkish,
        Encoding::Ucs2 => &names.unicode,
    }
}

fn ground(described: &Description, basis: Basis) -> &str {
    match &described.ground {
        Some(names) if basis == Basis::Commercial => &names.commercial,
        Some(names) => &names.informational,
        None => "",
    }
}
