//! A message as it is written for the wire: headers in ASCII, bodies as
//! quoted-printable, text beside HTML. No clock and no chance: the same input
//! gives the same bytes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;

/// Bytes of text in one encoded word: 75 characters with its frame (RFC 2047).
const WORD_BYTES: usize = 42;
/// Characters of a line of quoted-printable without the soft break.
const LINE_CHARS: usize = 75;

/// One header as name and value.
pub(crate) type Header = (&'static str, String);

/// `Ornek <a@ornek.com>` or `a@ornek.com`, as written by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) name: Option<String>,
    pub(crate) address: String,
}

impl Mailbox {
    /// Reads a sender; `None` when its address is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, address) = match text.trim().strip_suffix('>') {
            Some(rest) => {
                let (name, address) = rest.rsplit_once('<')?;
                (name.trim().trim_matches('"').trim(), address.trim())
            }
            None => ("", text.trim()),
        };
        let address = address.to_ascii_lowercase();
        domain::EmailAddress::from_normalised(&address)?;
        Some(Self {
            name: Some(one_line(name)).filter(|name| !name.is_empty()),
            address,
        })
    }

    pub(crate) fn domain(&self) -> &str {
        self.address
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }

    /// As the value of a header.
    pub(crate) fn written(&self) -> String {
        match &self.name {
            Some(name) => format!("{} <{}>", phrase(name), self.address),
            None => self.address.clone(),
        }
    }
}

/// The value of an unstructured header: encoded words where it is not ASCII.
pub(crate) fn unstructured(text: &str) -> String {
    let text = one_line(text);
    if text.is_ascii() && text.len() <= LINE_CHARS {
        text
    } else {
        encoded_words(&text)
    }
}

fn phrase(name: &str) -> String {
    let is_plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b' ' || b == b'-' || b == b'.');
    if is_plain {
        format!("\"{name}\"")
    } else {
        encoded_words(name)
    }
}

fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, more) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        words.push(format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
        rest = more;
    }
    words.join("\r\n ")
}

/// Nothing in a value may begin another header.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The list that a message with a way out belongs to (RFC 2919): what a sender
/// sends under one domain is one list, so that people can sort it.
pub(crate) fn list_id(sender: &Mailbox) -> String {
    format!("<ileti.{}>", sender.domain())
}

/// `Mon, 23 Jun 2025 10:00:00 +0300`.
pub(crate) fn date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let local = at.to_turkish();
    let pick = |list: &[&'static str], at: i8| {
        let at = usize::try_from(at).unwrap_or(1).saturating_sub(1);
        list.get(at).copied().unwrap_or_default()
    };
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} +0300",
        pick(&DAYS, local.weekday().to_monday_one_offset()),
        local.day(),
        pick(&MONTHS, local.month()),
        local.year(),
        local.hour(),
        local.minute(),
        local.second(),
    )
}

/// The content type of a body and the body: text alone, or text beside HTML.
pub(crate) fn body(text: &str, html: Option<&str>, boundary: &str) -> (Vec<Header>, String) {
    let plain = quoted_printable(text);
    let Some(html) = html else {
        let headers = vec![
            ("Content-Type", "text/plain; charset=utf-8".to_owned()),
            ("Content-Transfer-Encoding", "quoted-printable".to_owned()),
        ];
        return (headers, plain + "\r\n");
    };
    let mut out = String::with_capacity(plain.len() + html.len() + html.len() / 4 + 512);
    for (kind, content) in [("plain", plain), ("html", quoted_printable(html))] {
        let _ = write!(
            out,
            "--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n{content}\r\n"
        );
    }
    let _ = write!(out, "--{boundary}--\r\n");
    let content = format!("multipart/alternative; boundary=\"{boundary}\"");
    (vec![("Content-Type", content)], out)
}

/// RFC 2045 §6.7, with CRLF between lines and none at the end.
fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str("\r\n");
        }
        let line = line.strip_suffix('\r').unwrap_or(line);
        let bytes = line.as_bytes();
        let mut width = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let is_last = at + 1 == bytes.len();
            let is_plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~')
                || (matches!(byte, b' ' | b'\t') && !is_last);
            let cost = if is_plain { 1 } else { 3 };
            if width + cost > LINE_CHARS {
                out.push_str("=\r\n");
                width = 0;
            }
            if is_plain {
                out.push(char::from(*byte));
            } else {
                let _ = write!(out, "={byte:02X}");
            }
            width += cost;
        }
    }
    out
}

/// A line that begins with a point gets another one (RFC 5321 §4.5.2).
pub(crate) fn stuffed(message: &str) -> String {
    let mut out = String::with_capacity(message.len() + 16);
    if message.starts_with('.') {
        out.push('.');
    }
    out.push_str(&message.replace("\r\n.", "\r\n.."));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turkish_survives_subject_name_and_body() {
        let subject = unstructured(
            "Yaz indirimi: %30'a varan fırsatlar İstanbul ve Iğdır şubelerinde başladı!",
        );
        assert!(subject.is_ascii());
        assert!(subject.split("\r\n ").all(|word| word.len() <= 75));
        let decoded: String = subject
            .split("\r\n ")
            .map(|word| {
                let inner = word
                    .strip_prefix("=?UTF-8?B?")
                    .unwrap()
                    .strip_suffix("?=")
                    .unwrap();
                String::from_utf8(STANDARD.decode(inner).unwrap()).unwrap()
            })
            .collect();
        assert_eq!(
            decoded,
            "Yaz indirimi: %30'a varan fırsatlar İstanbul ve Iğdır şubelerinde başladı!"
        );
        let sender = Mailbox::parse("Örnek Sağlık <Kampanya@Ornek.com>").unwrap();
        assert_eq!(sender.address, "kampanya@ornek.com");
        assert!(sender.written().ends_with("?= <kampanya@ornek.com>"));
        let (_, text) = body("Sayın Şükrü,\nhoş geldiniz = iyi \n", None, "b");
        assert_eq!(
            text,
            "Say=C4=B1n =C5=9E=C3=BCkr=C3=BC,\r\nho=C5=9F geldiniz =3D iyi=20\r\n\r\n"
        );
    }

    #[test]
    fn no_line_is_longer_than_the_standard_allows_and_none_ends_a_message() {
        let long = "ş".repeat(500) + "\n.\n..nokta\n" + &"a".repeat(2_000);
        let (_, text) = body(&long, Some(&long), "=_b");
        assert!(text.split("\r\n").all(|line| line.len() <= 76));
        let stuffed = stuffed(&text);
        assert!(!stuffed.contains("\r\n.\r\n"));
        assert_eq!(stuffed.replace("\r\n..", "\r\n."), text);
        assert_eq!(super::stuffed(".a"), "..a");
    }

    #[test]
    fn a_value_never_begins_another_header() {
        for text in ["konu\r\nBcc: x@y.tr", "konu\nBcc: x@y.tr", "a\u{0}b"] {
            assert!(
                !unstructured(text).contains(['\r', '\n', '\u{0}']),
                "{text:?}"
            );
        }
        assert!(Mailbox::parse("a@ornek.com\r\nBcc: b@ornek.com").is_none());
        let named = Mailbox::parse("A\r\nBcc: b@ornek.com <a@ornek.com>").unwrap();
        assert!(!named.written().contains("\r\nBcc"));
    }

    #[test]
    fn a_date_is_written_as_in_mail() {
        let at: Timestamp = "2025-06-23T10:00:05+03:00".parse().unwrap();
        assert_eq!(date(at), "Mon, 23 Jun 2025 10:00:05 +0300");
    }
}
