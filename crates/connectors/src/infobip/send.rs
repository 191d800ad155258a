//! Handing one request over, and reading what Infobip says to it.

use std::borrow::Cow;
use std::collections::HashSet;

use domain::ids::MessageRef;
use http::StatusCode;
use http::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;

use super::account::Infobip;
use super::status::Status;
use crate::message::ClearedRequest;
use crate::outcome::{Class, Outcome, Refusal};
use crate::transport::{Answer, Exchange, exchange};

/// Longest piece of an unreadable answer that is kept, in characters.
const EXCERPT_CHARS_MAX: usize = 300;

pub(super) async fn send(account: &Infobip, request: &ClearedRequest) -> Outcome {
    let outgoing = account
        .post("/sms/3/messages")
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .body(request.bytes().clone());
    match exchange(outgoing).await {
        Exchange::NeverLeft(text) => Outcome::NotSent {
            text,
            retry_after: None,
        },
        Exchange::BrokeOff(text) => Outcome::Unknown { text },
        Exchange::Answered(answer) if answer.status.is_success() => {
            read_reply(&answer.body, request.messages())
        }
        Exchange::Answered(answer) => read_refusal(&answer),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    #[serde(borrow)]
    bulk_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    messages: Vec<ReplyMessage<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReplyMessage<'a> {
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow)]
    status: Status<'a>,
}

/// A reply counts only when it speaks about every message of the request.
fn read_reply(body: &[u8], messages: &[MessageRef]) -> Outcome {
    let reply: Reply<'_> = match serde_json::from_slice(body) {
        Ok(reply) => reply,
        Err(error) => {
            return Outcome::Unknown {
                text: format!("the answer could not be read: {error}"),
            };
        }
    };
    let mut open: HashSet<MessageRef> = messages.iter().copied().collect();
    let mut refused = Vec::new();
    for ReplyMessage { message_id, status } in &reply.messages {
        let Some(message) = message_id
            .parse()
            .ok()
            .filter(|message| open.remove(message))
        else {
            continue; // not of this request
        };
        if let Some(class) = status.meaning().refusal() {
            refused.push(Refusal {
                message,
                class,
                code: status.code(),
                text: status.text(),
            });
        }
    }
    if !open.is_empty() {
        let (missing, all) = (open.len(), messages.len());
        return Outcome::Unknown {
            text: format!("the answer is silent about {missing} of {all} messages"),
        };
    }
    Outcome::Accepted {
        reference: reply.bulk_id.unwrap_or_default().into_owned(),
        refused,
    }
}

/// Infobip refuses a request as a whole with 4xx; with 5xx it does not know
/// itself what became of it.
fn read_refusal(answer: &Answer) -> Outcome {
    let (code, text) = explain(answer);
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Outcome::NotSent {
            text,
            retry_after: answer.retry_after,
        },
        StatusCode::REQUEST_TIMEOUT => Outcome::Unknown { text },
        status if status.is_server_error() || status.is_informational() => {
            Outcome::Unknown { text }
        }
        status => Outcome::Refused {
            class: class_of(status),
            code,
            text,
        },
    }
}

/// A wrong address of the API shows as 404, 405 or a redirect: the account's
/// setting is at fault, not the request.
pub(super) fn class_of(status: StatusCode) -> Class {
    match status.as_u16() {
        300..=399 | 401 | 403 | 404 | 405 => Class::Account,
        429 | 500..=599 => Class::Transient,
        _ => Class::Request,
    }
}

/// Code and words of an error in either shape; the status where there is none.
pub(super) fn explain(answer: &Answer) -> (String, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let exception = &body["requestError"]["serviceException"];
    let word = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let code = word(&body["errorCode"]).or_else(|| word(&exception["messageId"]));
    let text = word(&body["description"]).or_else(|| word(&exception["text"]));
    let violations = body["violations"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|violation| {
            let part = |key| violation[key].as_str().unwrap_or_default();
            format!("; {}: {}", part("property"), part("violation"))
        });
    let status = answer.status.as_u16();
    let text = text.map_or_else(
        || excerpt(&answer.body),
        |text| text + &violations.collect::<String>(),
    );
    (
        code.unwrap_or_else(|| status.to_string()),
        format!("{status} {text}").trim_end().to_owned(),
    )
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .trim()
        .chars()
        .take(EXCERPT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            answered_at: None,
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn both_shapes_of_error_give_their_code_and_words() {
        let v3 = r#"{"errorCode":"E400","description":"Request cannot be processed.","action":"Check",
            "violations":[{"property":"messages[0].sender","violation":"must not be blank"}],"resources":[]}"#;
        assert_eq!(
            explain(&answer(400, v3)),
            (
                "E400".into(),
                "400 Request cannot be processed.; messages[0].sender: must not be blank".into()
            )
        );
        let v2 = r#"{"requestError":{"serviceException":{"messageId":"UNAUTHORIZED","text":"Invalid login details"}}}"#;
        assert_eq!(
            explain(&answer(401, v2)),
            ("UNAUTHORIZED".into(), "401 Invalid login details".into())
        );
        assert_eq!(
            explain(&answer(502, "<html>")),
            ("502".into(), "502 <html>".into())
        );
        assert_eq!(explain(&answer(403, "")), ("403".into(), "403".into()));
    }

    #[test]
    fn the_status_says_whether_anything_can_have_been_sent() {
        let refused = |status, class| match read_refusal(&answer(status, "")) {
            Outcome::Refused { class: found, .. } => assert_eq!(found, class, "{status}"),
            other => panic!("{status}: {other:?}"),
        };
        for (status, class) in [
            (400, Class::Request),
            (413, Class::Request),
            (422, Class::Request),
            (401, Class::Account),
            (403, Class::Account),
            (404, Class::Account),
            (307, Class::Account),
        ] {
            refused(status, class);
        }
        for status in [408, 500, 502, 503, 504] {
            assert!(
                matches!(read_refusal(&answer(status, "")), Outcome::Unknown { .. }),
                "{status}"
            );
        }
        assert!(matches!(
            read_refusal(&answer(429, "")),
            Outcome::NotSent { .. }
        ));
    }
}
