//! The İYS simulator's own control calls.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::BrandSetup;
use super::address::Address;
use super::book::{Key, Loaded, MovementNo, Origin};
use super::moment::Local;
use super::population::Population;
use super::script::Script;
use super::transaction::TransactionId;
use super::words::{Channel, Kind, Source, Status};
use super::world::{Iys, World};
use crate::control::{Told, list_of, patched, refused};
use crate::lock::locked;

/// Rows on one page of `GET /_sim/received`.
const RECEIVED_PAGE_MAX: usize = 10_000;

pub(super) fn routes(sim: Arc<Iys>) -> Router {
    Router::new()
        .route("/_sim/brands", post(set_up_brands))
        .route("/_sim/state", post(load_state))
        .route("/_sim/population", post(set_population))
        .route("/_sim/script", post(add_scripts).delete(clear_scripts))
        .route("/_sim/via", post(agree_via).get(list_via))
        .route("/_sim/options", post(set_options).get(show_options))
        .route("/_sim/received", get(received))
        .route("/_sim/stats", get(stats))
        .route("/_sim/reset", post(reset))
        .with_state(sim)
}

async fn set_up_brands(State(sim): State<Arc<Iys>>, Told(given): Told<Value>) -> Response {
    let setups = match list_of::<BrandSetup>(given, "brands") {
        Ok(setups) => setups,
        Err(why) => return refused(&why),
    };
    let mut world = sim.world();
    let world = &mut *world;
    let count = setups.len();
    for setup in setups {
        world.accounts.set_up(setup, &mut world.book);
    }
    Json(json!({ "brands": count })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateLoad {
    records: Vec<RecordLoad>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RecordLoad {
    iys_code: u64,
    brand_code: u64,
    recipient: String,
    recipient_type: Option<String>,
    #[serde(rename = "type")]
    channel: String,
    status: String,
    source: Option<String>,
    consent_date: Option<String>,
    creation_date: Option<String>,
}

async fn load_state(State(sim): State<Arc<Iys>>, Told(state): Told<StateLoad>) -> Response {
    let mut world = sim.world();
    let mut loaded = 0_u64;
    for (index, record) in state.records.iter().enumerate() {
        if let Err(why) = load(&mut world, record) {
            return refused(&format!("record {index}: {why}; {loaded} loaded before it"));
        }
        loaded += 1;
    }
    drop(world);
    sim.woken.notify_one();
    Json(json!({ "loaded": loaded })).into_response()
}

fn load(world: &mut World, record: &RecordLoad) -> Result<(), String> {
    let unknown = |what: &str, word: &str| format!("unknown {what}: {word}");
    let brand = world
        .accounts
        .find_brand(record.iys_code, record.brand_code)
        .ok_or_else(|| unknown("brand", &record.brand_code.to_string()))?;
    let kind = record.recipient_type.as_deref().unwrap_or("BIREYSEL");
    let key = Key {
        address: Address::parse(&record.recipient)
            .map_err(|code| format!("{}: {}", record.recipient, code.text))?,
        kind: Kind::read(kind).ok_or_else(|| unknown("recipientType", kind))?,
        channel: Channel::read(&record.channel).ok_or_else(|| unknown("type", &record.channel))?,
    };
    if record.status == "NONE" {
        world.book.erase(brand, key);
        return Ok(());
    }
    let source = record.source.as_deref().unwrap_or("HS_WEB");
    let date = read_date(record.consent_date.as_deref())?.unwrap_or(world.now);
    let loaded = Loaded {
        key,
        status: Status::read(&record.status).ok_or_else(|| unknown("status", &record.status))?,
        source: Source::read(source).ok_or_else(|| unknown("source", source))?,
        date: Some(date),
        created: read_date(record.creation_date.as_deref())?.unwrap_or(date),
    };
    world.book.load(brand, loaded);
    Ok(())
}

/// A date in İYS form, or RFC 3339 as people write it in tests.
fn read_date(text: Option<&str>) -> Result<Option<Local>, String> {
    let Some(text) = text else {
        return Ok(None);
    };
    Local::parse(text)
        .or_else(|_| text.parse().map(Local::of))
        .map(Some)
        .map_err(|_| format!("not a date: {text}"))
}

async fn set_population(
    State(sim): State<Arc<Iys>>,
    Told(population): Told<Option<Population>>,
) -> Response {
    if !population.as_ref().is_none_or(Population::is_sound) {
        return refused("the shares exceed 100, or a recipient type is unknown");
    }
    sim.world().book.set_population(population);
    StatusCode::NO_CONTENT.into_response()
}

async fn add_scripts(State(sim): State<Arc<Iys>>, Told(given): Told<Value>) -> Response {
    let scripts = match list_of::<Script>(given, "scripts") {
        Ok(scripts) => scripts,
        Err(why) => return refused(&why),
    };
    let mut world = sim.world();
    for script in &scripts {
        if let Err(why) = world.scripts.add(script) {
            return refused(&why);
        }
    }
    Json(json!({ "scripts": scripts.len() })).into_response()
}

async fn clear_scripts(State(sim): State<Arc<Iys>>) -> StatusCode {
    sim.world().scripts.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Agreed {
    request_id: String,
}

async fn agree_via(State(sim): State<Arc<Iys>>, Told(told): Told<Agreed>) -> Response {
    let found = super::routes::via::agree(&mut sim.world(), &told.request_id);
    sim.woken.notify_one();
    if found {
        Json(json!({ "agreed": told.request_id })).into_response()
    } else {
        refused("no such request")
    }
}

async fn list_via(State(sim): State<Arc<Iys>>) -> Response {
    let world = sim.world();
    let open = world.via.requests.iter().filter(|(_, one)| !one.is_done);
    let list: Vec<Value> = open
        .map(|(id, one)| {
            json!({ "requestId": id, "recipient": one.recipient.to_string(), "code": one.code })
        })
        .collect();
    Json(json!({ "list": list })).into_response()
}

async fn set_options(State(sim): State<Arc<Iys>>, Told(patch): Told<Value>) -> Response {
    let mut world = sim.world();
    match patched(&world.options, patch) {
        Ok(options) => {
            world.options = options;
            Json(json!(world.options)).into_response()
        }
        Err(why) => refused(&why),
    }
}

async fn show_options(State(sim): State<Arc<Iys>>) -> Response {
    Json(json!(sim.world().options)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: usize,
    limit: Option<usize>,
}

/// Adds that were recorded, in the order they were; `next` goes into `after`.
async fn received(State(sim): State<Arc<Iys>>, Query(page): Query<Page>) -> Response {
    let world = sim.world();
    let limit = page.limit.unwrap_or(1_000).min(RECEIVED_PAGE_MAX);
    let mut next = page.after;
    let mut list = Vec::new();
    for (at, movement) in world.book.from(page.after) {
        if list.len() == limit {
            break;
        }
        next += 1;
        if movement.origin == Origin::Loaded {
            continue;
        }
        list.push(recorded_json(&world, at));
    }
    Json(json!({ "list": list, "next": next, "total": world.book.len() })).into_response()
}

fn recorded_json(world: &World, at: MovementNo) -> Value {
    let movement = world.book.movement(at);
    let brand = world.accounts.brand(movement.brand);
    json!({
        "iysCode": brand.iys_code,
        "brandCode": brand.code,
        "recipient": movement.key.address.to_string(),
        "recipientType": movement.key.kind.word(),
        "type": movement.key.channel.word(),
        "status": movement.status.word(),
        "source": movement.source.map(Source::word),
        "consentDate": movement.date.map(Local::text),
        "creationDate": movement.created.text(),
        "retailerCode": movement.retailer,
        "transactionId": TransactionId::of_movement(at).to_string(),
        "requestId": match movement.origin {
            Origin::Row { request, .. } => Some(world.requests.id(request)),
            Origin::Single | Origin::Loaded => None,
        },
    })
}

async fn stats(State(sim): State<Arc<Iys>>) -> Response {
    let world = sim.world();
    let rows = world.requests.counts();
    let calls = locked(&sim.stage.calls);
    // İYS takes the address off its list below 70 % of successes in a day.
    let failures = calls.count(|status| ["400", "401", "403", "404", "422"].contains(&status));
    let answered = calls.count(|status| status != crate::calls::CUT);
    Json(json!({
        "now": sim.config.clock.now().to_string(),
        "calls": calls.by_endpoint(),
        "calls_answered": answered,
        "calls_failed": failures,
        "addresses_asked": world.counters.addresses_asked,
        "largest_query": world.counters.largest_query,
        "requests": world.requests.len(),
        "rows_submitted": world.counters.rows_submitted,
        "rows_added": rows.recorded + world.counters.singles_recorded,
        "rows_failed": rows.failed,
        "rows_pending": rows.waiting,
        "movements": world.book.len(),
        "same_second_movements": world.book.same_second(),
        "days_agreed": world.agreements.len(),
        "pushes_sent": world.pushes.sent,
        "pushes_lost": world.pushes.lost,
    }))
    .into_response()
}

async fn reset(State(sim): State<Arc<Iys>>) -> StatusCode {
    sim.reset();
    StatusCode::NO_CONTENT
}
