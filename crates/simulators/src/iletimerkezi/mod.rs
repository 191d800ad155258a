//! İletimerkezi, version 1: credentials in the body, one order for a request,
//! receipts by order and number.

mod reading;
mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Service};
use crate::infobip::Outcome;
use crate::server::Running;

/// A stand-in for İletimerkezi.
#[derive(Debug)]
pub struct IletimerkeziSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: false,
    push_items_max: 1,
    push,
    inbound: None,
};

impl IletimerkeziSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    status_body(
        status.as_str(),
        status.canonical_reason().unwrap_or_default(),
    )
}

fn status_body(code: &str, message: &str) -> Value {
    json!({ "response": { "status": { "code": code, "message": message } } })
}

fn push(_: &Options, _: &str, messages: &[Message], now_ms: i64) -> Pushed {
    let message = &messages[0];
    let status = message.code(now_ms, |end| match end {
        Outcome::Delivered => "delivered",
        Outcome::Undelivered | Outcome::Expired | Outcome::Rejected => "undelivered",
        Outcome::Operator | Outcome::Unknown | Outcome::None => "accepted",
    });
    Pushed::json(&json!({ "report": {
        "id": message.id,
        "packet_id": message.job,
        "status": status,
        "to": format!("+{}", message.to),
        "body": message.text.as_deref().unwrap_or_default(),
    } }))
}
