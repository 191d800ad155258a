//! The services of Verimor.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::reading::{PARTS_MAX, Send};
use super::{letter, report};
use crate::desk::{self, Desk, Item, Message, Order, media_type};
use crate::segments;

/// Documented: 10 MB.
const BODY_BYTES_MAX: usize = 10 << 20;
/// Rows of one page of statuses.
const PAGE_MAX: usize = 100;

type Shared = State<Arc<Desk>>;
type Asked = Query<HashMap<String, String>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v2/send.json", post(send))
        .route("/v2/status", get(status))
        .route("/v2/inbound_messages", get(replies))
        .route("/v2/headers", get(senders))
        .route("/v2/balance", get(balance))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(desk)
}

fn refuse(word: &str) -> Response {
    (axum::http::StatusCode::BAD_REQUEST, word.to_owned()).into_response()
}

fn unauthorised() -> Response {
    (axum::http::StatusCode::UNAUTHORIZED, "Unauthorized").into_response()
}

fn too_many() -> Response {
    (
        axum::http::StatusCode::TOO_MANY_REQUESTS,
        "Too Many Requests",
    )
        .into_response()
}

async fn send(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if media_type(&headers) != "application/json" {
        return refuse("INVALID_JSON");
    }
    if std::str::from_utf8(&body).is_err() {
        return refuse("INVALID_UTF8");
    }
    let Ok(request) = serde_json::from_slice::<Send>(&body) else {
        return refuse("INVALID_JSON");
    };
    {
        let mut state = desk.state();
        if !state.options.lets_in(&request.username, &request.password) {
            return unauthorised();
        }
        if !state.may_send() {
            return too_many();
        }
        if let Some(word) = state.refusals.pop_front() {
            return refuse(&word);
        }
        if state.options.balance_hundredths <= 0 {
            return refuse("INSUFFICIENT_CREDITS");
        }
        if !state.options.knows_sender(&request.source_addr) {
            return refuse("INVALID_SOURCE_ADDRESS");
        }
        // A client's own id that was taken within 24 hours is a repetition.
        if !request.custom_id.is_empty() && state.book.own_job(&request.custom_id).is_some() {
            return refuse("MUKERRER_RAPORLAMA");
        }
    }
    if let Some(word) = request.problem() {
        return refuse(word);
    }
    let items = items(&request);
    if items.iter().any(|item| item.parts > PARTS_MAX) {
        return refuse("MESSAGE_TOO_LONG");
    }
    let iys = match request.iys_recipient_type.as_deref() {
        Some("BIREYSEL") if request.is_commercial => Some("BIREYSEL"),
        Some("TACIR") if request.is_commercial => Some("TACIR"),
        _ => None,
    };
    let taken = desk.take(&Order {
        job: "",
        own_job: &request.custom_id,
        sender: &request.source_addr,
        iys,
        url: None,
        items,
    });
    taken.job.into_response()
}

fn items(request: &Send) -> Vec<Item<'_>> {
    let coding = request.coding();
    let parts = |text: &str| match coding {
        0 => segments::parts(&segments::transliterated(text), false),
        1 => segments::turkish_parts(text),
        _ => segments::unicode_parts(text),
    };
    let mut items = Vec::new();
    for message in &request.messages {
        let mut ids = message.id.split(',');
        for number in message.dest.split(',') {
            let number = number
                .strip_prefix("00")
                .or(number.strip_prefix('+'))
                .unwrap_or(number);
            items.push(Item {
                to: number.to_owned(),
                text: &message.msg,
                own_id: ids.next().unwrap_or_default(),
                parts: parts(&message.msg),
                refused: None,
            });
        }
    }
    items
}

fn let_in(desk: &Desk, asked: &HashMap<String, String>) -> bool {
    let of = |name: &str| asked.get(name).map_or("", String::as_str);
    desk.state().options.lets_in(of("username"), of("password"))
}

async fn status(State(desk): Shared, Query(asked): Asked) -> Response {
    const KNOWN: [&str; 6] = [
        "username",
        "password",
        "id",
        "custom_id",
        "dest",
        "greater_than",
    ];
    if !let_in(&desk, &asked) {
        return unauthorised();
    }
    if asked.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return refuse("INVALID_JSON");
    }
    let mut state = desk.state();
    if !state.may_pull() {
        return too_many();
    }
    let messages: &[Message] = match (asked.get("id"), asked.get("custom_id")) {
        (Some(id), _) => state.book.job(id).unwrap_or_default(),
        (None, Some(own)) => state.book.own_job(own).unwrap_or_default(),
        (None, None) => return refuse("INVALID_JSON"),
    };
    let after = asked.get("greater_than").map(|id| {
        let at = messages.iter().position(|message| message.id == *id);
        at.map_or(messages.len(), |at| at + 1)
    });
    let rows: Vec<Value> = messages
        .iter()
        .skip(after.unwrap_or(0))
        .filter(|message| asked.get("dest").is_none_or(|dest| *dest == message.to))
        .take(PAGE_MAX)
        .map(|message| report(message, state.now_ms))
        .collect();
    desk::json(200, Value::Array(rows))
}

/// Replies, oldest first, again and again.
async fn replies(State(desk): Shared, Query(asked): Asked) -> Response {
    const KNOWN: [&str; 3] = ["username", "password", "greater_than"];
    if !let_in(&desk, &asked) {
        return unauthorised();
    }
    if asked.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return refuse("INVALID_JSON");
    }
    let mut state = desk.state();
    if !state.may_pull() {
        return too_many();
    }
    let after = asked.get("greater_than").map_or(0, |id| {
        let at = state.replies.iter().position(|reply| reply.id == *id);
        at.map_or(state.replies.len(), |at| at + 1)
    });
    let rows: Vec<Value> = state
        .replies
        .iter()
        .skip(after)
        .take(PAGE_MAX)
        .map(letter)
        .collect();
    desk::json(200, Value::Array(rows))
}

async fn senders(State(desk): Shared, Query(asked): Asked) -> Response {
    if !let_in(&desk, &asked) {
        return unauthorised();
    }
    desk::json(200, json!(desk.state().options.senders))
}

async fn balance(State(desk): Shared, Query(asked): Asked) -> Response {
    if !let_in(&desk, &asked) {
        return unauthorised();
    }
    // In credits: one a part.
    (desk.state().options.balance_hundredths / 100)
        .to_string()
        .into_response()
}
