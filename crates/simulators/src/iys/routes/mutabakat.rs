//! Mutabakat: the day's summary, file, hash, confirmation and time stamp.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::codes::{self, Code};
use super::super::config::HashState;
use super::super::mutabakat::{DayFile, summary};
use super::super::problem::{Problem, Refusal};
use super::super::words::Kind;
use super::super::world::{Iys, Pass, World};

/// A report may be asked for this many days back.
const DAYS_BACK: i64 = 7;

pub(super) async fn day_summary(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let (pass, day) = enter(world, &call)?;
        let kind = Kind::read(call.text("kind"))
            .ok_or_else(|| Problem::of(codes::H116).at("recipientType"))?;
        let pending = if day == today(world) {
            world.requests.pending(pass.brand, kind)
        } else {
            Vec::new()
        };
        Ok(Json(summary(&world.book, pass.brand, day, kind, &pending)).into_response())
    })
}

pub(super) async fn file(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let (pass, day) = enter(world, &call)?;
        let file = closed_day(world, &pass, day);
        let Some(file) = file.filter(|_| is_made(world.options.hash_state)) else {
            return Ok(StatusCode::NO_CONTENT.into_response());
        };
        let kind = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        Ok((kind, file.text).into_response())
    })
}

/// The file of a day is there once its hash was made, or could not be.
fn is_made(hash: HashState) -> bool {
    matches!(hash, HashState::Completed | HashState::Error)
}

pub(super) async fn hash(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let (pass, day) = enter(world, &call)?;
        let Some(file) = closed_day(world, &pass, day) else {
            return Ok(StatusCode::NO_CONTENT.into_response());
        };
        let state = world.options.hash_state;
        let mut body = json!({
            "processStatus": state,
            "agreementStatus": world.agreements.contains(&(pass.brand, day)),
        });
        if state == HashState::Completed {
            body["hashValue"] = file.hash(world.options.hash_with_header).into();
            body["hashMethod"] = "SHA-384".into();
        }
        Ok(Json(body).into_response())
    })
}

pub(super) async fn agree(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let (pass, day) = enter(world, &call)?;
        let body = call.object(codes::H014)?;
        if let Some(field) = body.keys().find(|field| *field != "agreementStatus") {
            return Err(Problem::of(codes::H118).at(field.as_str()).into());
        }
        if body.get("agreementStatus") != Some(&Value::Bool(true)) {
            return Err(Problem::of(codes::H512).at("agreementStatus").into());
        }
        let is_there = closed_day(world, &pass, day).is_some()
            && world.options.hash_state == HashState::Completed;
        if !is_there {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        world.agreements.insert((pass.brand, day));
        // The document spells the key both ways.
        let key = if world.options.quirks {
            "aggrementCaptured"
        } else {
            "agreementCaptured"
        };
        Ok(Json(json!({ key: true })).into_response())
    })
}

/// The time-stamp file; there is one once the day was confirmed. This one
/// proves nothing and says so.
pub(super) async fn stamp(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let (pass, day) = enter(world, &call)?;
        let file = closed_day(world, &pass, day);
        let is_made = world.agreements.contains(&(pass.brand, day)) && !world.options.stamp_is_late;
        let Some(file) = file.filter(|_| is_made) else {
            return Ok(StatusCode::NO_CONTENT.into_response());
        };
        let hash = file.hash(world.options.hash_with_header);
        let kind = [(header::CONTENT_TYPE, "application/timestamp-reply")];
        Ok((kind, format!("SIMULATED TIME STAMP {day} {hash}\n")).into_response())
    })
}

fn enter(world: &mut World, call: &Call) -> Result<(Pass, Date), Refusal> {
    let pass = world.enter(call)?;
    if !pass.rights.agreement_control {
        return Err(codes::H355.into());
    }
    let day = read_day(call.text("day"))?;
    let oldest = today(world)
        .checked_sub(DAYS_BACK.days())
        .unwrap_or(Date::MIN);
    if day < oldest {
        return Err(codes::H502.into());
    }
    Ok((pass, day))
}

/// The file of a day that is over; a day that goes on has none yet.
fn closed_day(world: &World, pass: &Pass, day: Date) -> Option<DayFile> {
    if day >= today(world) {
        return None;
    }
    DayFile::of(&world.book, pass.brand, day)
}

fn today(world: &World) -> Date {
    world.now.civil().date()
}

fn read_day(text: &str) -> Result<Date, Code> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Err(codes::H501);
    }
    text.parse().map_err(|_| codes::H501)
}
