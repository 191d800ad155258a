//! The control calls that all providers' simulators share.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::book::Message;
use super::options::Options;
use super::script::Script;
use super::state::{Desk, Reply};
use crate::control::{HasOptions, Told, list_of, option_routes, refused};
use crate::infobip::Population;
use crate::lock::locked;

/// Rows on one page of `GET /_sim/received` and `GET /_sim/destinations`.
const PAGE_MAX: usize = 10_000;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/_sim/script", post(add_scripts).delete(clear_scripts))
        .route("/_sim/population", post(set_population))
        .route("/_sim/refuse", post(refuse))
        .route("/_sim/inbound", post(write_back))
        .route("/_sim/destinations", get(destinations))
        .route("/_sim/received", get(received))
        .route("/_sim/stats", get(stats))
        .route("/_sim/reset", post(reset))
        .with_state(Arc::clone(&desk))
        .merge(option_routes(desk))
}

impl HasOptions for Desk {
    type Options = Options;

    fn with_options<T>(&self, look: impl FnOnce(&mut Options) -> T) -> T {
        look(&mut self.state().options)
    }
}

async fn add_scripts(State(desk): State<Arc<Desk>>, Told(given): Told<Value>) -> Response {
    let scripts = match list_of::<Script>(given, "scripts") {
        Ok(scripts) => scripts,
        Err(why) => return refused(&why),
    };
    let count = scripts.len();
    let mut state = desk.state();
    scripts
        .into_iter()
        .for_each(|script| state.fates.add(script));
    Json(json!({ "scripts": count })).into_response()
}

async fn clear_scripts(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.state().fates.clear();
    StatusCode::NO_CONTENT
}

async fn set_population(State(desk): State<Arc<Desk>>, Told(rule): Told<Population>) -> Response {
    if !rule.is_sound() {
        return refused("the shares exceed 100");
    }
    desk.state().fates.set_rule(rule);
    StatusCode::NO_CONTENT.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refuse {
    code: String,
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

async fn refuse(State(desk): State<Arc<Desk>>, Told(given): Told<Refuse>) -> StatusCode {
    let codes = std::iter::repeat_n(given.code, given.times);
    desk.state().refusals.extend(codes);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    from: String,
    to: String,
    text: String,
}

async fn write_back(State(desk): State<Arc<Desk>>, Told(given): Told<Written>) -> StatusCode {
    let mut state = desk.state();
    let reply = Reply {
        id: format!("mo-{}", state.replies.len() + 1),
        from: given.from,
        to: given.to,
        text: given.text,
        at_ms: state.now_ms,
    };
    state.replies_due.push_back(reply.clone());
    state.replies.push_back(reply);
    drop(state);
    desk.woken.notify_waiters();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crowd {
    #[serde(default = "one")]
    min: u32,
    limit: Option<usize>,
}

fn one() -> u32 {
    1
}

async fn destinations(State(desk): State<Arc<Desk>>, Query(crowd): Query<Crowd>) -> Response {
    let state = desk.state();
    let limit = crowd.limit.unwrap_or(1_000).min(PAGE_MAX);
    let min = crowd.min.max(1);
    let count = state.book.destinations(min).count();
    let list: Vec<Value> = state
        .book
        .destinations(min)
        .take(limit)
        .map(|(to, accepted)| json!({ "to": to, "accepted": accepted }))
        .collect();
    Json(json!({ "count": count, "destinations": list })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: usize,
    limit: Option<usize>,
}

/// Accepted messages in the order they came; `next` goes into `after`.
async fn received(State(desk): State<Arc<Desk>>, Query(page): Query<Page>) -> Response {
    let state = desk.state();
    let limit = page.limit.unwrap_or(1_000).min(PAGE_MAX);
    let until = page.after.saturating_add(limit).min(state.book.len());
    let list: Vec<Value> = (page.after..until)
        .map(|at| message_json(state.book.message(at)))
        .collect();
    Json(json!({ "list": list, "next": until, "total": state.book.len() })).into_response()
}

fn message_json(message: &Message) -> Value {
    json!({
        "messageId": message.own_id,
        "providerId": message.id,
        "bulkId": message.job,
        "to": message.to,
        "sender": message.sender,
        "text": message.text,
        "parts": message.parts,
        "iys": message.iys,
    })
}

async fn stats(State(desk): State<Arc<Desk>>) -> Response {
    let state = desk.state();
    let calls = locked(&desk.stage.calls);
    Json(json!({
        "now": desk.config.clock.now().to_string(),
        "calls": calls.by_endpoint(),
        "requests": state.book.requests(),
        "largest_request": state.book.largest(),
        "accepted_messages": state.book.len(),
        "distinct_destinations": state.book.distinct_destinations(),
        "max_per_destination": state.book.most_per_destination(),
        "pushes_sent": state.pushes.sent,
        "pushes_acknowledged": state.pushes.acknowledged,
        "reports_acknowledged": state.pushes.reports_acknowledged,
        "reports_pending": state.due.len(),
        "balance_hundredths": state.options.balance_hundredths,
    }))
    .into_response()
}

async fn reset(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.reset();
    StatusCode::NO_CONTENT
}
