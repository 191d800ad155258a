//! The WhatsApp Cloud API: one template message a request, statuses and replies
//! in signed pushes to one address.
//!
//! Templates are set with `POST /_sim/options` (`templates`); nothing else can be
//! sent. A reply that is written as `#RET` presses a button with that payload, and
//! `!stop` presses "stop" in WhatsApp itself. `POST /_sim/handshake`
//! `{"url", "verify_token"}` asks a receiver as Meta does before it pushes.

mod reading;
mod routes;

use axum::http::StatusCode;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::desk::{self, Config, Message, Options, Pushed, Reply, Service};
use crate::infobip::Outcome;
use crate::server::Running;

/// A stand-in for the Cloud API.
#[derive(Debug)]
pub struct WhatsappSim;

/// Statuses in one push.
const STATUSES_MAX: usize = 50;

const SERVICE: Service = Service {
    routes: routes::routes,
    error_body,
    refuses_at_once: true,
    push_items_max: STATUSES_MAX,
    push,
    inbound: Some(inbound),
};

impl WhatsappSim {
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
        80_007
    } else {
        131_000
    };
    error(code, status.canonical_reason().unwrap_or_default())
}

fn error(code: u64, details: &str) -> Value {
    json!({ "error": {
        "message": format!("(#{code}) Refused"),
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details },
        "fbtrace_id": "AbCdEf0123456789",
    }})
}

/// Meta's id of a message.
fn wamid(message: &Message) -> String {
    format!("wamid.{}", message.id)
}

fn push(options: &Options, _url: &str, messages: &[Message], now_ms: i64) -> Pushed {
    let statuses: Vec<Value> = messages
        .iter()
        .map(|message| status(message, now_ms))
        .collect();
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(messages.first().map_or("", |message| &message.sender)),
        "statuses": statuses,
    });
    signed(options, "messages", &value)
}

fn status(message: &Message, now_ms: i64) -> Value {
    let word = match message.end(now_ms) {
        Outcome::Delivered => "delivered",
        Outcome::Operator | Outcome::None => "sent",
        Outcome::Undelivered | Outcome::Expired | Outcome::Rejected | Outcome::Unknown => "failed",
    };
    let mut status = json!({
        "id": wamid(message),
        "status": word,
        "timestamp": (now_ms / 1_000).to_string(),
        "recipient_id": message.to,
        "biz_opaque_callback_data": message.own_id,
    });
    if word == "failed" {
        let code = message
            .code
            .as_deref()
            .and_then(|code| code.parse::<u64>().ok());
        status["errors"] = json!([{
            "code": code.unwrap_or(131_026),
            "title": "Message undeliverable",
            "message": "Message undeliverable",
            "error_data": { "details": "Message Undeliverable." },
        }]);
    }
    status
}

fn inbound(options: &Options, _url: &str, reply: &Reply) -> Pushed {
    let timestamp = (reply.at_ms / 1_000).to_string();
    if let Some(word) = reply.text.strip_prefix('!') {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": metadata(&reply.to),
            "user_preferences": [{
                "wa_id": reply.from, "category": "marketing_messages", "value": word,
                "detail": "User requested it", "timestamp": timestamp,
            }],
        });
        return signed(options, "user_preferences", &value);
    }
    let mut message = json!({
        "id": format!("wamid.{}", reply.id), "from": reply.from, "timestamp": timestamp, "type": "text",
    });
    match reply.text.strip_prefix('#') {
        Some(payload) => {
            message["type"] = json!("button");
            message["button"] = json!({ "payload": payload, "text": "Mesaj almak istemiyorum" });
        }
        None => message["text"] = json!({ "body": reply.text }),
    }
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": metadata(&reply.to),
        "contacts": [{ "wa_id": reply.from, "profile": { "name": "Kişi" } }],
        "messages": [message],
    });
    signed(options, "messages", &value)
}

fn metadata(number: &str) -> Value {
    json!({ "display_phone_number": number, "phone_number_id": number })
}

/// Signed over the bytes, in which everything beyond ASCII is escaped.
fn signed(options: &Options, field: &str, value: &Value) -> Pushed {
    let body = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "100", "changes": [{ "field": field, "value": value }] }],
    });
    let body = escaped(&body.to_string());
    let secret = options.push_secret.as_deref().unwrap_or_default();
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length is taken");
    mac.update(body.as_bytes());
    let hex: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Pushed {
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-hub-signature-256", format!("sha256={hex}")),
        ],
        body: body.into_bytes(),
    }
}

fn escaped(text: &str) -> String {
    let mut units = [0; 2];
    text.chars()
        .map(|c| {
            if c.is_ascii() {
                return c.to_string();
            }
            let units = c.encode_utf16(&mut units).iter();
            units.map(|unit| format!("\\u{unit:04x}")).collect()
        })
        .collect()
}
