//! What the provider says to a request, by the description's rules.

use super::account::Generic;
use super::description::Description;
use super::tree::{self, Format};
use crate::message::ClearedRequest;
use crate::outcome::{CallFailure, Class, Outcome, Refusal};
use crate::transport::{Answer, hand_over};

pub(super) async fn send(account: &Generic, request: &ClearedRequest) -> Outcome {
    let written = String::from_utf8_lossy(request.bytes());
    let call = &account.description().send.request;
    match hand_over(account.request(call, &written)).await {
        Ok(answer) => read(account.description(), &answer, request),
        Err(outcome) => outcome,
    }
}

fn read(described: &Description, answer: &Answer, request: &ClearedRequest) -> Outcome {
    let rules = &described.send.answer;
    let Ok(said) = rules.format.read(&answer.body) else {
        return unread(answer);
    };
    if rules.format == Format::Text {
        let text = said.as_str().unwrap_or_default();
        let reference = text.strip_prefix(rules.prefix.as_str()).unwrap_or_default();
        if answer.status.is_success()
            && !reference.is_empty()
            && reference.bytes().all(|byte| byte.is_ascii_digit())
            && !(rules.prefix.is_empty() && described.code(text).is_some())
        {
            return accepted(reference.to_owned(), Vec::new());
        }
        return if is_code(text) {
            refused(described, text, "")
        } else {
            unread(answer)
        };
    }
    let code = tree::text(&said, &rules.code);
    let words = tree::text(&said, &rules.words);
    if !rules.accepted.contains(&code) {
        return if code.is_empty() {
            unread(answer)
        } else {
            refused(described, &code, &words)
        };
    }
    let reference = tree::text(&said, &rules.reference);
    if reference.is_empty() || !answer.status.is_success() {
        return unread(answer);
    }
    let Some(people) = &rules.people else {
        return accepted(reference, Vec::new());
    };
    let rows = tree::rows(&said, &people.list).unwrap_or_default();
    if rows.len() != request.messages().len() {
        return Outcome::Unknown {
            text: format!("the answer does not tell everyone: {}", answer.excerpt()),
        };
    }
    let each = rows.iter().zip(request.messages());
    let refusals = each.filter_map(|(row, message)| {
        let code = tree::text(row, &people.code);
        (!people.accepted.contains(&code)).then(|| {
            let (class, words) = described.code(&code).unwrap_or((Class::Undocumented, ""));
            Refusal {
                message: *message,
                class,
                text: or_raw(words, &code),
                code,
            }
        })
    });
    accepted(reference, refusals.collect())
}

/// Two or three letters or digits, as services answer with when they refuse.
pub(super) fn is_code(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn or_raw(words: &str, raw: &str) -> String {
    if words.is_empty() { raw } else { words }.to_owned()
}

fn accepted(reference: String, refused: Vec<Refusal>) -> Outcome {
    Outcome::Accepted { reference, refused }
}

/// The provider's own words come first, ours where it sends numbers only.
fn refused(described: &Description, code: &str, words: &str) -> Outcome {
    let (class, ours) = described.code(code).unwrap_or((Class::Undocumented, ""));
    let text = if words.is_empty() { ours } else { words };
    match class {
        Class::Duplicate => Outcome::Unknown {
            text: format!("{code} {text}"),
        },
        class => Outcome::Refused {
            class,
            code: code.to_owned(),
            text: or_raw(text, code),
        },
    }
}

/// Neither taken nor refused in a way the description knows.
fn unread(answer: &Answer) -> Outcome {
    if answer.status.is_success() {
        Outcome::Unknown {
            text: format!("the answer could not be read: {}", answer.excerpt()),
        }
    } else {
        Outcome::Refused {
            class: answer.class(),
            code: answer.status.as_u16().to_string(),
            text: answer.excerpt(),
        }
    }
}

/// The failure of a call that hands nothing over, if the answer tells one.
pub(super) fn failure(described: &Description, code: &str, answer: &Answer) -> CallFailure {
    CallFailure {
        class: described
            .code(code)
            .map_or_else(|| answer.class(), |(class, _)| class),
        text: answer.excerpt(),
    }
}
