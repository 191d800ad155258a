//! Twilio, API of 2010-04-01: one form-encoded request a message, callbacks
//! signed with the account's token.

mod routes;
mod signature;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Reply, Service};
use crate::infobip::Outcome;
use crate::server::Running;

/// A stand-in for Twilio.
#[derive(Debug)]
pub struct TwilioSim;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: true,
    push_items_max: 1,
    push,
    inbound: Some(inbound),
};

impl TwilioSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// See [`desk::start`].
    pub fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        desk::start(SERVICE, config, listener)
    }
}

fn error_body(status: StatusCode) -> Value {
    let code = if status == StatusCode::TOO_MANY_REQUESTS {
        20_429
    } else {
        20_500
    };
    json!({
        "code": code,
        "message": status.canonical_reason().unwrap_or_default(),
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    })
}

/// Status and error number of a message.
fn standing(message: &Message, now_ms: i64) -> (&'static str, Option<String>) {
    let code = || message.code.clone();
    match message.end(now_ms) {
        Outcome::Delivered => ("delivered", None),
        Outcome::Undelivered => (
            "undelivered",
            Some(code().unwrap_or_else(|| "30003".into())),
        ),
        Outcome::Expired => ("undelivered", Some("30036".into())),
        Outcome::Rejected => ("failed", Some(code().unwrap_or_else(|| "21211".into()))),
        Outcome::Unknown => (
            "undelivered",
            Some(code().unwrap_or_else(|| "30008".into())),
        ),
        Outcome::Operator => ("sent", None),
        Outcome::None => ("queued", None),
    }
}

fn push(options: &Options, url: &str, messages: &[Message], now_ms: i64) -> Pushed {
    let message = &messages[0];
    let (status, error) = standing(message, now_ms);
    let to = format!("+{}", message.to);
    let account = account(options);
    let sid = sid(message);
    let mut pairs = vec![
        ("AccountSid", account.as_str()),
        ("From", &message.sender),
        ("MessageSid", &sid),
        ("MessageStatus", status),
        ("SmsSid", &sid),
        ("SmsStatus", status),
        ("To", &to),
    ];
    if let Some(error) = &error {
        pairs.push(("ErrorCode", error));
    }
    signed(options, url, &pairs)
}

fn inbound(options: &Options, url: &str, reply: &Reply) -> Pushed {
    let from = format!("+{}", reply.from);
    let account = account(options);
    signed(
        options,
        url,
        &[
            ("AccountSid", &account),
            ("Body", &reply.text),
            ("From", &from),
            ("MessageSid", &reply.id),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("To", &reply.to),
        ],
    )
}

fn signed(options: &Options, url: &str, pairs: &[(&str, &str)]) -> Pushed {
    let token = options.login.as_ref().map_or("", |login| &login.password);
    let mut pushed = Pushed::form(pairs);
    pushed
        .headers
        .push(("x-twilio-signature", signature::sign(token, url, pairs)));
    pushed
}

fn account(options: &Options) -> String {
    let login = options.login.as_ref();
    login.map_or_else(|| "AC0".to_owned(), |login| login.user.clone())
}

/// `SM` and 32 hexadecimal digits.
fn sid(message: &Message) -> String {
    format!("SM{}{}", message.id, message.id)
}
