//! Retailers, and the codes of provinces and districts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::codes;
use super::super::problem::{Problem, Refusal};
use super::super::retailers::{DISTRICTS, PROVINCES, judge, listed};
use super::super::world::Iys;

/// The first number that is given to a new retailer.
const FIRST_CODE: u64 = 66_100_001;

pub(super) async fn create(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let held = world.retailers.entry(pass.brand).or_default();
        let record = judge(&call.object(codes::H090)?, held)?;
        let code = held.keys().last().map_or(FIRST_CODE, |last| last + 1);
        held.insert(code, record);
        world.accounts.add_retailer(pass.brand, code);
        Ok((StatusCode::CREATED, Json(json!({ "retailerCode": code }))).into_response())
    })
}

pub(super) async fn list(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        call.only_asks(&["offset", "limit"], codes::H402)?;
        let number = |name: &str, default: usize, wrong| {
            call.asked(name)
                .map_or(Ok(default), |text| text.parse::<usize>().map_err(|_| wrong))
        };
        let offset = number("offset", 0, codes::H182)?;
        let limit = number("limit", 100, codes::H183)?;
        let held = world.retailers.entry(pass.brand).or_default();
        let rows: Vec<Value> = held
            .iter()
            .skip(offset)
            .take(limit)
            .map(|(code, record)| listed(*code, record))
            .collect();
        let pagination = json!({ "totalCount": held.len(), "pageSize": limit, "offset": offset });
        Ok(Json(json!({ "list": rows, "pagination": pagination })).into_response())
    })
}

pub(super) async fn one(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let code = call.number("retailer", codes::H058)?;
        let held = world.retailers.entry(pass.brand).or_default();
        let record = held.get(&code).ok_or_else(unknown)?;
        Ok(Json(listed(code, record)).into_response())
    })
}

/// A retailer to which a consent is linked stays.
pub(super) async fn delete(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let code = call.number("retailer", codes::H058)?;
        let is_linked = world
            .book
            .from(0)
            .any(|(_, movement)| movement.brand == pass.brand && movement.retailer == Some(code));
        if is_linked {
            return Err(codes::H061.into());
        }
        let held = world.retailers.entry(pass.brand).or_default();
        held.remove(&code).ok_or_else(unknown)?;
        Ok(Json(json!({ "message": "Bayi silindi." })).into_response())
    })
}

fn unknown() -> Refusal {
    Problem::of(codes::H058).at("retailerCode").into()
}

pub(super) async fn provinces(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    places(&sim, &call, &PROVINCES)
}

pub(super) async fn districts(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    places(&sim, &call, &DISTRICTS)
}

fn places(sim: &Iys, call: &Call, all: &[(&str, &str)]) -> Response {
    sim.reply(|world| {
        world.caller(call)?;
        let wanted = call.text("code");
        let row = |(code, name): &(&str, &str)| json!({ "code": code, "name": name });
        if wanted.is_empty() {
            return Ok(Json(all.iter().map(row).collect::<Vec<_>>()).into_response());
        }
        match all.iter().find(|(code, _)| *code == wanted) {
            Some(place) => Ok(Json(row(place)).into_response()),
            None => Ok(StatusCode::NO_CONTENT.into_response()),
        }
    })
}
