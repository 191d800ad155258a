//! Opening a session and handing one request over.

use std::sync::LazyLock;
use std::time::Duration;

use domain::Timestamp;
use domain::time::DAY_US;
use http::HeaderValue;
use reqwest::RequestBuilder;
use serde_json::Value;

use super::account::Turkcell;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::{Class, Outcome};
use crate::transport::{Answer, hand_over};

static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/turkcell_send.tsv")));

/// The session is not open any more: surely nothing was taken.
const SESSION_OVER: [u16; 2] = [908, 918];

/// Turkcell starts nothing before 09:00 or after 21:00: nothing was taken, and
/// the same request is good again when it opens.
const CLOSED: [u16; 2] = [869, 938];
const OPENS_AT_HOUR: i8 = 9;
/// Where an answer does not tell the time.
const CLOSED_WAIT: Duration = Duration::from_hours(1);

pub(super) async fn send(account: &Turkcell, request: &ClearedRequest) -> Outcome {
    let mut spent: Option<HeaderValue> = None;
    loop {
        let token = match account.session(spent.as_ref()).await {
            Ok(token) => token,
            Err(outcome) => return outcome,
        };
        match hand_over(account.hand_out(token.clone(), request)).await {
            // Renewed once: a session that ends at once has another cause.
            Ok(answer) if spent.is_none() && SESSION_OVER.contains(&answer.status.as_u16()) => {
                spent = Some(token);
            }
            Ok(answer) => return read(&answer, request),
            Err(outcome) => return outcome,
        }
    }
}

/// Opens a session. Whatever goes wrong here, no message has left.
pub(super) async fn opened(login: RequestBuilder) -> Result<HeaderValue, Outcome> {
    let not_sent = |text: &str| Outcome::NotSent {
        text: format!("no session: {text}"),
        retry_after: None,
    };
    let answer = match hand_over(login).await {
        Ok(answer) => answer,
        Err(Outcome::Unknown { text }) => return Err(not_sent(&text)),
        Err(outcome) => return Err(outcome),
    };
    if !answer.status.is_success() {
        return Err(refused(&answer));
    }
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let token = said
        .as_ref()
        .and_then(|said| said["token"].as_str())
        .filter(|token| !token.is_empty())
        .and_then(|token| HeaderValue::from_str(token).ok());
    // The answer is not quoted: it may hold the token.
    let Some(mut token) = token else {
        return Err(not_sent("the answer names no token"));
    };
    token.set_sensitive(true);
    Ok(token)
}

fn read(answer: &Answer, request: &ClearedRequest) -> Outcome {
    if !answer.status.is_success() {
        return refused(answer);
    }
    // The form of the answer is not published: a number of the request is kept
    // where one is told, our key otherwise.
    let Ok(said) = serde_json::from_slice::<Value>(&answer.body) else {
        return Outcome::Unknown {
            text: format!("the answer could not be read: {}", answer.excerpt()),
        };
    };
    let told = ["id", "packetId", "campaignId", "transactionId"]
        .iter()
        .map(|name| &said[*name])
        .find_map(|id| match id {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
    Outcome::Accepted {
        reference: told.unwrap_or_else(|| request.key().to_owned()),
        refused: Vec::new(),
    }
}

fn refused(answer: &Answer) -> Outcome {
    let code = answer.status.as_u16().to_string();
    let text = format!("{} {}", CODES.name(&code), answer.excerpt())
        .trim()
        .to_owned();
    if CLOSED.contains(&answer.status.as_u16()) {
        let wait = answer.answered_at.map_or(CLOSED_WAIT, until_it_opens);
        return Outcome::NotSent {
            text,
            retry_after: Some(wait),
        };
    }
    let known = CODES.get(&code);
    Outcome::Refused {
        class: known
            .and_then(|meaning| meaning.class)
            .unwrap_or_else(|| undocumented(answer)),
        text,
        code,
    }
}

/// From `now` to the next 09:00 in Turkey. Refused by day (a holiday), it is tomorrow's.
fn until_it_opens(now: Timestamp) -> Duration {
    let today = now.to_turkish().date().at(OPENS_AT_HOUR, 0, 0, 0);
    let wait_us = Timestamp::from_turkish(today).since(now);
    let wait_us = if wait_us > 0 {
        wait_us
    } else {
        wait_us + DAY_US
    };
    Duration::from_micros(wait_us.unsigned_abs())
}

/// A status of Turkcell's own that is not listed, or an ordinary one.
fn undocumented(answer: &Answer) -> Class {
    if answer.status.as_u16() >= 600 {
        Class::Undocumented
    } else {
        answer.class()
    }
}

/// What an outcome says, for people.
pub(super) fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { text, .. }
        | Outcome::NotSent { text, .. }
        | Outcome::Unknown { text } => text.clone(),
        Outcome::Accepted { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_at_nine_in_turkey() {
        for (now, minutes) in [
            ("2026-09-01T21:00:00+03:00", 12 * 60),
            ("2026-09-01T23:59:00+03:00", 9 * 60 + 1),
            ("2026-09-02T00:00:00+03:00", 9 * 60),
            ("2026-09-02T08:59:00+03:00", 1),
            // Closed although it is day: it opens tomorrow.
            ("2026-09-02T09:00:00+03:00", 24 * 60),
            ("2026-09-02T12:00:00+03:00", 21 * 60),
        ] {
            let wait = until_it_opens(now.parse().unwrap());
            assert_eq!(wait, Duration::from_mins(minutes), "{now}");
        }
    }
}
