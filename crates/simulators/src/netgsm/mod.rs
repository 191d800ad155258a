//! Netgsm, REST version 2: `{"code", …}` in every answer, 406 for every refusal.
//!
//! Messages have no id of their own: a report names the job and the number.

mod reading;
mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Reply, Service, turkish_time};
use crate::server::Running;

/// A stand-in for Netgsm.
#[derive(Debug)]
pub struct NetgsmSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: false,
    push_items_max: 0,
    push: no_push,
    inbound: Some(inbound),
};

impl NetgsmSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    json!({ "code": "100", "description": status.canonical_reason().unwrap_or_default() })
}

fn no_push(_: &Options, _: &str, _: &[Message], _: i64) -> Pushed {
    Pushed::json(&Value::Null)
}

/// What the panel's forwarding of replies posts.
fn inbound(_: &Options, _: &str, reply: &Reply) -> Pushed {
    let from = reply.from.strip_prefix("90").unwrap_or(&reply.from);
    let at = turkish_time(reply.at_ms, "%d.%m.%Y %H:%M:%S");
    Pushed::form(&[
        ("mesaj", &reply.text),
        ("ceptel", from),
        ("aboneno", &reply.to),
        ("gorevid", &reply.id),
        ("tarih", &at),
    ])
}
