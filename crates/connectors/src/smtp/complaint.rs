//! Refusals that come by mail to the bounce address: complaints that a mailbox
//! provider passes on (ARF, RFC 5965), and mails to a message's way out
//! (`List-Unsubscribe` by `mailto:`, RFC 2369).
//!
//! Both carry an address of ours with a mark that cannot be made up, and name
//! the message; whom they name besides is not believed.

use domain::ids::MessageRef;

use super::bounce::{DEPTH_MAX, Verp, decoded, header, is_automatic_answer, parts};
use crate::receipt::{Inbox, Stop, UnreadablePush};

/// How a complaint is shown among the replies.
const COMPLAINT: &str = "abuse report";
/// How a mail to the way out is shown.
const WAY_OUT: &str = "unsubscribe mail";
/// The kind of report that takes a complaint back.
const NO_COMPLAINT: &str = "not-spam";
/// Where a message says whom it went to.
const TO: [&str; 5] = ["to", "cc", "delivered-to", "x-original-to", "envelope-to"];

/// Whether a message that came to the bounce address may be a refusal.
pub(super) fn may_be_refusal(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    text.contains("feedback-report") || text.contains("+ret-")
}

/// Whether it is one, by all marks.
pub(super) fn is_refusal(text: &str, verp: &Verp) -> bool {
    is_report(text) || way_out(text, verp).is_some()
}

/// Reads the refusals among what came to the bounce address.
pub(super) fn refusals(body: &[u8], verp: Option<&Verp>) -> Result<Inbox, UnreadablePush> {
    let text = String::from_utf8_lossy(body).replace("\r\n", "\n");
    let Some(verp) = verp else {
        return Err(UnreadablePush(
            "the account has no bounce address to read it by".to_owned(),
        ));
    };
    let has_headers = text
        .split_once("\n\n")
        .is_some_and(|(headers, _)| headers.contains(':'));
    if !has_headers {
        return Err(UnreadablePush("it is no message with headers".to_owned()));
    }
    let mut inbox = Inbox::default();
    if is_report(&text) {
        complaint(&text, verp, &mut inbox);
    } else if let Some(message) = way_out(&text, verp) {
        inbox.stops.push(stop(message, WAY_OUT));
    }
    Ok(inbox)
}

/// The dates of such mails are the sender's own; it counts from when it came.
fn stop(message: MessageRef, by: &str) -> Stop {
    Stop {
        message,
        by: by.to_owned(),
        at: None,
    }
}

fn is_report(text: &str) -> bool {
    let Some((headers, _)) = text.split_once("\n\n") else {
        return false;
    };
    header(headers, "content-type").is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.starts_with("multipart/report") && kind.contains("feedback-report")
    })
}

/// The message whose way out a mail went to. Where it went stands in its own
/// headers only: a mail that it answers or encloses names its way out as well.
fn way_out(text: &str, verp: &Verp) -> Option<MessageRef> {
    let (headers, _) = text.split_once("\n\n")?;
    if is_automatic_answer(headers) {
        return None;
    }
    TO.iter()
        .filter_map(|name| header(headers, name))
        .find_map(|address| verp.way_out_in(&address))
}

/// The report names its kind in one part; our marked address stands there, as
/// whom the message came from, or in the headers of the message it encloses.
fn complaint(text: &str, verp: &Verp, inbox: &mut Inbox) {
    let parts = parts(text, DEPTH_MAX);
    let read: Vec<(String, String)> = parts
        .iter()
        .filter_map(|part| {
            let (headers, body) = part.split_once("\n\n")?;
            let kind = header(headers, "content-type").unwrap_or_default();
            Some((kind.to_ascii_lowercase(), decoded(headers, body)))
        })
        .collect();
    let report = read
        .iter()
        .find(|(kind, _)| kind.starts_with("message/feedback-report"));
    let Some((_, report)) = report else {
        inbox.unreadable += 1;
        return;
    };
    let kind = header(report, "feedback-type").unwrap_or_default();
    if kind.trim().eq_ignore_ascii_case(NO_COMPLAINT) {
        return;
    }
    let named = |text: &str| verp.message_in(text).or_else(|| verp.way_out_in(text));
    let message = named(report).or_else(|| read.iter().find_map(|(_, text)| named(text)));
    match message {
        Some(message) => inbox.stops.push(stop(message, COMPLAINT)),
        None => inbox.unreadable += 1,
    }
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

    fn report(kind: &str, mail_from: &str, enclosed: &str) -> String {
        format!(
            "From: <abuse@posta.test>\r\nTo: <donus@ornek.com>\r\nSubject: FW: Yaz\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report;\r\n\
             \tboundary=\"b1\"\r\n\r\n\
             --b1\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n\r\n\
             --b1\r\nContent-Type: message/feedback-report\r\n\r\n\
             Feedback-Type: {kind}\r\nUser-Agent: PostaFBL/1.0\r\nVersion: 1\r\n\
             Original-Mail-From: {mail_from}\r\nSource-IP: 192.0.2.1\r\n\r\n\
             --b1\r\nContent-Type: message/rfc822\r\n\r\n{enclosed}\r\n\r\nYaz\r\n\r\n--b1--\r\n"
        )
    }

    fn read(text: &str) -> Inbox {
        assert!(may_be_refusal(text.as_bytes()));
        refusals(text.as_bytes(), Some(&verp())).unwrap()
    }

    #[test]
    fn a_complaint_is_a_refusal_of_the_message_whose_mark_of_ours_it_carries() {
        let from = format!("<{}>", verp().address_of(message()));
        let way_out = format!(
            "List-Unsubscribe: <https://a.tr/u/x>,\r\n <mailto:{}>",
            verp().way_out_of(message())
        );
        let returned = format!("Return-Path: {from}\r\nSubject: Yaz");
        for (mail_from, enclosed) in [
            (from.as_str(), "Subject: Yaz"),
            ("<redacted@posta.test>", returned.as_str()),
            ("<redacted@posta.test>", way_out.as_str()),
        ] {
            let inbox = read(&report("abuse", mail_from, enclosed));
            assert_eq!(inbox.stops.len(), 1, "{enclosed}");
            assert_eq!(inbox.stops[0].message, message());
            assert_eq!(inbox.unreadable, 0);
        }
        let inbox = read(&report("not-spam", &from, "Subject: Yaz"));
        assert_eq!(inbox, Inbox::default(), "taken back");
        let other = Verp::new("donus@ornek.com", "baska").unwrap();
        let forged = other.address_of(message());
        let inbox = read(&report("abuse", &forged, "Subject: Yaz"));
        assert_eq!((inbox.stops.len(), inbox.unreadable), (0, 1), "forged");
    }

    #[test]
    fn a_mail_to_the_way_out_refuses_and_an_automatic_answer_or_a_bounce_does_not() {
        let out = verp().way_out_of(message());
        let mail = |more: &str| {
            format!("From: <kisi@posta.test>\r\nTo: <{out}>\r\n{more}Subject: \r\n\r\n")
        };
        let inbox = read(&mail(""));
        assert_eq!(inbox.stops.len(), 1);
        assert_eq!(inbox.stops[0].message, message());
        let holiday = read(&mail("Auto-Submitted: auto-replied\r\n"));
        assert_eq!(holiday, Inbox::default());
        // A bounce encloses the message, whose headers name the way out.
        let bounce = format!(
            "To: <{}>\r\nSubject: Undelivered\r\n\r\nList-Unsubscribe: <mailto:{out}>\r\n",
            verp().address_of(message())
        );
        assert_eq!(read(&bounce), Inbox::default());
        // And the way out is no bounce address, nor made from one.
        let forged = verp().address_of(message()).replace('+', "+ret-");
        assert_eq!(verp().way_out_in(&forged), None);
        assert_eq!(verp().message_in(&out), None);
    }

    #[test]
    fn no_bytes_stop_the_reader() {
        for bytes in [
            &b""[..],
            b"\xff\xfe+ret-",
            b"Content-Type: multipart/report; report-type=feedback-report\n\n--\n",
            b"Content-Type: multipart/report; report-type=feedback-report; boundary=\"a\"\n\n--a\n--a--\n",
        ] {
            let _ = refusals(bytes, Some(&verp()));
        }
    }
}
