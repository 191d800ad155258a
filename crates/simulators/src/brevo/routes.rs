//! The calls of Brevo.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::reading::{self, Send};
use super::{listed, message_id};
use crate::desk::{self, Desk, Item, Order, media_type};
use crate::lock::locked;

/// For how long a key is remembered.
const REMEMBERED_MS: i64 = 30 * 60 * 1_000;
/// Events of one page: unless asked otherwise, and at most.
const EVENTS_DEFAULT: usize = 2_500;
const EVENTS_MAX: usize = 5_000;
/// Whom the key of the account is checked for.
const USER: &str = "brevo";

/// The desk, with the keys of requests beside it.
#[derive(Debug)]
struct Counter {
    desk: Arc<Desk>,
    /// When each key came, and in which world: a reset forgets them.
    keys: Mutex<HashMap<(u64, String), i64>>,
}

type Shared = State<Arc<Counter>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    let counter = Counter {
        desk,
        keys: Mutex::default(),
    };
    Router::new()
        .route("/v3/smtp/email", post(send))
        .route("/v3/smtp/statistics/events", get(events))
        .route("/v3/account", get(account))
        .route("/v3/senders", get(senders))
        .with_state(Arc::new(counter))
}

fn refuse(code: &str, words: &str) -> Response {
    let status = match code {
        "unauthorized" => 401,
        "not_enough_credits" => 402,
        "permission_denied" | "account_under_validation" | "reseller_permission_denied" => 403,
        "document_not_found" => 404,
        "method_not_allowed" => 405,
        "not_acceptable" => 406,
        "unprocessable_entity" => 422,
        _ => 400,
    };
    desk::json(status, json!({ "code": code, "message": words }))
}

fn let_in(desk: &Desk, headers: &HeaderMap) -> Result<(), Response> {
    let key = headers.get("api-key").and_then(|key| key.to_str().ok());
    let is_let_in = desk.state().options.lets_in(USER, key.unwrap_or_default());
    if is_let_in {
        Ok(())
    } else {
        Err(refuse("unauthorized", "Key not found"))
    }
}

async fn send(State(counter): Shared, headers: HeaderMap, body: Bytes) -> Response {
    take(&counter, &headers, &body).unwrap_or_else(|refusal| refusal)
}

fn take(counter: &Counter, headers: &HeaderMap, body: &[u8]) -> Result<Response, Response> {
    let desk = &counter.desk;
    let_in(desk, headers)?;
    {
        let mut state = desk.state();
        if let Some(code) = state.refusals.pop_front() {
            return Err(refuse(&code, "refused on demand"));
        }
        if !state.may_send() {
            let words = "too many requests";
            let mut answer = desk::json(
                429,
                json!({ "code": "too_many_requests", "message": words }),
            );
            let wait = HeaderValue::from_static("60");
            answer.headers_mut().insert("x-sib-ratelimit-reset", wait);
            return Err(answer);
        }
        if state.options.balance_hundredths <= 0 {
            return Err(refuse("not_enough_credits", "no credits are left"));
        }
    }
    if media_type(headers) != "application/json" {
        return Err(refuse("bad_request", "the body must be JSON"));
    }
    let asked: Send =
        serde_json::from_slice(body).map_err(|error| refuse("bad_request", &error.to_string()))?;
    let letters = reading::letters(&asked).map_err(|(code, words)| refuse(code, &words))?;
    let sender = asked.sender.as_ref().map_or("", |sender| &sender.email);
    if !desk.state().options.knows_sender(sender) {
        let words = format!("the sender {sender} is not valid");
        return Err(refuse("invalid_parameter", &words));
    }
    remember(counter, asked.headers.get("idempotencyKey"))?;
    let items = letters.iter().map(|letter| Item {
        to: letter.to.to_owned(),
        text: letter.text,
        own_id: letter.custom,
        parts: 1,
        refused: None,
    });
    let taken = desk.take(&Order {
        sender,
        own_job: asked.tags.first().map_or("", String::as_str),
        items: items.collect(),
        ..Order::default()
    });
    let state = desk.state();
    let ids: Vec<String> = taken
        .items
        .iter()
        .flatten()
        .map(|at| message_id(state.book.message(*at)))
        .collect();
    let said = match ids.as_slice() {
        [one] => json!({ "messageId": one }),
        several => json!({ "messageIds": several }),
    };
    Ok(desk::json(201, said))
}

/// Refuses a key that came within its time.
fn remember(counter: &Counter, key: Option<&String>) -> Result<(), Response> {
    let Some(key) = key else {
        return Ok(());
    };
    let (now_ms, generation) = {
        let state = counter.desk.state();
        (state.now_ms, state.generation)
    };
    let mut keys = locked(&counter.keys);
    keys.retain(|(of, _), came_ms| *of == generation && now_ms - *came_ms < REMEMBERED_MS);
    if keys.contains_key(&(generation, key.clone())) {
        return Err(refuse("duplicate_request", "this request was taken before"));
    }
    keys.insert((generation, key.clone()), now_ms);
    Ok(())
}

async fn account(State(counter): Shared, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&counter.desk, &headers) {
        return refusal;
    }
    let credits = counter.desk.state().options.balance_hundredths / 100;
    let plan = json!([
        { "type": "subscription", "creditsType": "sendLimit", "credits": credits },
        { "type": "sms", "creditsType": "sendLimit", "credits": 77 },
    ]);
    desk::json(200, json!({ "email": "hesap@ornek.com", "plan": plan }))
}

async fn senders(State(counter): Shared, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&counter.desk, &headers) {
        return refusal;
    }
    let state = counter.desk.state();
    let senders: Vec<Value> = (1..)
        .zip(&state.options.senders)
        .map(|(id, email)| json!({ "id": id, "name": "Örnek", "email": email, "active": true }))
        .collect();
    desk::json(200, json!({ "senders": senders }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A list, written as JSON.
    tags: String,
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
}

/// The events of requests by their tag, oldest first.
async fn events(
    State(counter): Shared,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let desk = &counter.desk;
    if let Err(refusal) = let_in(desk, &headers) {
        return refusal;
    }
    let Ok(Query(asked)) = asked else {
        return refuse("invalid_parameter", "a parameter is not known");
    };
    let limit = asked.limit.unwrap_or(EVENTS_DEFAULT);
    let Ok(tags) = serde_json::from_str::<Vec<String>>(&asked.tags) else {
        return refuse("invalid_parameter", "tags must be a list");
    };
    if limit == 0 || limit > EVENTS_MAX {
        return refuse("out_of_range", "limit is not valid");
    }
    let state = desk.state();
    let events: Vec<Value> = tags
        .iter()
        .filter_map(|tag| state.book.own_job(tag))
        .flatten()
        .skip(asked.offset)
        .take(limit)
        .map(|message| listed(message, state.now_ms))
        .collect();
    // The list is left out where there is nothing.
    let body = if events.is_empty() {
        json!({})
    } else {
        json!({ "events": events })
    };
    desk::json(200, body)
}
