//! Handing one request over, and reading what Netgsm says to it.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use super::account::Netgsm;
use crate::codes::Codes;
use crate::message::ClearedRequest;
use crate::outcome::Outcome;
use crate::transport::{Answer, hand_over};

pub(super) static CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/netgsm_send.tsv")));

const QUEUED: &str = "00";
/// Codes with which Netgsm turns a request away because of its limits, and the
/// wait it asks for.
const LIMITS: [&str; 2] = ["80", "85"];
const LIMIT_WAIT: Duration = Duration::from_secs(60);

/// `{"code": …}` stands in every answer; the HTTP status says less.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) code: String,
    #[serde(default, alias = "jobId")]
    jobid: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
}

pub(super) async fn send(account: &Netgsm, request: &ClearedRequest) -> Outcome {
    let outgoing = account
        .post("/sms/rest/v2/send")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(request.bytes().clone());
    match hand_over(outgoing).await {
        Ok(answer) => read(&answer),
        Err(outcome) => outcome,
    }
}

fn read(answer: &Answer) -> Outcome {
    let Ok(said) = serde_json::from_slice::<Said>(&answer.body) else {
        return if answer.status.is_success() {
            Outcome::Unknown {
                text: format!("the answer could not be read: {}", answer.excerpt()),
            }
        } else {
            Outcome::Refused {
                class: answer.class(),
                code: answer.status.as_u16().to_string(),
                text: answer.excerpt(),
            }
        };
    };
    let text = said.description.unwrap_or_default();
    match (said.code.as_str(), said.jobid) {
        (QUEUED, Some(job)) if !job.is_empty() => Outcome::Accepted {
            reference: job,
            refused: Vec::new(),
        },
        (QUEUED, _) => Outcome::Unknown {
            text: "the request was queued, but the answer names no job".to_owned(),
        },
        (code, _) if LIMITS.contains(&code) => Outcome::NotSent {
            text: format!("{code} {text}"),
            retry_after: Some(LIMIT_WAIT),
        },
        (code, _) => Outcome::Refused {
            class: CODES.class(code),
            code: code.to_owned(),
            text,
        },
    }
}
