//! Status queries: one record, or which of up to 1,000 addresses are ONAY.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::book::{Key, Standing};
use super::super::call::Call;
use super::super::codes;
use super::super::config::UnknownStatus;
use super::super::consent::{Form, judge_address};
use super::super::limits::Limited;
use super::super::problem::{Problem, Refusal};
use super::super::script::Asking;
use super::super::words::{Channel, Kind};
use super::super::world::{Iys, World};
use crate::dice::{mix, uuid};

/// Addresses in one multiple query.
const RECIPIENTS_MAX: usize = 1_000;

pub(super) async fn one(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        world.hourly(Limited::Status, &call)?;
        let key = read_key(&call.object(codes::H403)?)?;
        pass.may_read(key.channel)?;
        world.counters.addresses_asked += 1;
        let standing = match world.scripts.asking(&key) {
            Some(Asking::Fails(code)) => return Err(code.into()),
            Some(Asking::Absent) => None,
            None => world.book.standing(pass.brand, &key),
        };
        match standing {
            Some(standing) => Ok(Json(record(&key, &standing)).into_response()),
            None => unknown(world.options.unknown_status),
        }
    })
}

pub(super) async fn many(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let kind = Kind::read(call.text("kind"))
            .ok_or_else(|| Problem::of(codes::H116).at("recipientType"))?;
        let channel = Channel::read(call.text("channel"))
            .ok_or_else(|| Problem::of(codes::H117).at("type"))?;
        pass.may_read(channel)?;
        let keys = read_keys(&call.object(codes::H403)?, kind, channel)?;
        let asked = u64::try_from(keys.len()).unwrap_or_default();
        world.counters.addresses_asked += asked;
        world.counters.largest_query = world.counters.largest_query.max(asked);
        let mut list = Vec::with_capacity(keys.len());
        for key in &keys {
            match world.scripts.asking(key) {
                Some(Asking::Fails(code)) => return Err(code.into()),
                None if world.book.is_approved(pass.brand, key) => {
                    list.push(key.address.to_string());
                }
                Some(Asking::Absent) | None => {}
            }
        }
        Ok(Json(json!({ "requestId": query_id(world), "list": list })).into_response())
    })
}

fn query_id(world: &World) -> String {
    let asked = mix(world.seed ^ world.counters.addresses_asked);
    uuid(asked, mix(asked))
}

/// The body of a query about one record: `recipient`, `recipientType`, `type`.
pub(super) fn read_key(object: &Map<String, Value>) -> Result<Key, Refusal> {
    let mut form = Form {
        object,
        index: None,
        problems: Vec::new(),
    };
    form.known_fields_only(&["recipient", "recipientType", "type"]);
    if !object.contains_key("recipientType") {
        form.wrong(codes::H170, "recipientType");
    }
    let channel = form.channel();
    let kind = form.kind();
    let address = form.address(channel);
    match (form.problems.is_empty(), address, kind, channel) {
        (true, Some(address), Some(kind), Some(channel)) => Ok(Key {
            address,
            kind,
            channel,
        }),
        _ => Err(Refusal::Errors(form.problems)),
    }
}

fn read_keys(
    object: &Map<String, Value>,
    kind: Kind,
    channel: Channel,
) -> Result<Vec<Key>, Refusal> {
    let mut form = Form {
        object,
        index: None,
        problems: Vec::new(),
    };
    form.known_fields_only(&["recipients"]);
    if !form.problems.is_empty() {
        return Err(Refusal::Errors(form.problems));
    }
    let list = match object.get("recipients") {
        None | Some(Value::Null) => return Err(Problem::of(codes::H168).at("recipients").into()),
        Some(Value::Array(list)) if list.is_empty() => {
            return Err(Problem::of(codes::H164).at("recipients").into());
        }
        Some(Value::Array(list)) if list.len() > RECIPIENTS_MAX => {
            return Err(Problem::of(codes::H091).at("recipients").into());
        }
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Problem::of(codes::H478).at("recipients").into()),
    };
    let mut keys = Vec::with_capacity(list.len());
    let mut seen = HashSet::with_capacity(list.len());
    let mut problems = Vec::new();
    for (at, value) in list.iter().enumerate() {
        let judged = value
            .as_str()
            .ok_or(codes::H122)
            .and_then(|text| judge_address(text, Some(channel)))
            .and_then(|address| {
                if seen.insert(address.clone()) {
                    Ok(address)
                } else {
                    Err(codes::H193)
                }
            });
        match judged {
            Ok(address) => keys.push(Key {
                address,
                kind,
                channel,
            }),
            Err(code) => {
                let problem = Problem::of(code).at("recipients").at(at);
                problems.push(problem.value(value.clone()).row(Some(at)));
            }
        }
    }
    if problems.is_empty() {
        Ok(keys)
    } else {
        Err(Refusal::Errors(problems))
    }
}

fn record(key: &Key, standing: &Standing) -> Value {
    let mut body = json!({
        "recipient": key.address.to_string(),
        "recipientType": key.kind.word(),
        "type": key.channel.word(),
        "status": standing.status.word(),
        "creationDate": standing.created.text(),
        "retailerAccessCount": standing.shared_with,
        "transactionId": standing.transaction.to_string(),
    });
    if let Some(source) = standing.source {
        body["source"] = source.word().into();
    }
    if let Some(date) = standing.date {
        body["consentDate"] = date.text().into();
    }
    if let Some(retailer) = standing.retailer {
        body["retailerCode"] = retailer.into();
    }
    body
}

fn unknown(answer: UnknownStatus) -> Result<Response, Refusal> {
    match answer {
        UnknownStatus::NotFound => Err(Problem::of(codes::H097).http(404).into()),
        UnknownStatus::EmptyObject => Ok(Json(json!({})).into_response()),
        UnknownStatus::EmptyBody => Ok(StatusCode::OK.into_response()),
    }
}
