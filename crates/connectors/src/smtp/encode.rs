//! From a cleared message to one SMTP transaction, kept as a document: the
//! addresses, the text, and the message exactly as it goes over the wire.

use std::borrow::Cow;

use domain::Recipient;
use domain::gate::Cleared;
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::letter::{self, Header, Mailbox};
use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Mail, Outgoing};

/// One transaction. The text stands beside the message it is encoded in, so
/// that a proof can show it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Transaction<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl Transaction<'_> {
    /// The commands, sent together where the server allows it.
    pub(super) fn head(&self) -> String {
        format!(
            "MAIL FROM:<{}>\r\nRCPT TO:<{}>\r\nDATA\r\n",
            self.from, self.to
        )
    }

    /// The content with its final point.
    pub(super) fn content(&self) -> String {
        letter::stuffed(&self.message) + ".\r\n"
    }
}

/// Headers that the signature covers, where they stand in the message.
const SIGNED: [&str; 11] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Feedback-ID",
    "MIME-Version",
];
/// Characters of the last field of Feedback-ID.
const SENDER_ID_CHARS: usize = 15;

pub(super) fn encode(
    config: &Config,
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    let sender = Mailbox::parse(&envelope.sender).ok_or_else(|| EncodeError::Envelope {
        field: "sender",
        problem: "must be an address such as `Örnek <kampanya@ornek.com>`".to_owned(),
    })?;
    crate::text_message::no_validity(envelope)?;
    ClearedRequest::write(envelope, messages, capabilities, |out| {
        for cleared in messages {
            let message = cleared.message();
            let (Recipient::Email(to), Some(mail)) = (&message.recipient, &message.mail) else {
                return Err(EncodeError::NotAllowed {
                    message: message.message,
                    reason: "it has no subject",
                });
            };
            let from = config.verp.as_ref().map_or_else(
                || sender.address.clone(),
                |verp| verp.address_of(message.message),
            );
            let written = written(config, &sender, to.as_str(), message, mail)
                .ok_or_else(|| EncodeError::Unwritable("the signature failed".to_owned()))?;
            let transaction = Transaction {
                from: from.into(),
                to: to.as_str().into(),
                text: message.text.as_str().into(),
                message: written.into(),
            };
            serde_json::to_writer(&mut *out, &transaction)
                .map_err(|error| EncodeError::Unwritable(error.to_string()))?;
        }
        Ok(())
    })
}

/// The message itself; it ends with a line break.
fn written(
    config: &Config,
    sender: &Mailbox,
    to: &str,
    message: &Outgoing,
    mail: &Mail,
) -> Option<String> {
    let name = message.message.to_string();
    let mut headers: Vec<Header> = vec![
        ("From", sender.written()),
        ("To", to.to_owned()),
        ("Subject", letter::unstructured(&mail.subject)),
        ("Date", letter::date(mail.written_at)),
        ("Message-ID", format!("<izn.{name}@{}>", sender.domain())),
    ];
    let reply_to = mail.reply_to.as_ref().or(config.reply_to.as_ref());
    headers.extend(reply_to.map(|address| ("Reply-To", address.clone())));
    if let Some(url) = &mail.unsubscribe_url {
        let mut ways = format!("<{url}>");
        if let Some(verp) = &config.verp {
            // For mail programs that offer nothing else.
            ways.push_str(",\r\n <mailto:");
            ways.push_str(&verp.way_out_of(message.message));
            ways.push('>');
        }
        headers.push(("List-Unsubscribe", ways));
        // One click works over https only (RFC 8058 §3.1).
        if url.starts_with("https://") {
            let one_click = "List-Unsubscribe=One-Click".to_owned();
            headers.push(("List-Unsubscribe-Post", one_click));
        }
        headers.push(("List-Id", letter::list_id(sender)));
    }
    let sender_id: String = sender.domain().chars().take(SENDER_ID_CHARS).collect();
    let feedback = format!(
        "{}:{}::{sender_id}",
        message.message.campaign, message.basis
    );
    headers.push(("Feedback-ID", feedback));
    headers.push(("MIME-Version", "1.0".to_owned()));
    let boundary = format!("=_izn-{name}");
    let (kind, body) = letter::body(&message.text, mail.html.as_deref(), &boundary);
    let mut out = String::with_capacity(body.len() + 2_048);
    if let Some(signer) = &config.signer {
        let signed: Vec<(&str, &str)> = headers
            .iter()
            .filter(|(name, _)| SIGNED.contains(name))
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        out.push_str(&signer.header(&signed, &body)?);
    }
    for (name, value) in headers.iter().chain(&kind) {
        out.push_str(name);
        out.push_str(": ");
        out.push_str(value);
        out.push_str("\r\n");
    }
    out.push_str("\r\n");
    out.push_str(&body);
    Some(out)
}
