//! Turatel, XML: credentials in the body, one text for all numbers, codes of two
//! digits. Neither reports nor pushes are documented.

mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Service};
use crate::server::Running;

/// A stand-in for Turatel.
#[derive(Debug)]
pub struct TuratelSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: true,
    push_items_max: 0,
    push: no_push,
    inbound: None,
};

impl TuratelSim {
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

fn no_push(_: &Options, _: &str, _: &[Message], _: i64) -> Pushed {
    Pushed::json(&Value::Null)
}
