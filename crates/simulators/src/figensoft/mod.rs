//! FigenSoft, as the description shipped with the connectors reads it: no public
//! document tells its wire. JSON with Basic credentials, own message ids,
//! refusals person by person, reports pushed and asked for.

mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Service, turkish_time};
use crate::infobip::Outcome;
use crate::server::Running;

/// A stand-in for FigenSoft.
#[derive(Debug)]
pub struct FigensoftSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: true,
    push_items_max: 100,
    push,
    inbound: None,
};

impl FigensoftSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    json!({ "code": "8", "message": status.canonical_reason().unwrap_or_default() })
}

fn push(_: &Options, _: &str, messages: &[Message], now_ms: i64) -> Pushed {
    let reports: Vec<Value> = messages.iter().map(|m| report(m, now_ms)).collect();
    Pushed::json(&json!({ "reports": reports }))
}

/// One report, the same in an answer and in a push.
fn report(message: &Message, now_ms: i64) -> Value {
    let status = message.code(now_ms, |end| match end {
        Outcome::Delivered => "DELIVERED",
        Outcome::Undelivered => "UNDELIVERED",
        Outcome::Expired => "EXPIRED",
        Outcome::Rejected => "BLOCKED",
        Outcome::Operator | Outcome::Unknown | Outcome::None => "WAITING",
    });
    json!({
        "id": message.own_id,
        "number": message.to,
        "status": status,
        "at": turkish_time(now_ms, "%Y-%m-%d %H:%M:%S"),
        "operator": "",
    })
}
