//! `POST /oauth2/token`: passwords and refresh tokens for access tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::accounts::UserNo;
use super::super::call::Call;
use super::super::codes;
use super::super::problem::{Problem, Refusal};
use super::super::tokens::Lives;
use super::super::world::{Iys, World};

pub(super) async fn token(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        world.token_call(&call)?;
        let fields = fields(&call)?;
        let user = match text(&fields, "grant_type")? {
            Some("password") => by_password(world, &fields)?,
            Some("refresh_token") => by_refresh_token(world, &fields)?,
            Some(_) => return Err(invalid_request("The grant type is not supported")),
            None => return Err(invalid_request("The grant type is missing")),
        };
        let lives = Lives {
            access_s: world.options.access_token_s,
            refresh_s: world.options.refresh_token_s,
        };
        let pair = world.tokens.issue(user, lives, world.seed, world.now_ms);
        Ok(Json(json!({
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "expires_in": lives.access_s,
            "refresh_expires_in": lives.refresh_s,
            "token_type": "bearer",
        }))
        .into_response())
    })
}

fn by_password(world: &World, fields: &Map<String, Value>) -> Result<UserNo, Refusal> {
    let name = text(fields, "username")?.ok_or(Problem::of(codes::H250).at("username"))?;
    let password = text(fields, "password")?.ok_or(Problem::of(codes::H252).at("password"))?;
    Ok(world.accounts.log_in(name, password).ok_or(codes::H251)?)
}

fn by_refresh_token(world: &mut World, fields: &Map<String, Value>) -> Result<UserNo, Refusal> {
    let token = text(fields, "refresh_token")?
        .ok_or_else(|| invalid_request("The refresh token is missing"))?;
    world
        .tokens
        .redeem(token, world.now_ms)
        .ok_or(Refusal::OAuth {
            error: "invalid_grant",
            description: "The refresh token is unknown, used or expired",
        })
}

/// A field that may be missing, but not null, empty or of another type.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(invalid_request("A field is null, empty or of a wrong type")),
    }
}

fn fields(call: &Call) -> Result<Map<String, Value>, Refusal> {
    if !call.is_form() {
        return Ok(call.object(codes::H014)?);
    }
    // Only the URL parser's own encoding rules apply to a form body.
    let url = reqwest::Url::parse(&format!(
        "http://form/?{}",
        std::str::from_utf8(&call.body).map_err(|_| codes::H014)?
    ))
    .map_err(|_| codes::H014)?;
    Ok(url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect())
}

fn invalid_request(description: &'static str) -> Refusal {
    Refusal::OAuth {
        error: "invalid_request",
        description,
    }
}
