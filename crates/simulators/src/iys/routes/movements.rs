//! Movements of one address, and the feed of everything that changed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::book::{Key, Movement, MovementNo, Standing};
use super::super::call::Call;
use super::super::codes::{self, Code};
use super::super::limits::Limited;
use super::super::moment::Local;
use super::super::transaction::TransactionId;
use super::super::words::Source;
use super::super::world::Iys;
use super::status::read_key;

const HISTORY_PAGE_MAX: usize = 100;
const CHANGES_PAGE_MAX: usize = 1_000;
/// The feed shows movements from 7 days before the call …
const FEED_OPENS_S: i64 = 7 * 24 * 3_600;
/// … to 1 hour before it.
const FEED_CLOSES_S: i64 = 3_600;

pub(super) async fn history(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        world.hourly(Limited::History, &call)?;
        call.only_asks(&["limit", "offset"], codes::H097)?;
        let limit = number(&call, "limit", HISTORY_PAGE_MAX, codes::H183)?;
        let offset = number(&call, "offset", 0, codes::H182)?;
        if limit == 0 {
            return Err(codes::H187.into());
        }
        if limit > HISTORY_PAGE_MAX {
            return Err(codes::H186.into());
        }
        let key = read_key(&call.object(codes::H097)?)?;
        pass.may_read(key.channel)?;
        let all = world.book.history(pass.brand, &key);
        let list: Vec<Value> = all
            .iter()
            .skip(offset)
            .take(limit)
            .map(|standing| past(&key, standing))
            .collect();
        let pagination = json!({ "totalCount": all.len(), "pageSize": limit, "offset": offset });
        Ok(Json(json!({ "list": list, "pagination": pagination })).into_response())
    })
}

pub(super) async fn changes(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        call.only_asks(&["after", "limit", "source"], codes::H098)?;
        let by_citizens = match call.asked("source") {
            None | Some("IYS") => true,
            Some("HS") => false,
            Some(_) => return Err(codes::H506.into()),
        };
        let limit = number(&call, "limit", CHANGES_PAGE_MAX, codes::H183)?;
        if limit == 0 {
            return Err(codes::H187.into());
        }
        if limit > CHANGES_PAGE_MAX {
            return Err(codes::H507.into());
        }
        let after = call.asked("after").map(read_cursor).transpose()?;
        if after.is_some_and(|at| at.0 as usize >= world.book.len()) {
            return Err(codes::H098.into());
        }
        let is_old = call
            .asked("after")
            .and_then(made_at)
            .is_some_and(|at| at < world.now.unix() - FEED_OPENS_S);
        if is_old && world.options.refuses_old_cursors {
            return Err(codes::H098.into());
        }
        let window = (
            Local(world.now.0 - FEED_OPENS_S),
            Local(world.now.0 - FEED_CLOSES_S),
        );
        let page: Vec<(MovementNo, &Movement)> = world
            .book
            .changes(pass.brand, by_citizens, after, window)
            .filter(|(_, movement)| pass.may_read(movement.key.channel).is_ok())
            .take(limit)
            .collect();
        let Some((last, movement)) = page.last() else {
            return Ok(StatusCode::NO_CONTENT.into_response());
        };
        let cursor = cursor(*last, movement);
        let list: Vec<Value> = page
            .iter()
            .map(|(at, movement)| change(*at, movement))
            .collect();
        Ok(Json(json!({ "after": cursor, "list": list })).into_response())
    })
}

/// Creation time and transaction id, as the document shows it; opaque to clients.
fn cursor(at: MovementNo, movement: &Movement) -> String {
    format!(
        "{}_{}",
        movement.created.unix(),
        TransactionId::of_movement(at)
    )
}

/// The time in a cursor, epoch seconds.
fn made_at(cursor: &str) -> Option<i64> {
    cursor.split_once('_')?.0.parse().ok()
}

fn read_cursor(text: &str) -> Result<MovementNo, Code> {
    text.split_once('_')
        .and_then(|(_, id)| TransactionId::movement(id))
        .ok_or(codes::H098)
}

fn number(call: &Call, name: &str, default: usize, wrong: Code) -> Result<usize, Code> {
    call.asked(name)
        .map_or(Ok(default), |text| text.parse().map_err(|_| wrong))
}

fn past(key: &Key, standing: &Standing) -> Value {
    movement_json(
        key,
        standing.status.word(),
        standing.source,
        standing.date,
        standing.created,
        standing.transaction,
    )
}

fn change(at: MovementNo, movement: &Movement) -> Value {
    let mut body = movement_json(
        &movement.key,
        movement.status.word(),
        movement.source,
        movement.date,
        movement.created,
        TransactionId::of_movement(at),
    );
    if movement.source == Some(Source::IYS_WEB_YENI) {
        body["citizenName"] = "ÖRNEK VATANDAŞ".into();
    }
    body
}

fn movement_json(
    key: &Key,
    status: &str,
    source: Option<Source>,
    date: Option<Local>,
    created: Local,
    transaction: TransactionId,
) -> Value {
    let mut body = json!({
        "recipient": key.address.to_string(),
        "recipientType": key.kind.word(),
        "type": key.channel.word(),
        "status": status,
        "creationDate": created.text(),
        "transactionId": transaction.to_string(),
    });
    if let Some(source) = source {
        body["source"] = source.word().into();
    }
    if let Some(date) = date {
        body["consentDate"] = date.text().into();
    }
    body
}
