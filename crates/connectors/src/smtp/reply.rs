//! A server's replies: read from the wire, and what each asks of us.

use std::sync::LazyLock;
use std::time::Duration;

use crate::codes::Codes;
use crate::outcome::{Class, Outcome};

pub(super) static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/smtp_reply.tsv")));

/// Codes that say that the address is dead, so that trying it again is pointless.
const DEAD: [&str; 8] = [
    "5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.0", "5.2.1",
];
/// Three digits that say so where no enhanced code stands beside them.
const DEAD_BARE: [&str; 3] = ["550", "551", "553"];
/// The reply of a server that closes the connection.
const CLOSING: u16 = 421;
/// What a server asks for by saying "later" without a time.
const LATER: Duration = Duration::from_mins(5);

/// One reply, all its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl Reply {
    pub(super) fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// The enhanced code at the front of the text, if it fits the three digits.
    pub(super) fn enhanced(&self) -> Option<&str> {
        let first = self.lines.first()?.split_ascii_whitespace().next()?;
        let is_code = enhanced_code(first) && first.starts_with(['2', '4', '5']);
        let fits = first
            .as_bytes()
            .first()
            .map(|digit| u16::from(digit - b'0'))
            == Some(self.code / 100);
        (is_code && fits).then_some(first)
    }

    /// As people see it: `550 5.1.1 User unknown`.
    pub(super) fn text(&self) -> String {
        let text: String = self.lines.join(" ").chars().take(300).collect();
        format!("{} {text}", self.code).trim_end().to_owned()
    }

    /// The code that is kept: the enhanced one where there is one.
    pub(super) fn known_as(&self) -> String {
        self.enhanced()
            .map_or_else(|| self.code.to_string(), str::to_owned)
    }

    pub(super) fn class(&self) -> Class {
        class(self.enhanced(), &self.code.to_string(), &self.text())
    }

    /// What became of the message that was answered so. A server that closes
    /// the connection says nothing about the message; any other "later" does,
    /// and is counted.
    pub(super) fn outcome(&self) -> Outcome {
        match self.class() {
            Class::Transient if self.code == CLOSING => self.later(),
            class => self.refusal(class),
        }
    }

    /// What became of a message when a server let nobody in, which says nothing
    /// about the message.
    pub(super) fn at_the_door(&self) -> Outcome {
        match self.class() {
            Class::Transient => self.later(),
            _ => self.refusal(Class::Account),
        }
    }

    fn later(&self) -> Outcome {
        Outcome::NotSent {
            text: self.text(),
            retry_after: Some(LATER),
        }
    }

    fn refusal(&self, class: Class) -> Outcome {
        Outcome::Refused {
            class,
            code: self.known_as(),
            text: self.text(),
        }
    }
}

/// `D.DDD.DDD`.
pub(super) fn enhanced_code(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_number = |part: Option<&str>, most: usize| {
        part.is_some_and(|part| {
            (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        })
    };
    is_number(parts.next(), 1)
        && is_number(parts.next(), 3)
        && is_number(parts.next(), 3)
        && parts.next().is_none()
}

/// The enhanced code decides, then its family, then the three digits.
pub(super) fn class(enhanced: Option<&str>, code: &str, text: &str) -> Class {
    if let Some(enhanced) = enhanced {
        if enhanced == "5.2.1" && is_about_rate(text) {
            return Class::Transient;
        }
        if let Some(class) = CODES.get(enhanced).and_then(|meaning| meaning.class) {
            return class;
        }
        if enhanced.starts_with('4') {
            return Class::Transient;
        }
        if enhanced.starts_with("5.7.") || enhanced.starts_with("5.1.") {
            return Class::Permanent;
        }
    }
    match CODES.get(code).and_then(|meaning| meaning.class) {
        Some(class) => class,
        None if code.starts_with('4') => Class::Transient,
        None => Class::Undocumented,
    }
}

/// Whether a refusal says that the address itself is dead.
pub(super) fn is_dead(enhanced: Option<&str>, code: &str, text: &str) -> bool {
    match enhanced {
        Some("5.2.1") => !is_about_rate(text),
        Some(enhanced) => DEAD.contains(&enhanced),
        None => DEAD_BARE.contains(&code) && speaks_of_a_mailbox(text),
    }
}

/// The same code stands for a closed account and for too much mail to an open one.
fn is_about_rate(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("rate") || text.contains("too many") || text.contains("too much")
}

/// A bare 550 is policy as often as it is an unknown mailbox.
fn speaks_of_a_mailbox(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    [
        "user unknown",
        "unknown user",
        "no such user",
        "no such recipient",
        "does not exist",
        "doesn't exist",
        "mailbox not found",
        "mailbox unavailable",
        "recipient not found",
        "no mailbox",
        "invalid recipient",
    ]
    .iter()
    .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        let (code, rest) = text.split_once(' ').unwrap();
        Reply {
            code: code.parse().unwrap(),
            lines: vec![rest.to_owned()],
        }
    }

    #[test]
    fn each_reply_has_the_class_and_only_dead_mailboxes_are_dead() {
        use Class::{Account, Permanent, Request, Transient, Undocumented};
        for (text, class, dead) in [
            ("550 5.1.1 <x@y.tr>: User unknown", Permanent, true),
            ("550 5.1.10 null MX", Permanent, true),
            ("550 5.2.1 The account is disabled", Permanent, true),
            ("550 5.2.1 receiving mail at a rate that", Transient, false),
            ("552 5.2.2 over quota", Transient, false),
            ("550 5.7.1 blocked", Permanent, false),
            ("550 5.7.26 unauthenticated", Permanent, false),
            ("550 5.7.515 access denied", Permanent, false),
            ("554 5.7.1 spam", Permanent, false),
            ("552 5.3.4 too big", Permanent, false),
            ("535 5.7.8 bad password", Account, false),
            ("530 must authenticate", Account, false),
            ("535 authentication failed", Account, false),
            ("421 4.7.28 unusual rate", Transient, false),
            ("450 4.2.1 busy", Transient, false),
            ("451 greylisted", Transient, false),
            ("500 what", Request, false),
            ("550 No such user here", Permanent, true),
            ("550 rejected by policy", Permanent, false),
            ("571 odd", Undocumented, false),
        ] {
            let reply = reply(text);
            assert_eq!(reply.class(), class, "{text}");
            let code = reply.code.to_string();
            assert_eq!(
                is_dead(reply.enhanced(), &code, &reply.text()),
                dead,
                "{text}"
            );
        }
    }

    #[test]
    fn an_enhanced_code_of_another_family_is_none() {
        assert_eq!(reply("550 5.1.1 x").enhanced(), Some("5.1.1"));
        for text in [
            "550 2.1.1 x",
            "550 x",
            "550 5.1 x",
            "550 5.1.1.1 x",
            "550 5.1111.1 x",
        ] {
            assert_eq!(reply(text).enhanced(), None, "{text}");
        }
    }
}
