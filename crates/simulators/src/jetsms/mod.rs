//! JetSMS (Biotekno), REST surface: credentials in the body, own message ids,
//! refusals person by person, no delivery push.

mod reading;
mod routes;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Service};
use crate::server::Running;

/// A stand-in for JetSMS.
#[derive(Debug)]
pub struct JetsmsSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: true,
    push_items_max: 0,
    push: no_push,
    inbound: None,
};

impl JetsmsSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    json!({ "responseCode": "90", "responseMessage": status.canonical_reason().unwrap_or_default() })
}

fn no_push(_: &Options, _: &str, _: &[Message], _: i64) -> Pushed {
    Pushed::json(&Value::Null)
}
