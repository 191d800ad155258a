//! Verimor, version 2: own ids for request and messages, refusals as one word,
//! receipts and replies pushed as a JSON array.

mod reading;
mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Reply, Service, turkish_time};
use crate::infobip::Outcome;
use crate::server::Running;

/// A stand-in for Verimor.
#[derive(Debug)]
pub struct VerimorSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: false,
    push_items_max: 100,
    push,
    inbound: Some(inbound),
};

impl VerimorSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    json!(status.canonical_reason().unwrap_or_default())
}

fn push(_: &Options, _: &str, messages: &[Message], now_ms: i64) -> Pushed {
    Pushed::json(&messages.iter().map(|m| report(m, now_ms)).collect())
}

fn report(message: &Message, now_ms: i64) -> Value {
    let status = message.code(now_ms, |end| match end {
        Outcome::Delivered => "DELIVERED",
        Outcome::Undelivered => "NOT_DELIVERED",
        Outcome::Expired => "EXPIRED",
        Outcome::Rejected => "REJECTED",
        Outcome::Unknown => "SENT",
        Outcome::Operator => "WAITING",
        Outcome::None => "SENDING",
    });
    let is_failed = matches!(message.end(now_ms), Outcome::Undelivered);
    json!({
        "type": "outbound",
        "campaign_id": message.job.parse::<u64>().unwrap_or_default(),
        "campaign_custom_id": message.own_job,
        "message_id": message.id,
        "message_custom_id": message.own_id,
        "dest": message.to,
        "size": message.parts,
        "international_multiplier": 1,
        "credits": message.parts,
        "status": status,
        "gsm_error": if is_failed { "27" } else { "0" },
        "sent_at": turkish_time(message.accepted_ms, "%Y-%m-%d %H:%M:%S"),
        "done_at": turkish_time(message.due_ms.min(now_ms), "%Y-%m-%d %H:%M:%S"),
    })
}

fn inbound(_: &Options, _: &str, reply: &Reply) -> Pushed {
    Pushed::json(&json!([letter(reply)]))
}

/// A reply, pushed or listed.
fn letter(reply: &Reply) -> Value {
    let keyword = reply.text.split_whitespace().next().unwrap_or_default();
    json!({
        "type": "inbound",
        "message_id": reply.id,
        "network": "TURKCELL",
        "source_addr": reply.from,
        "destination_addr": reply.to,
        "keyword": keyword,
        "content": reply.text,
        "received_at": turkish_time(reply.at_ms, "%Y-%m-%d %H:%M:%S"),
    })
}
