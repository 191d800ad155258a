//! Turkcell Mesajüssü, REST version 2: a session by token, HTTP statuses of its
//! own, a text for each person. No receipts and no replies are documented.

mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Service};
use crate::server::Running;

/// A stand-in for Mesajüssü.
#[derive(Debug)]
pub struct TurkcellSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: false,
    push_items_max: 0,
    push: no_push,
    inbound: None,
};

impl TurkcellSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    json!({ "resultDescription": status.canonical_reason().unwrap_or_default() })
}

fn no_push(_: &Options, _: &str, _: &[Message], _: i64) -> Pushed {
    Pushed::json(&Value::Null)
}
