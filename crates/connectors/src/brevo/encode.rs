//! One batch as the body of `POST /v3/smtp/email`: a version for each person.

use domain::Recipient;
use domain::gate::Cleared;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::capabilities::Capabilities;
use crate::message::{ClearedRequest, EncodeError, Envelope, Mail, Outgoing};
use crate::smtp::Mailbox;
use crate::text_message::no_validity;

pub(super) fn encode(
    envelope: &Envelope,
    messages: &[Cleared<Outgoing>],
    capabilities: &Capabilities,
) -> Result<ClearedRequest, EncodeError> {
    let sender = Mailbox::parse(&envelope.sender).ok_or_else(|| EncodeError::Envelope {
        field: "sender",
        problem: "must be an address such as `Örnek <kampanya@ornek.com>`".to_owned(),
    })?;
    no_validity(envelope)?;
    ClearedRequest::write(envelope, messages, capabilities, |bytes| {
        let versions = messages
            .iter()
            .map(|cleared| version(cleared.message(), &sender))
            .collect::<Result<Vec<_>, _>>()?;
        let first = versions.first().ok_or(EncodeError::Empty)?;
        let body = Body {
            sender: Address {
                email: &sender.address,
                name: sender.name.as_deref(),
            },
            // Versions may have texts of their own only where there are common ones.
            subject: first.subject,
            html_content: &first.html_content,
            text_content: first.text_content,
            headers: Common {
                idempotency_key: uuid(&envelope.key),
            },
            // By which its events can be listed.
            tags: [envelope.key.as_str()],
            message_versions: &versions,
        };
        serde_json::to_writer(bytes, &body)
            .map_err(|error| EncodeError::Unwritable(error.to_string()))
    })
}

fn version<'a>(message: &'a Outgoing, sender: &Mailbox) -> Result<Version<'a>, EncodeError> {
    let (Recipient::Email(to), Some(mail)) = (&message.recipient, &message.mail) else {
        return Err(EncodeError::NotAllowed {
            message: message.message,
            reason: "it has no subject",
        });
    };
    let way_out = way_out(mail);
    Ok(Version {
        to: [Address {
            email: to.as_str(),
            name: None,
        }],
        subject: &mail.subject,
        html_content: match &mail.html {
            Some(html) => html.clone(),
            None => as_html(&message.text),
        },
        text_content: &message.text,
        reply_to: mail
            .reply_to
            .as_deref()
            .map(|email| Address { email, name: None }),
        headers: Own {
            custom: message.message.to_string(),
            // One click works over https only (RFC 8058 §3.1).
            one_click: way_out
                .as_deref()
                .filter(|url| url.starts_with("<https://"))
                .map(|_| "List-Unsubscribe=One-Click"),
            list: way_out.as_ref().map(|_| crate::smtp::list_id(sender)),
            way_out,
        },
    })
}

fn way_out(mail: &Mail) -> Option<String> {
    // Brevo passes headers on as they are; one that is not ASCII breaks the mail.
    mail.unsubscribe_url
        .as_deref()
        .filter(|url| url.is_ascii())
        .map(|url| format!("<{url}>"))
}

/// Brevo takes no message without HTML: the text as it stands, line by line.
fn as_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 64);
    html.push_str("<!DOCTYPE html><html><body><p>");
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>\n"),
            '\r' => {}
            other => html.push(other),
        }
    }
    html.push_str("</p></body></html>");
    html
}

/// The key in the form that Brevo takes: the same key, the same UUID.
pub(super) fn uuid(key: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let mut hex = String::with_capacity(36);
    for (nth, byte) in digest.iter().take(16).enumerate() {
        let byte = match nth {
            6 => (byte & 0x0f) | 0x40,
            8 => (byte & 0x3f) | 0x80,
            _ => *byte,
        };
        if matches!(nth, 4 | 6 | 8 | 10) {
            hex.push('-');
        }
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    sender: Address<'a>,
    subject: &'a str,
    html_content: &'a str,
    text_content: &'a str,
    headers: Common,
    tags: [&'a str; 1],
    message_versions: &'a [Version<'a>],
}

#[derive(Serialize)]
struct Common {
    #[serde(rename = "idempotencyKey")]
    idempotency_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version<'a> {
    to: [Address<'a>; 1],
    subject: &'a str,
    html_content: String,
    text_content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Address<'a>>,
    headers: Own,
}

#[derive(Serialize)]
struct Own {
    #[serde(rename = "X-Mailin-custom")]
    custom: String,
    #[serde(rename = "List-Unsubscribe", skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
    #[serde(
        rename = "List-Unsubscribe-Post",
        skip_serializing_if = "Option::is_none"
    )]
    one_click: Option<&'static str>,
    #[serde(rename = "List-Id", skip_serializing_if = "Option::is_none")]
    list: Option<String>,
}

#[derive(Serialize)]
struct Address<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_becomes_a_uuid_of_version_4_and_always_the_same() {
        let made = uuid("izn-7-1-1");
        assert_eq!(made, uuid("izn-7-1-1"));
        assert_ne!(made, uuid("izn-7-2-1"));
        assert_eq!(made.len(), 36);
        assert_eq!(made.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&made.as_bytes()[19]));
    }

    #[test]
    fn a_text_without_html_is_shown_as_it_stands() {
        let html = as_html("Merhaba <Şükrü> & \"ailesi\"\nİyi günler");
        assert!(html.contains("Merhaba &lt;Şükrü&gt; &amp; &quot;ailesi&quot;<br>\nİyi günler"));
    }
}
