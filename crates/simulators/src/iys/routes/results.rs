//! `GET …/consents/request/{requestId}`: what became of an asynchronous add.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::super::call::Call;
use super::super::codes::{self, Code};
use super::super::world::Iys;

/// Longest request id.
const ID_CHARS_MAX: usize = 36;

pub(super) async fn results(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let id = judge_id(call.text("request"))?;
        // An id that is unknown, another brand's or past its 60 days looks the same.
        let Some(at) = world.requests.find(id, pass.brand, world.now_ms) else {
            return Ok(Json(Vec::<()>::new()).into_response());
        };
        world
            .requests
            .poll(at, &mut world.book, world.now_ms, world.now);
        if world.options.empty_while_pending && world.requests.is_untouched(at) {
            return Ok(Json(Vec::<()>::new()).into_response());
        }
        let rows = world
            .requests
            .results(at, &world.book, world.seed, world.options.quirks);
        Ok(Json(rows).into_response())
    })
}

fn judge_id(id: &str) -> Result<&str, Code> {
    if id.len() > ID_CHARS_MAX {
        return Err(codes::H198);
    }
    if id.chars().all(char::is_alphabetic) {
        return Err(codes::H199);
    }
    if id.chars().all(|char| char.is_ascii_digit()) {
        return Err(codes::H400);
    }
    Ok(id)
}
