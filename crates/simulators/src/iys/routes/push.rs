//! Push connections: asked for, listed and taken back.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::codes;
use super::super::problem::{Problem, Refusal};
use super::super::push::{self, CONNECTIONS_MAX, Connection, Registered};
use super::super::words::Channel;
use super::super::world::{Iys, Pass, World};

const FIELDS: [&str; 4] = ["url", "type", "username", "password"];

/// Opens connections; each must take the test message first.
pub(super) async fn register(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    let asked = {
        let mut world = sim.world();
        let quirks = world.options.quirks;
        match wanted(&mut world, &call) {
            Ok(asked) => asked,
            Err(refusal) => return refusal.answer(quirks),
        }
    };
    let (pass, connections) = asked;
    let mut all_open = true;
    for connection in connections {
        let is_open = push::deliver(
            &sim.http,
            &connection,
            &push::test_message(connection.channel),
        )
        .await;
        all_open &= is_open;
        let mut world = sim.world();
        let at = world.now;
        let one = Registered {
            connection,
            is_open,
            at,
        };
        world.pushes.register(pass.brand, one);
    }
    sim.reply(|world| {
        if !all_open {
            return Err(codes::H530.into());
        }
        Ok(list_json(world, &pass).into_response())
    })
}

pub(super) async fn list(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        Ok(list_json(world, &pass).into_response())
    })
}

pub(super) async fn unregister(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let connection = read(&call.object(codes::H014)?)?;
        if world.pushes.unregister(pass.brand, &connection) {
            Ok(Json(json!({ "message": "Bağlantı kaldırıldı." })).into_response())
        } else {
            Err(codes::H530.into())
        }
    })
}

fn wanted(world: &mut World, call: &Call) -> Result<(Pass, Vec<Connection>), Refusal> {
    let pass = world.enter(call)?;
    let body = call.object(codes::H014)?;
    if let Some(field) = body.keys().find(|field| *field != "connection") {
        return Err(Problem::of(codes::H118).at(field.as_str()).into());
    }
    let list = match body.get("connection") {
        Some(Value::Array(list)) if !list.is_empty() => list,
        _ => return Err(Problem::of(codes::H530).at("connection").into()),
    };
    let mut connections: Vec<Connection> = Vec::new();
    for one in list {
        let connection = read(one.as_object().unwrap_or(&Map::new()))?;
        if !connection.url.starts_with("https://") && !world.options.push_allows_http {
            return Err(Problem::of(codes::H531).at("url").into());
        }
        pass.may_read(connection.channel)?;
        let is_repeat = connections
            .iter()
            .any(|held| held.channel == connection.channel);
        let is_known = world
            .pushes
            .of(pass.brand)
            .any(|held| held.is_open && held.connection == connection);
        let open = world.pushes.open(pass.brand, connection.channel);
        if is_repeat || (!is_known && open >= CONNECTIONS_MAX) {
            return Err(Problem::of(codes::H530).at("type").into());
        }
        connections.push(connection);
    }
    Ok((pass, connections))
}

fn read(object: &Map<String, Value>) -> Result<Connection, Refusal> {
    if let Some(field) = object
        .keys()
        .find(|field| !FIELDS.contains(&field.as_str()))
    {
        return Err(Problem::of(codes::H118).at(field.as_str()).into());
    }
    let text = |field: &'static str| {
        object
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let word = text("type").ok_or_else(|| Problem::of(codes::H111).at("type"))?;
    let needed = |field: &'static str| {
        text(field)
            .map(str::to_owned)
            .ok_or_else(|| Problem::of(codes::H530).at(field))
    };
    Ok(Connection {
        channel: Channel::read(word).ok_or_else(|| Problem::of(codes::H117).at("type"))?,
        url: needed("url")?,
        username: needed("username")?,
        password: needed("password")?,
    })
}

fn list_json(world: &World, pass: &Pass) -> Json<Vec<Value>> {
    let rows = world.pushes.of(pass.brand).map(|one| {
        json!({
            "url": one.connection.url,
            "type": one.connection.channel.word(),
            "status": if one.is_open { "Bağlantı Oluşturuldu" } else { "Bağlantı Oluşturulamadı" },
            "registerTime": one.at.text(),
        })
    });
    Json(rows.collect())
}
