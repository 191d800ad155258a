//! From a cleared message to its `submit_sm`s, kept as a document: whom, what,
//! and the bodies exactly as they go over the wire.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::gate::{Basis, Cleared};
use domain::segments::Reference;
use serde::{Deserialize, Serialize};

use super::alphabet::{self, Written};
use super::config::{Config, Joining};
use super::pdu::{PAYLOAD, SAR_NUMBER, SAR_REFERENCE, SAR_TOTAL, put_text, put_tlv};
use super::tlv::{Tlv, TlvType};
use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::text_message::{phone, turkish_sender};

/// Most parts that the protocol can number.
const PARTS_MAX: usize = 255;

/// One message as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Submission<'a> {
    #[serde(borrow)]
    sender: Cow<'a, str>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    /// The bodies of its `submit_sm`s, base64.
    bodies: Vec<String>,
}

impl Submission<'_> {
    /// The bodies in order; none where the document was tampered with.
    pub(super) fn bodies(&self) -> Option<Vec<Vec<u8>>> {
        let bodies = self.bodies.iter().map(|body| STANDARD.decode(body).ok());
        bodies.collect()
    }
}

pub(super) fn encode(
    config: &Config,
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    ClearedRequest::write(envelope, messages, capabilities, |out| {
        let sender = turkish_sender(envelope)?;
        let validity = validity(envelope, capabilities)?;
        for message in messages.iter().map(Cleared::message) {
            let to = phone(message)?.as_digits().to_string();
            let tlvs = optional(config, envelope, message)?;
            let written = alphabet::written(&message.text, config.profile, config.reference());
            let frame = Frame {
                sender,
                to: &to,
                validity: &validity,
                coding: written.coding,
                tlvs: &tlvs,
                asks_for_every_part: config.asks_for_every_part,
            };
            let bodies = frame.bodies(config, &written, reference(message));
            if bodies.len() > PARTS_MAX {
                return Err(EncodeError::Envelope {
                    field: "text",
                    problem: format!("has {} parts, {PARTS_MAX} are possible", bodies.len()),
                });
            }
            let submission = Submission {
                sender: sender.into(),
                to: to.as_str().into(),
                text: message.text.as_str().into(),
                bodies: bodies.iter().map(|body| STANDARD.encode(body)).collect(),
            };
            serde_json::to_writer(&mut *out, &submission)
                .map_err(|error| EncodeError::Unwritable(error.to_string()))?;
        }
        Ok(())
    })
}

/// `YYMMDDhhmmss000R`, relative; empty for the gateway's own.
fn validity(envelope: &Envelope, capabilities: &Capabilities) -> Result<String, EncodeError> {
    let Some(minutes) = envelope.validity_minutes else {
        return Ok(String::new());
    };
    if minutes == 0 || minutes > capabilities.validity_minutes_max {
        return Err(EncodeError::Envelope {
            field: "validity",
            problem: "must be from 1 minute to 14 days".to_owned(),
        });
    }
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    Ok(format!("0000{days:02}{hours:02}{minutes:02}00000R"))
}

/// The reference number that joins the parts: the same message, the same number.
/// Where one octet has to do, it is the last.
fn reference(message: &Outgoing) -> u16 {
    let name = message.message.to_string();
    name.bytes().fold(7_u16, |sum, octet| {
        sum.wrapping_mul(31).wrapping_add(u16::from(octet))
    })
}

/// The header element that says which part of what this is (3GPP TS 23.040,
/// 9.2.3.24.1 and 9.2.3.24.8).
fn joined(bits: Reference, reference: u16, count: u8, nth: u8) -> Vec<u8> {
    let [high, low] = reference.to_be_bytes();
    match bits {
        Reference::Eight => vec![0x00, 0x03, low, count, nth],
        Reference::Sixteen => vec![0x08, 0x04, high, low, count, nth],
    }
}

/// The optional fields of the account, filled in for a message.
fn optional(
    config: &Config,
    envelope: &Envelope,
    message: &Outgoing,
) -> Result<Vec<u8>, EncodeError> {
    let is_commercial = message.basis == Basis::Commercial;
    let mut body = Vec::new();
    for tlv in &config.tlvs {
        if tlv.is_about_consent() && !is_commercial {
            continue;
        }
        let mut value = tlv.value.clone();
        if value.contains("{{brand_code}}") {
            let code = envelope.brand_code.ok_or_else(|| EncodeError::Envelope {
                field: "brand code",
                problem: "is needed for commercial messages over this account".to_owned(),
            })?;
            value = value.replace("{{brand_code}}", &code.to_string());
        }
        let ground = if is_commercial { "TICARI" } else { "BILGI" };
        value = value
            .replace("{{recipient_kind}}", &message.kind.to_string())
            .replace("{{ground}}", ground);
        put(&mut body, tlv, &value)?;
    }
    Ok(body)
}

fn put(body: &mut Vec<u8>, tlv: &Tlv, value: &str) -> Result<(), EncodeError> {
    let no_number = |_| EncodeError::Envelope {
        field: "optional field",
        problem: format!("0x{:04x} cannot hold `{value}`", tlv.tag),
    };
    match tlv.kind {
        TlvType::Text => put_tlv(body, tlv.tag, value.as_bytes()),
        TlvType::CString => put_tlv(body, tlv.tag, format!("{value}\0").as_bytes()),
        TlvType::U8 => put_tlv(body, tlv.tag, &[value.parse().map_err(no_number)?]),
        TlvType::U16 => {
            let number: u16 = value.parse().map_err(no_number)?;
            put_tlv(body, tlv.tag, &number.to_be_bytes());
        }
    }
    Ok(())
}

/// What is the same for all parts of a message.
struct Frame<'a> {
    sender: &'a str,
    to: &'a str,
    validity: &'a str,
    coding: u8,
    tlvs: &'a [u8],
    asks_for_every_part: bool,
}

impl Frame<'_> {
    fn bodies(&self, config: &Config, written: &Written, reference: u16) -> Vec<Vec<u8>> {
        let shift = written.shift.map_or_else(Vec::new, Vec::from);
        let total = written.parts.len();
        if total == 1 {
            let only = written.parts.first().map_or(&[][..], Vec::as_slice);
            return vec![self.body(&shift, Text::Short(only), &[], true)];
        }
        if config.joining == Joining::Payload {
            let whole: Vec<u8> = written.parts.concat();
            return vec![self.body(&shift, Text::Payload(&whole), &[], true)];
        }
        let count = u8::try_from(total).unwrap_or(u8::MAX);
        let numbered = (1..=u8::MAX).zip(&written.parts);
        let mut bodies: Vec<Vec<u8>> = numbered
            .map(|(nth, part)| {
                let is_last = usize::from(nth) == total;
                if config.joining == Joining::Udh {
                    let mut header = joined(config.reference(), reference, count, nth);
                    header.extend_from_slice(&shift);
                    return self.body(&header, Text::Short(part), &[], is_last);
                }
                let mut sar = Vec::with_capacity(16);
                // The gateway may put it into a header of one octet.
                let [_, low] = reference.to_be_bytes();
                put_tlv(&mut sar, SAR_REFERENCE, &[0, low]);
                put_tlv(&mut sar, SAR_TOTAL, &[count]);
                put_tlv(&mut sar, SAR_NUMBER, &[nth]);
                self.body(&shift, Text::Short(part), &sar, is_last)
            })
            .collect();
        // More than can be numbered: the caller refuses them by their count.
        bodies.resize(total, Vec::new());
        bodies
    }

    /// The body of one `submit_sm`. Each part asks for a receipt, unless the account
    /// gets one for a whole text. The last part's name is that of the message.
    fn body(&self, header: &[u8], text: Text<'_>, more: &[u8], is_last: bool) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        put_text(&mut body, ""); // service_type
        body.extend_from_slice(&kind_of(self.sender));
        put_text(&mut body, self.sender);
        body.extend_from_slice(&[1, 1]);
        put_text(&mut body, self.to);
        let esm_class = if header.is_empty() { 0x00 } else { 0x40 };
        body.extend_from_slice(&[esm_class, 0, 0]); // protocol_id, priority_flag
        put_text(&mut body, ""); // schedule_delivery_time
        put_text(&mut body, self.validity);
        let asks = is_last || self.asks_for_every_part;
        body.extend_from_slice(&[u8::from(asks), 0, self.coding, 0]);
        let mut message = Vec::with_capacity(254);
        if !header.is_empty() {
            message.push(u8::try_from(header.len()).unwrap_or(u8::MAX));
            message.extend_from_slice(header);
        }
        match text {
            Text::Short(part) => {
                message.extend_from_slice(part);
                body.push(u8::try_from(message.len()).unwrap_or(u8::MAX));
                body.extend_from_slice(&message);
            }
            Text::Payload(whole) => {
                message.extend_from_slice(whole);
                body.push(0);
                put_tlv(&mut body, PAYLOAD, &message);
            }
        }
        body.extend_from_slice(more);
        body.extend_from_slice(self.tlvs);
        body
    }
}

#[derive(Clone, Copy)]
enum Text<'a> {
    Short(&'a [u8]),
    Payload(&'a [u8]),
}

/// Type and plan of the sender: a name, a short code, or a number.
fn kind_of(sender: &str) -> [u8; 2] {
    if !sender.bytes().all(|octet| octet.is_ascii_digit()) {
        [5, 0]
    } else if sender.len() <= 6 {
        [3, 0]
    } else {
        [1, 1]
    }
}
