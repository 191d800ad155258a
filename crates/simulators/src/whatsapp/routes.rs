//! The services of the Cloud API.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reading::{Refusal, Sent, rendered};
use super::{error, wamid};
use crate::control::Told;
use crate::desk::{self, Desk, Item, Order, media_type};

/// Longest text that comes back with every status.
const CALLBACK_CHARS_MAX: usize = 512;

type Shared = State<Arc<Desk>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/{version}/{object}/messages", post(send))
        .route("/{version}/{object}/phone_numbers", get(numbers))
        .route("/{version}/{object}/message_templates", get(templates))
        .route("/_sim/handshake", post(handshake))
        .with_state(desk)
}

fn refuse((code, details): Refusal) -> Response {
    let status = match code {
        190 => 401,
        200..=299 | 131_005 => 403,
        80_007 | 130_429 => 429,
        _ => 400,
    };
    desk::json(status, error(code, &details))
}

/// The name in the simulator's login is not looked at: a token says it all.
fn let_in(desk: &Desk, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = given
        .and_then(|given| given.strip_prefix("Bearer "))
        .unwrap_or_default();
    let state = desk.state();
    let user = state
        .options
        .login
        .as_ref()
        .map_or("token", |login| &login.user);
    if state.options.lets_in(user, token) {
        Ok(())
    } else {
        Err((190, "Error validating access token".to_owned()))
    }
}

async fn send(
    State(desk): Shared,
    Path((_, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match take(&desk, &number, &headers, &body) {
        Ok(body) => desk::json(200, body),
        Err(refusal) => refuse(refusal),
    }
}

fn take(desk: &Desk, number: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let_in(desk, headers)?;
    if media_type(headers) != "application/json" {
        return Err((100, "the content type must be application/json".to_owned()));
    }
    let sent: Sent = serde_json::from_slice(body).map_err(|error| (100, error.to_string()))?;
    if let Some(code) = desk.state().refusals.pop_front() {
        return Err((code.parse().unwrap_or(131_000), "Refused".to_owned()));
    }
    if !desk.state().may_send() {
        return Err((
            130_429,
            "Cloud API message throughput has been reached".to_owned(),
        ));
    }
    if !desk.state().options.knows_sender(number) {
        return Err((133_010, "Phone number not registered".to_owned()));
    }
    let text = checked(&sent, desk)?;
    let taken = desk.take(&Order {
        sender: number,
        items: vec![Item {
            to: sent.to.trim_start_matches('+').to_owned(),
            text: &text,
            own_id: sent.biz_opaque_callback_data.as_deref().unwrap_or_default(),
            parts: 1,
            ..Item::default()
        }],
        ..Order::default()
    });
    match taken.items.first() {
        Some(Ok(at)) => {
            let state = desk.state();
            let message = state.book.message(*at);
            Ok(json!({
                "messaging_product": "whatsapp",
                "contacts": [{ "input": sent.to, "wa_id": message.to }],
                "messages": [{ "id": wamid(message), "message_status": "accepted" }],
            }))
        }
        Some(Err(code)) => {
            let code = code.as_deref().and_then(|code| code.parse().ok());
            Err((code.unwrap_or(131_026), "Message undeliverable".to_owned()))
        }
        None => Err((131_000, "Something went wrong".to_owned())),
    }
}

/// The text as the person will read it.
fn checked(sent: &Sent, desk: &Desk) -> Result<String, Refusal> {
    let wrong = |what: &str| Err((100, format!("Invalid parameter: {what}")));
    if sent.messaging_product != "whatsapp" {
        return wrong("messaging_product");
    }
    if sent
        .recipient_type
        .as_deref()
        .is_some_and(|kind| kind != "individual")
    {
        return wrong("recipient_type");
    }
    let digits = sent.to.trim_start_matches('+');
    if !(8..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return wrong("to");
    }
    let callback = sent.biz_opaque_callback_data.as_deref().unwrap_or_default();
    if callback.chars().count() > CALLBACK_CHARS_MAX {
        return wrong("biz_opaque_callback_data");
    }
    match (sent.kind.as_str(), &sent.template, &sent.text) {
        ("template", Some(used), None) => rendered(used, &desk.state().options.templates),
        ("template", None, _) => Err((131_008, "template".to_owned())),
        // Nobody has written to this number: the window of 24 hours is shut.
        ("text", None, Some(_)) => Err((131_047, "Re-engagement message".to_owned())),
        _ => Err((131_051, "Unsupported message type".to_owned())),
    }
}

async fn numbers(State(desk): Shared, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&desk, &headers) {
        return refuse(refusal);
    }
    let senders = desk.state().options.senders.clone();
    let list: Vec<Value> = senders.iter().map(|id| json!({ "id": id })).collect();
    desk::json(200, json!({ "data": list }))
}

async fn templates(State(desk): Shared, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&desk, &headers) {
        return refuse(refusal);
    }
    let templates = desk.state().options.templates.clone();
    let list: Vec<Value> = templates
        .iter()
        .map(|template| {
            json!({
                "name": template.name, "language": template.language, "status": "APPROVED",
                "category": template.category,
                "components": [{ "type": "BODY", "text": template.body }],
            })
        })
        .collect();
    desk::json(200, json!({ "data": list }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    url: String,
    verify_token: String,
}

/// Asks a receiver as Meta does; answers whether it passed.
async fn handshake(Told(asked): Told<Asked>) -> Response {
    let challenge = "1158201444";
    let query = [
        ("hub.mode", "subscribe"),
        ("hub.verify_token", asked.verify_token.as_str()),
        ("hub.challenge", challenge),
    ];
    let url = match reqwest::Url::parse_with_params(&asked.url, query) {
        Ok(url) => url,
        Err(error) => return desk::json(400, json!({ "error": error.to_string() })),
    };
    let client = match reqwest::Client::builder().no_proxy().build() {
        Ok(client) => client,
        Err(error) => return desk::json(500, json!({ "error": error.to_string() })),
    };
    let said = match client.get(url).send().await {
        Ok(answer) if answer.status().is_success() => answer.text().await.unwrap_or_default(),
        _ => String::new(),
    };
    desk::json(200, json!({ "passed": said == challenge }))
}
