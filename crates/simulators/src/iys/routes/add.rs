//! Adding consents: one at a time and up to 1,000 in a list, in both versions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::book::{Key, MovementNo, Origin};
use super::super::call::Call;
use super::super::codes;
use super::super::consent::{Consent, Desk};
use super::super::problem::{Problem, Refusal};
use super::super::requests::{Requests, Row, Waiting};
use super::super::rules;
use super::super::script::AddAnswer;
use super::super::transaction::TransactionId;
use super::super::words::{Channel, Status};
use super::super::world::{Iys, Pass, World};

/// Consents in one list.
const ROWS_MAX: usize = 1_000;

pub(super) async fn add_one(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| one(world, &call, false))
}

pub(super) async fn add_one_v2(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| one(world, &call, true))
}

pub(super) async fn add_many(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| many(world, &call, false))
}

pub(super) async fn add_many_v2(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| many(world, &call, true))
}

fn one(world: &mut World, call: &Call, is_v2: bool) -> Result<Response, Refusal> {
    let pass = world.enter(call)?;
    let object = call.object(codes::H085)?;
    let consent = desk(world, &pass)
        .read(&object, None)
        .map_err(Refusal::Errors)?;
    pass.may_write(consent.key.channel)?;
    world.counters.rows_submitted += 1;
    if let Some(script) = world.scripts.adding(&consent.key)
        && script.answer != AddAnswer::Judge
    {
        return Err(script.code.into());
    }
    if is_v2 && let Some(earlier) = world.book.identical(pass.brand, &consent) {
        return Ok(recorded(world, earlier));
    }
    if consent.is_late {
        return Err(codes::H467.into());
    }
    Quota::of(world, &pass).take(world, &pass, &consent)?;
    let standing = world.book.standing(pass.brand, &consent.key);
    rules::judge(standing.as_ref(), &consent)?;
    let at = world
        .book
        .record(pass.brand, &consent, Origin::Single, world.now);
    world.counters.singles_recorded += 1;
    Ok(recorded(world, at))
}

fn recorded(world: &World, at: MovementNo) -> Response {
    Json(json!({
        "transactionId": TransactionId::of_movement(at).to_string(),
        "creationDate": world.book.movement(at).created.text(),
    }))
    .into_response()
}

fn many(world: &mut World, call: &Call, is_v2: bool) -> Result<Response, Refusal> {
    let pass = world.enter(call)?;
    let list = match call.json()? {
        Value::Array(list) if !list.is_empty() => list,
        _ => return Err(codes::H092.into()),
    };
    if list.len() > ROWS_MAX {
        return Err(codes::H091.into());
    }
    let consents = judge_form(world, &pass, &list, is_v2)?;
    let rows: Vec<Row> = consents
        .into_iter()
        .map(|consent| row(world, consent))
        .collect();
    world.counters.rows_submitted += u64::try_from(rows.len()).unwrap_or_default();
    let at = world
        .requests
        .accept(pass.brand, is_v2, rows, world.seed, world.now_ms);
    let echoes: Vec<Value> = (0_u32..)
        .zip(list)
        .map(|(row, sent)| echo(world, at, row, sent))
        .collect();
    let body = json!({ "requestId": world.requests.id(at), "subRequests": echoes });
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// What İYS finds at once: form, duplicates, quota and, unless the options say
/// otherwise, dates that are too old. One bad row refuses the whole list.
fn judge_form(
    world: &World,
    pass: &Pass,
    list: &[Value],
    is_v2: bool,
) -> Result<Vec<Consent>, Refusal> {
    let desk = desk(world, pass);
    let mut quota = Quota::of(world, pass);
    let mut seen: HashSet<Key> = HashSet::with_capacity(list.len());
    let mut consents = Vec::with_capacity(list.len());
    let mut problems = Vec::new();
    let nothing = Map::new();
    for (index, value) in list.iter().enumerate() {
        let Value::Object(object) = value else {
            problems.extend(desk.read(&nothing, Some(index)).err().into_iter().flatten());
            continue;
        };
        match desk.read(object, Some(index)) {
            Err(found) => problems.extend(found),
            Ok(consent) => {
                let judged = judge_row(world, pass, &consent, is_v2)
                    .and_then(|()| quota.take(world, pass, &consent));
                if let Err(problem) = judged {
                    problems.push(problem.row(Some(index)));
                }
                if !seen.insert(consent.key.clone()) {
                    let repeat = Problem::of(codes::H194).at("recipient");
                    let address = consent.key.address.to_string();
                    problems.push(repeat.value(address).row(Some(index)));
                }
                consents.push(consent);
            }
        }
    }
    if problems.is_empty() {
        Ok(consents)
    } else {
        Err(Refusal::Errors(problems))
    }
}

fn judge_row(world: &World, pass: &Pass, consent: &Consent, is_v2: bool) -> Result<(), Problem> {
    pass.may_write(consent.key.channel).map_err(|code| {
        Problem::of(code)
            .at("type")
            .value(consent.key.channel.word())
    })?;
    if let Some(script) = world.scripts.adding(&consent.key)
        && script.answer == AddAnswer::Refuse
    {
        return Err(Problem::of(script.code));
    }
    let repeats = is_v2 && world.book.identical(pass.brand, consent).is_some();
    if consent.is_late && !world.options.late_in_result && !repeats {
        return Err(Problem::of(codes::H467).at("consentDate").http(422));
    }
    Ok(())
}

fn row(world: &World, consent: Consent) -> Row {
    let script = world.scripts.adding(&consent.key);
    if script.is_some_and(|script| script.answer == AddAnswer::Enqueue) {
        return Row::Stuck;
    }
    let delay_ms = script
        .and_then(|script| script.after_ms)
        .unwrap_or(world.options.async_delay_ms);
    Row::Waiting(Box::new(Waiting {
        due_ms: world.now_ms + i64::try_from(delay_ms).unwrap_or(i64::MAX / 2),
        polls: script
            .and_then(|script| script.after_polls)
            .unwrap_or(world.options.async_polls),
        verdict: script
            .filter(|script| script.answer == AddAnswer::Failure)
            .map(|script| script.code),
        consent,
    }))
}

/// A row as it was sent, with the ids to ask for it by.
fn echo(world: &World, request: u32, row: u32, sent: Value) -> Value {
    let mut sub_request = json!({
        "subRequestId": Requests::sub_id(request, row, world.seed),
        "creationDate": world.now.text(),
        "recipientType": "BIREYSEL",
    });
    if let (Value::Object(echo), Value::Object(sent)) = (&mut sub_request, sent) {
        echo.extend(sent);
    }
    sub_request
}

fn desk<'a>(world: &'a World, pass: &Pass) -> Desk<'a> {
    let brand = world.accounts.brand(pass.brand);
    Desk {
        now: world.now,
        is_activated: brand.activated,
        retailers: &brand.retailers,
        refuses_hs_karar: world.options.refuses_hs_karar,
    }
}

/// New addresses the firm's package still has room for, per channel.
struct Quota(HashMap<Channel, u64>);

impl Quota {
    fn of(world: &World, pass: &Pass) -> Self {
        let iys_code = world.accounts.brand(pass.brand).iys_code;
        let limit = world
            .accounts
            .firm(iys_code)
            .and_then(|firm| firm.consent_limit);
        let room = |limit: u64| {
            Channel::ALL
                .into_iter()
                .map(|channel| {
                    let used = world.accounts.used(&world.book, iys_code, channel);
                    (channel, limit.saturating_sub(used))
                })
                .collect()
        };
        Self(limit.map(room).unwrap_or_default())
    }

    /// # Errors
    /// H525 when the consent needs room that is not there.
    fn take(&mut self, world: &World, pass: &Pass, consent: &Consent) -> Result<(), Problem> {
        let Some(room) = self.0.get_mut(&consent.key.channel) else {
            return Ok(());
        };
        let is_new = consent.status == Status::Onay
            && world.book.standing(pass.brand, &consent.key).is_none();
        if !is_new {
            return Ok(());
        }
        match room.checked_sub(1) {
            Some(left) => {
                *room = left;
                Ok(())
            }
            None => Err(Problem::of(codes::H525)),
        }
    }
}
