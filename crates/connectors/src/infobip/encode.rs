//! One batch as the body of `POST /sms/3/messages`.
//!
//! Messages with the same text share one entry with several destinations, in
//! the order in which the texts first appear. The body holds no time and no
//! random number, so the same batch always has the same bytes.

use std::collections::HashMap;

use domain::gate::{Basis, Cleared};
use domain::ids::MessageRef;
use domain::{Msisdn, Recipient, RecipientKind};
use serde::{Serialize, Serializer};

use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};

const BULK_ID_CHARS_MAX: usize = 100;
const SENDER_LETTERS_MAX: usize = 11;
const SENDER_DIGITS_MAX: usize = 15;

/// Letters that only the Turkish national table holds.
const TURKISH_ONLY: [char; 7] = ['Ş', 'ş', 'Ğ', 'ğ', 'ç', 'ı', 'İ'];

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    let common = Common::of(envelope, capabilities)?;
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        let body = Body {
            messages: entries(&common, messages),
            options: RequestOptions {
                schedule: Schedule {
                    bulk_id: &envelope.key,
                },
                include_sms_count_in_response: true,
            },
        };
        serde_json::to_writer(bytes, &body)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

/// What the envelope puts into every entry, checked.
struct Common<'a> {
    sender: &'a str,
    brand_code: Option<i32>,
    webhooks: Option<Webhooks<'a>>,
    validity: Option<Validity>,
}

impl<'a> Common<'a> {
    fn of(envelope: &'a Envelope, capabilities: &Capabilities) -> Result<Self, EncodeError> {
        let wrong = |field, problem: &str| {
            Err(EncodeError::Envelope {
                field,
                problem: problem.to_owned(),
            })
        };
        if envelope.key.is_empty() || envelope.key.chars().count() > BULK_ID_CHARS_MAX {
            return wrong("key", "must have 1 to 100 characters");
        }
        if !is_sender(&envelope.sender) {
            return wrong(
                "sender",
                "must be 1 to 11 ASCII letters, digits, spaces, `*`, `-`, `.`, or a number",
            );
        }
        let brand_code = match envelope.brand_code.map(i32::try_from).transpose() {
            Ok(code) => code.filter(|code| *code > 0),
            Err(_) => return wrong("brand code", "does not fit 32 bits"),
        };
        if envelope
            .validity_minutes
            .is_some_and(|m| m == 0 || m > capabilities.validity_minutes_max)
        {
            return wrong("validity", "must be from 1 minute to 48 hours");
        }
        Ok(Self {
            sender: &envelope.sender,
            brand_code,
            webhooks: envelope.receipts_url.as_deref().map(|url| Webhooks {
                delivery: Delivery { url },
                content_type: "application/json",
            }),
            validity: envelope.validity_minutes.map(|amount| Validity {
                amount,
                time_unit: "MINUTES",
            }),
        })
    }

    fn entry(&self, message: &'a Outgoing) -> Entry<'a> {
        let turkey_iys = (message.basis == Basis::Commercial).then_some(TurkeyIys {
            brand_code: self.brand_code,
            recipient_type: message.kind,
        });
        let options = MessageOptions {
            validity_period: self.validity,
            regional: turkey_iys.map(|turkey_iys| Regional { turkey_iys }),
        };
        Entry {
            sender: self.sender,
            destinations: Vec::new(),
            content: Content {
                text: &message.text,
                language: message.text.contains(TURKISH_ONLY).then_some(Language {
                    language_code: "TR",
                }),
            },
            options: options.is_needed().then_some(options),
            webhooks: self.webhooks,
        }
    }
}

/// Sender names as registered in Turkey, or a number.
fn is_sender(sender: &str) -> bool {
    let is_number =
        sender.len() <= SENDER_DIGITS_MAX && sender.bytes().all(|byte| byte.is_ascii_digit());
    let is_name = sender.len() <= SENDER_LETTERS_MAX
        && sender
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" *-.".contains(&byte));
    !sender.trim().is_empty() && (is_number || is_name)
}

fn entries<'a>(common: &Common<'a>, messages: &'a [Cleared<Outgoing>]) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut position: HashMap<(&str, RecipientKind, Basis), usize> =
        HashMap::with_capacity(messages.len());
    for message in messages.iter().map(Cleared::message) {
        let Recipient::Phone(to) = message.recipient else {
            continue; // refused before: this connector has no channel for it
        };
        let at = *position
            .entry((&message.text, message.kind, message.basis))
            .or_insert_with(|| {
                entries.push(common.entry(message));
                entries.len() - 1
            });
        entries[at].destinations.push(Destination {
            to,
            message_id: message.message,
        });
    }
    entries
}

#[derive(Serialize)]
struct Body<'a> {
    messages: Vec<Entry<'a>>,
    options: RequestOptions<'a>,
}

#[derive(Serialize)]
struct Entry<'a> {
    sender: &'a str,
    destinations: Vec<Destination>,
    content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<MessageOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhooks: Option<Webhooks<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination {
    #[serde(serialize_with = "digits")]
    to: Msisdn,
    #[serde(serialize_with = "as_text")]
    message_id: MessageRef,
}

/// `905321234567`: no plus.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn digits<S: Serializer>(phone: &Msisdn, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&phone.as_digits())
}

fn as_text<S: Serializer>(message: &MessageRef, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(message)
}

#[derive(Serialize)]
struct Content<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Language {
    language_code: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    validity_period: Option<Validity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regional: Option<Regional>,
}

impl MessageOptions {
    fn is_needed(&self) -> bool {
        self.validity_period.is_some() || self.regional.is_some()
    }
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Validity {
    amount: u32,
    time_unit: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Regional {
    turkey_iys: TurkeyIys,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TurkeyIys {
    #[serde(skip_serializing_if = "Option::is_none")]
    brand_code: Option<i32>,
    recipient_type: RecipientKind,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Webhooks<'a> {
    delivery: Delivery<'a>,
    content_type: &'static str,
}

#[derive(Clone, Copy, Serialize)]
struct Delivery<'a> {
    url: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions<'a> {
    schedule: Schedule<'a>,
    include_sms_count_in_response: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Schedule<'a> {
    bulk_id: &'a str,
}
