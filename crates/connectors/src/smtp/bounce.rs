//! Bounces: addresses that name a message and cannot be made up (VERP), and
//! what a server reports about undelivered mail (RFC 3464). Complaints and mails
//! to the way out come to the same mailbox; see [`super::complaint`].
//!
//! Anybody can mail a forged report, so its address must carry our mark; the
//! recipient that it names is never believed by itself.

use std::fmt::Write as _;

use domain::ids::MessageRef;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha2::{Digest, Sha256};

use super::reply::{CODES, enhanced_code, is_dead};
use crate::receipt::{Receipt, ReceiptState, Receipts, UnreadablePush};

/// Bytes of the mark.
const MARK_BYTES: usize = 10;
/// What stands before the message in the address of its way out.
const WAY_OUT: &str = "ret-";
/// Parts of a message that are looked at.
const PARTS_MAX: usize = 32;
/// How deep parts may stand in parts.
pub(super) const DEPTH_MAX: usize = 4;

/// Makes and reads the addresses that bounces come back to.
#[derive(Debug, Clone)]
pub(crate) struct Verp {
    local: String,
    domain: String,
    key: std::sync::Arc<SecretBox<[u8; 32]>>,
}

impl Verp {
    /// For a mailbox; the mark's key is made from the account's secrets.
    pub(crate) fn new(address: &str, secret: &str) -> Option<Self> {
        let (local, domain) = address.split_once('@')?;
        let key: [u8; 32] = Sha256::new()
            .chain_update(b"izinli bounce\0")
            .chain_update(address.as_bytes())
            .chain_update(b"\0")
            .chain_update(secret.as_bytes())
            .finalize()
            .into();
        Some(Self {
            local: local.to_owned(),
            domain: domain.to_owned(),
            key: std::sync::Arc::new(SecretBox::new(Box::new(key))),
        })
    }

    /// The domain that bounces come to.
    pub(super) fn domain(&self) -> &str {
        &self.domain
    }

    /// `donus+7-1-2a.0123456789abcdef0123@ornek.com`.
    pub(super) fn address_of(&self, message: MessageRef) -> String {
        let name = message.to_string();
        format!("{}+{name}.{}@{}", self.local, self.mark(&name), self.domain)
    }

    /// `donus+ret-7-1-2a.…@ornek.com`: a mail to it refuses. Its mark is another,
    /// so that no bounce is taken for a refusal, nor the other way round.
    pub(super) fn way_out_of(&self, message: MessageRef) -> String {
        let name = format!("{WAY_OUT}{message}");
        format!("{}+{name}.{}@{}", self.local, self.mark(&name), self.domain)
    }

    /// The message that an address in a text names, if the mark is ours.
    pub(super) fn message_in(&self, text: &str) -> Option<MessageRef> {
        self.named_in(text, "")
    }

    /// The message whose way out stands in a text, if the mark is ours.
    pub(super) fn way_out_in(&self, text: &str) -> Option<MessageRef> {
        self.named_in(text, WAY_OUT)
    }

    fn named_in(&self, text: &str, kind: &str) -> Option<MessageRef> {
        let front = format!("{}+", self.local);
        let text = text.to_ascii_lowercase();
        text.match_indices(&front).find_map(|(at, _)| {
            let rest = text.get(at + front.len()..)?;
            let (name, rest) = rest.split_once('.')?;
            let mark = rest.get(..MARK_BYTES * 2)?;
            let is_ours = rest
                .get(MARK_BYTES * 2..)?
                .starts_with(&format!("@{}", self.domain));
            let is_marked =
                subtle::ConstantTimeEq::ct_eq(self.mark(name).as_bytes(), mark.as_bytes());
            (is_ours && bool::from(is_marked))
                .then(|| name.strip_prefix(kind)?.parse().ok())
                .flatten()
        })
    }

    fn mark(&self, name: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose_secret())
            .expect("HMAC takes keys of any length");
        mac.update(name.as_bytes());
        let mark = mac.finalize().into_bytes();
        mark.iter()
            .take(MARK_BYTES)
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// Reads a message that came to the bounce address.
pub(super) fn receipts(body: &[u8], verp: Option<&Verp>) -> Result<Receipts, UnreadablePush> {
    let text = String::from_utf8_lossy(body);
    let text = text.replace("\r\n", "\n");
    let (headers, _) = text
        .split_once("\n\n")
        .filter(|(headers, _)| headers.contains(':'))
        .ok_or_else(|| UnreadablePush("it is no message with headers".to_owned()))?;
    let mut receipts = Receipts::default();
    if is_automatic_answer(headers) {
        receipts.foreign += 1;
        return Ok(receipts);
    }
    let Some(verp) = verp else {
        return Err(UnreadablePush(
            "the account has no bounce address to read it by".to_owned(),
        ));
    };
    if super::complaint::is_refusal(&text, verp) {
        // No receipt: it is read among the replies.
        return Ok(receipts);
    }
    let Some(message) = verp.message_in(&text) else {
        receipts.foreign += 1;
        return Ok(receipts);
    };
    match report(&text) {
        Some(report) => receipts.receipts.extend(receipt(message, &report)),
        None => match code_in_words(&text) {
            Some(code) => receipts.receipts.extend(receipt(
                message,
                &Report {
                    action: "failed".to_owned(),
                    status: code,
                    diagnostic: subject(headers),
                },
            )),
            None => receipts.unreadable += 1,
        },
    }
    Ok(receipts)
}

/// What a report says about one recipient.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    action: String,
    status: String,
    diagnostic: String,
}

fn receipt(message: MessageRef, report: &Report) -> Option<Receipt> {
    let state = match report.action.as_str() {
        "failed" => ReceiptState::Undelivered,
        "delivered" => ReceiptState::Delivered,
        // Handed on; it is still under way or no more is reported.
        "relayed" | "expanded" => ReceiptState::Sent,
        // Not a failure: the server goes on trying.
        _ => return None,
    };
    let words = if report.diagnostic.is_empty() {
        CODES.name(&report.status).to_owned()
    } else {
        report.diagnostic.clone()
    };
    Some(Receipt {
        message,
        state,
        hard_bounce: state == ReceiptState::Undelivered
            && is_dead(Some(&report.status), &report.status, &words),
        provider_code: report.status.clone(),
        provider_text: words,
        operator_code: None,
        happened_at: None,
    })
}

/// The first recipient's block of a delivery report.
fn report(message: &str) -> Option<Report> {
    parts(message, DEPTH_MAX).into_iter().find_map(|part| {
        let (headers, body) = part.split_once("\n\n")?;
        let kind = header(headers, "content-type")?.to_ascii_lowercase();
        if !kind.starts_with("message/delivery-status")
            && !kind.starts_with("message/global-delivery-status")
        {
            return None;
        }
        let body = decoded(headers, body);
        body.split("\n\n").find_map(|block| {
            let action = header(block, "action")?;
            let status = header(block, "status")?;
            let status = status.split_ascii_whitespace().next()?.to_owned();
            enhanced_code(&status).then(|| Report {
                action: action.trim().to_ascii_lowercase(),
                status,
                diagnostic: header(block, "diagnostic-code")
                    .map(|text| without_type(&text))
                    .unwrap_or_default(),
            })
        })
    })
}

/// `smtp; 550 5.1.1 …` without the type.
fn without_type(text: &str) -> String {
    let words = text.split_once(';').map_or(text, |(_, words)| words);
    words.trim().chars().take(300).collect()
}

/// The parts of a message, those of parts included.
pub(super) fn parts(message: &str, depth: usize) -> Vec<String> {
    let Some((headers, body)) = message.split_once("\n\n") else {
        return Vec::new();
    };
    let boundary = header(headers, "content-type").and_then(|kind| boundary(&kind));
    let Some(boundary) = boundary.filter(|_| depth > 0) else {
        return vec![message.to_owned()];
    };
    let line = format!("--{boundary}");
    let mut found = Vec::new();
    let mut open: Option<String> = None;
    for text in body.split('\n') {
        if text.trim_end() == line || text.trim_end() == format!("{line}--") {
            found.extend(open.take());
            if text.trim_end() == line && found.len() < PARTS_MAX {
                open = Some(String::new());
            }
        } else if let Some(part) = &mut open {
            part.push_str(text);
            part.push('\n');
        }
    }
    found.extend(open);
    found
        .into_iter()
        .flat_map(|part| parts(&part, depth - 1))
        .take(PARTS_MAX)
        .collect()
}

fn boundary(kind: &str) -> Option<String> {
    if !kind.to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let at = kind.to_ascii_lowercase().find("boundary=")?;
    let rest = kind.get(at + "boundary=".len()..)?;
    let text = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([';', ' ', '\t']).next()?,
    };
    (!text.is_empty()).then(|| text.to_owned())
}

/// The value of a header, unfolded; names are compared in any case.
pub(super) fn header(headers: &str, name: &str) -> Option<String> {
    let mut lines = headers.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((found, value)) = line.split_once(':') else {
            continue;
        };
        if !found.trim().eq_ignore_ascii_case(name) {
            continue;
        }
        let mut whole = value.trim().to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
            whole.push(' ');
            whole.push_str(more.trim());
        }
        return Some(whole);
    }
    None
}

pub(super) fn decoded(headers: &str, body: &str) -> String {
    use base64::Engine as _;
    let coding = header(headers, "content-transfer-encoding").unwrap_or_default();
    match coding.to_ascii_lowercase().as_str() {
        "base64" => {
            let plain: String = body.split_ascii_whitespace().collect();
            base64::engine::general_purpose::STANDARD
                .decode(plain)
                .map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
                .unwrap_or_default()
        }
        // Only its soft line breaks matter in the fields that are read.
        "quoted-printable" => body.replace("=\n", ""),
        _ => body.to_owned(),
    }
}

/// RFC 3834: somebody is on holiday, which is no bounce.
pub(super) fn is_automatic_answer(headers: &str) -> bool {
    let answered = header(headers, "auto-submitted")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("auto-replied"));
    let is_report = header(headers, "content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("report"));
    answered && !is_report
}

fn subject(headers: &str) -> String {
    header(headers, "subject")
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect()
}

/// The first failure code in a report that is written for people only.
fn code_in_words(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || "();,<>[]#".contains(c))
        .find(|word| enhanced_code(word) && word.starts_with("5.") && *word != "5.0.0")
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use domain::ids::{CampaignId, RecipientId};

    use super::*;

    fn message() -> MessageRef {
        MessageRef {
            campaign: CampaignId::from_db(7),
            batch_no: 3,
            recipient: RecipientId::from_db(41),
        }
    }

    fn verp() -> Verp {
        Verp::new("donus@ornek.com", "gizli").unwrap()
    }

    fn dsn(to: &str, action: &str, status: &str, diagnostic: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.baska.tr\r\nTo: {to}\r\nSubject: Undelivered\r\n\
             Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b/1\"\r\n\r\n\
             --b/1\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n\r\n\
             --b/1\r\nContent-Type: message/delivery-status\r\n\r\n\
             Reporting-MTA: dns; mx.baska.tr\r\nArrival-Date: Mon, 23 Jun 2025 10:00:00 +0300\r\n\r\n\
             Final-Recipient: rfc822; kimse@baska.tr\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; {diagnostic}\r\n\r\n\
             --b/1\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Kampanya\r\n\r\n--b/1--\r\n"
        )
    }

    #[test]
    fn a_report_about_a_dead_mailbox_is_a_hard_bounce_of_the_message_it_was_sent_for() {
        let to = verp().address_of(message());
        let read = receipts(
            dsn(&to, "failed", "5.1.1", "550 5.1.1 User unknown").as_bytes(),
            Some(&verp()),
        )
        .unwrap();
        assert_eq!(read.receipts.len(), 1);
        let receipt = &read.receipts[0];
        assert_eq!(receipt.message, message());
        assert_eq!(receipt.state, ReceiptState::Undelivered);
        assert_eq!(receipt.provider_code, "5.1.1");
        assert_eq!(receipt.provider_text, "550 5.1.1 User unknown");
        assert!(receipt.hard_bounce);
    }

    #[test]
    fn a_full_mailbox_or_a_policy_is_no_dead_address_and_a_delay_is_no_failure() {
        let to = verp().address_of(message());
        let read = |action: &str, status: &str| {
            let text = dsn(&to, action, status, "words");
            receipts(text.as_bytes(), Some(&verp())).unwrap().receipts
        };
        for status in ["5.2.2", "5.7.26", "4.4.7", "5.3.4"] {
            let found = read("failed", status);
            assert_eq!(found.len(), 1, "{status}");
            assert!(!found[0].hard_bounce, "{status}");
        }
        assert!(read("delayed", "4.4.1").is_empty());
        assert_eq!(read("delivered", "2.0.0")[0].state, ReceiptState::Delivered);
    }

    #[test]
    fn a_forged_report_moves_nothing() {
        let ours = verp().address_of(message());
        let other = Verp::new("donus@ornek.com", "baska").unwrap();
        for to in [
            "donus@ornek.com".to_owned(),
            other.address_of(message()),
            ours.replacen("+7-", "+8-", 1),
            ours.replace("@ornek.com", "@baska.com"),
        ] {
            let text = dsn(&to, "failed", "5.1.1", "x");
            let read = receipts(text.as_bytes(), Some(&verp())).unwrap();
            assert_eq!((read.receipts.len(), read.foreign), (0, 1), "{to}");
        }
    }

    #[test]
    fn a_holiday_answer_is_no_bounce_and_a_report_in_words_is_read_as_far_as_it_goes() {
        let to = verp().address_of(message());
        let holiday =
            format!("To: {to}\nAuto-Submitted: auto-replied\nSubject: Tatildeyim\n\nYokum 5.1.1");
        let read = receipts(holiday.as_bytes(), Some(&verp())).unwrap();
        assert_eq!((read.receipts.len(), read.foreign), (0, 1));
        let words = format!(
            "To: <{to}>\nSubject: failure notice\n\n<k@b.tr>: host said: 550 #5.1.1 unknown"
        );
        let read = receipts(words.as_bytes(), Some(&verp())).unwrap();
        assert_eq!(read.receipts.len(), 1);
        assert!(read.receipts[0].hard_bounce);
        let nothing = format!("To: <{to}>\nSubject: hm\n\nbir sorun oldu");
        let read = receipts(nothing.as_bytes(), Some(&verp())).unwrap();
        assert_eq!((read.receipts.len(), read.unreadable), (0, 1));
    }

    #[test]
    fn no_bytes_stop_the_reader() {
        for bytes in [
            &b""[..],
            b"\xff\xfe",
            b"Content-Type: multipart/report; boundary=\n\n--\n",
            b"Content-Type: multipart/x; boundary=\"a\"\n\n--a\n--a\n--a--\n",
        ] {
            let _ = receipts(bytes, Some(&verp()));
        }
    }
}
