//! Brevo's transactional e-mail, version 3: versions of one message for many
//! people, an idempotency key that is remembered for thirty minutes, and events
//! that are pushed with a bearer token (`push_secret`), one or a list of them.
//!
//! A script's `code` is the name of the event that ends a message, such as
//! `soft_bounce`. Whoever writes back (`POST /_sim/inbound`) unsubscribes; with the
//! text `spam` the person complains instead.

mod reading;
mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Reply, Service, utc_time};
use crate::infobip::Outcome;
use crate::server::Running;

/// A stand-in for Brevo.
#[derive(Debug)]
pub struct BrevoSim;

/// Events in one push.
const EVENTS_MAX: usize = 50;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: false,
    push_items_max: EVENTS_MAX,
    push,
    inbound: Some(inbound),
};

impl BrevoSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    json!({ "code": "bad_request", "message": status.canonical_reason().unwrap_or_default() })
}

/// Brevo's id of a message.
fn message_id(message: &Message) -> String {
    format!("<{}@smtp-relay.simulator.test>", message.id)
}

/// The event that a message has come to.
fn name(message: &Message, now_ms: i64) -> String {
    message.code(now_ms, |end| match end {
        Outcome::Delivered => "delivered",
        Outcome::Undelivered => "soft_bounce",
        Outcome::Expired => "hard_bounce",
        Outcome::Rejected => "blocked",
        Outcome::Operator | Outcome::Unknown | Outcome::None => "request",
    })
}

/// An event as the list has it: other names than in a push, and nothing of ours.
fn listed(message: &Message, now_ms: i64) -> Value {
    let name = name(message, now_ms);
    let name = match name.as_str() {
        "request" => "requests",
        "hard_bounce" => "hardBounces",
        "soft_bounce" => "softBounces",
        "invalid_email" => "invalid",
        "click" => "clicks",
        other => other,
    };
    json!({
        "event": name,
        "email": message.to,
        "date": utc_time(message.due_ms.min(now_ms)),
        "subject": "Konu",
        "messageId": message_id(message),
        "tag": message.own_job,
        "from": message.sender,
    })
}

fn push(options: &Options, _url: &str, messages: &[Message], now_ms: i64) -> Pushed {
    let events: Vec<Value> = messages
        .iter()
        .map(|message| {
            let name = name(message, now_ms);
            let mut event = event(&name, &message.to, &message_id(message), now_ms);
            event["X-Mailin-custom"] = json!(message.own_id);
            event
        })
        .collect();
    tokened(options, &events)
}

fn inbound(options: &Options, _url: &str, reply: &Reply) -> Pushed {
    let name = if reply.text == "spam" {
        "spam"
    } else {
        "unsubscribed"
    };
    let id = format!("<{}@smtp-relay.simulator.test>", reply.id);
    tokened(options, &[event(name, &reply.from, &id, reply.at_ms)])
}

fn event(name: &str, email: &str, message_id: &str, at_ms: i64) -> Value {
    json!({
        "event": name,
        "email": email,
        "id": 26_224,
        "date": "2026-01-01 00:00:00",
        "ts": at_ms / 1_000,
        "message-id": message_id,
        "ts_event": at_ms / 1_000,
        "subject": "Konu",
        "tag": "[]",
        "sending_ip": "192.0.2.1",
        "ts_epoch": at_ms,
        "reason": "",
        "tags": [],
    })
}

/// One event stands alone, several in a list.
fn tokened(options: &Options, events: &[Value]) -> Pushed {
    let mut pushed = match events {
        [one] => Pushed::json(one),
        several => Pushed::json(&json!(several)),
    };
    if let Some(token) = &options.push_secret {
        let bearer = format!("Bearer {token}");
        pushed.headers.push(("authorization", bearer));
    }
    pushed
}
