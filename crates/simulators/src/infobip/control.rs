//! The Infobip simulator's own control calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Account;
use super::config::Options;
use super::plan::{Population, Script};
use super::world::{Infobip, World};
use super::{report, status};
use crate::control::{HasOptions, Told, list_of, option_routes, refused};
use crate::lock::locked;

/// Rows on one page of `GET /_sim/received` and `GET /_sim/destinations`.
const PAGE_MAX: usize = 10_000;

pub(super) fn routes(sim: Arc<Infobip>) -> Router {
    Router::new()
        .route("/_sim/script", post(add_scripts).delete(clear_scripts))
        .route("/_sim/population", post(set_population))
        .route("/_sim/balance", post(set_balance))
        .route("/_sim/keys", post(set_keys))
        .route("/_sim/inbound", post(write_back))
        .route("/_sim/destinations", get(destinations))
        .route("/_sim/received", get(received))
        .route("/_sim/stats", get(stats))
        .route("/_sim/reset", post(reset))
        .with_state(Arc::clone(&sim))
        .merge(option_routes(sim))
}

async fn add_scripts(State(sim): State<Arc<Infobip>>, Told(given): Told<Value>) -> Response {
    let scripts = match list_of::<Script>(given, "scripts") {
        Ok(scripts) => scripts,
        Err(why) => return refused(&why),
    };
    let mut world = sim.world();
    let count = scripts.len();
    for script in scripts {
        if let Err(why) = world.fates.add(script) {
            return refused(&why);
        }
    }
    Json(json!({ "scripts": count })).into_response()
}

async fn clear_scripts(State(sim): State<Arc<Infobip>>) -> StatusCode {
    sim.world().fates.clear();
    StatusCode::NO_CONTENT
}

async fn set_population(State(sim): State<Arc<Infobip>>, Told(rule): Told<Population>) -> Response {
    if !rule.is_sound() {
        return refused("the shares exceed 100");
    }
    sim.world().fates.set_rule(rule);
    StatusCode::NO_CONTENT.into_response()
}

async fn set_balance(State(sim): State<Arc<Infobip>>, Told(account): Told<Account>) -> StatusCode {
    sim.world().account = account;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    from: String,
    to: String,
    text: String,
}

/// Somebody writes back; the reply is kept for `GET /sms/1/inbox/reports`.
async fn write_back(State(sim): State<Arc<Infobip>>, Told(given): Told<Written>) -> StatusCode {
    let mut world = sim.world();
    let keyword = given.text.split_whitespace().next().unwrap_or_default();
    let reply = json!({
        "messageId": format!("mo-{}-{}", world.now_ms, world.replies.len()),
        "from": given.from,
        "to": given.to,
        "text": given.text,
        "cleanText": given.text,
        "keyword": keyword,
        "receivedAt": report::instant(world.now_ms),
        "smsCount": 1,
        "price": { "pricePerMessage": 0, "currency": world.account.currency },
        "callbackData": null,
    });
    world.replies.push_back(reply);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    keys: Vec<String>,
}

async fn set_keys(State(sim): State<Arc<Infobip>>, Told(given): Told<Keys>) -> StatusCode {
    sim.world().api_keys = given.keys;
    StatusCode::NO_CONTENT
}

impl HasOptions for Infobip {
    type Options = Options;

    fn with_options<T>(&self, look: impl FnOnce(&mut Options) -> T) -> T {
        look(&mut self.world().options)
    }
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

async fn destinations(State(sim): State<Arc<Infobip>>, Query(crowd): Query<Crowd>) -> Response {
    let world = sim.world();
    let limit = crowd.limit.unwrap_or(1_000).min(PAGE_MAX);
    let min = crowd.min.max(1);
    let count = world.book.destinations(min).count();
    let list: Vec<Value> = world
        .book
        .destinations(min)
        .take(limit)
        .map(|(digits, accepted)| json!({ "to": digits.to_string(), "accepted": accepted }))
        .collect();
    Json(json!({ "count": count, "destinations": list })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: u32,
    limit: Option<usize>,
}

/// Accepted messages in the order they came; `next` goes into `after`.
async fn received(State(sim): State<Arc<Infobip>>, Query(page): Query<Page>) -> Response {
    let world = sim.world();
    let limit = page.limit.unwrap_or(1_000).min(PAGE_MAX);
    let mut next = page.after;
    let mut list = Vec::new();
    while next < world.book.len() && list.len() < limit {
        if world.book.message(next).is_accepted {
            list.push(message_json(&world, next));
        }
        next += 1;
    }
    Json(json!({ "list": list, "next": next, "total": world.book.len() })).into_response()
}

fn message_json(world: &World, at: u32) -> Value {
    let book = &world.book;
    let message = book.message(at);
    let request = book.request(message.request);
    json!({
        "messageId": book.id(message),
        "bulkId": book.bulk_id(request),
        "to": book.to(at),
        "sender": book.envelope(message.envelope).sender,
        "text": book.text(message),
        "parts": message.parts,
        "iys": book.envelope(message.envelope).iys,
        "callbackData": book.callback(message),
        "status": status::status(message.status).name,
    })
}

async fn stats(State(sim): State<Arc<Infobip>>) -> Response {
    let world = sim.world();
    let calls = locked(&sim.stage.calls);
    let by_name = |counts: &BTreeMap<u8, u64>| -> BTreeMap<&str, u64> {
        counts
            .iter()
            .map(|(id, count)| (status::status(*id).name, *count))
            .collect()
    };
    let pushes = world.timeline.counts;
    Json(json!({
        "now": sim.config.clock.now().to_string(),
        "calls": calls.by_endpoint(),
        "requests": world.requests,
        "largest_request": world.largest_request,
        "accepted_messages": world.book.accepted(),
        "distinct_destinations": world.book.distinct_destinations(),
        "max_per_destination": world.book.most_per_destination(),
        "answered": by_name(&world.answered),
        "reported": by_name(&world.reported),
        "pushes_sent": pushes.sent,
        "pushes_acknowledged": pushes.acknowledged,
        "pushes_given_up": pushes.given_up,
        "reports_acknowledged": pushes.reports_acknowledged,
        "reports_pending": pushes.reports_pending,
        "reports_to_pull": world.timeline.waiting_for_pull(),
    }))
    .into_response()
}

async fn reset(State(sim): State<Arc<Infobip>>) -> StatusCode {
    sim.reset();
    StatusCode::NO_CONTENT
}
