//! Mobildev, XML: credentials in the body, a text for each person, codes of two
//! digits, reports by the number of a request.

mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Service};
use crate::server::Running;

/// A stand-in for Mobildev.
#[derive(Debug)]
pub struct MobildevSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: false,
    push_items_max: 0,
    push: no_push,
    inbound: None,
};

impl MobildevSim {
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
