//! The control calls.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Break, Encryption, Options, Script, Server, State as World, bounce};
use crate::control::{HasOptions, Told, list_of, option_routes, refused};
use crate::tls::CA_PEM;

/// Rows on one page of `GET /_sim/received`.
const PAGE_MAX: usize = 10_000;

pub(super) fn routes(server: Arc<Server>) -> Router {
    Router::new()
        .route("/_sim/smtp", get(address))
        .route("/_sim/script", post(add_scripts).delete(clear_scripts))
        .route("/_sim/break", post(add_break).delete(clear_breaks))
        .route("/_sim/bounce", post(push_bounce))
        .route("/_sim/received", get(received))
        .route("/_sim/stats", get(stats))
        .route("/_sim/reset", post(reset))
        .with_state(Arc::clone(&server))
        .merge(option_routes(server))
}

impl HasOptions for Server {
    type Options = Options;

    fn with_options<T>(&self, look: impl FnOnce(&mut Options) -> T) -> T {
        look(&mut self.state().options)
    }
}

async fn address(State(server): State<Arc<Server>>) -> Json<Value> {
    let port = server
        .url_tail
        .rsplit_once(':')
        .map_or("", |(_, port)| port);
    let url = match server.state().options.encryption {
        Encryption::None => format!("smtp://{}", server.url_tail),
        Encryption::Starttls => format!("smtp+starttls://localhost:{port}"),
        Encryption::Tls => format!("smtps://localhost:{port}"),
    };
    Json(json!({ "url": url, "ca_pem": CA_PEM }))
}

async fn add_scripts(State(server): State<Arc<Server>>, Told(given): Told<Value>) -> Response {
    match list_of::<Script>(given, "scripts") {
        Ok(scripts) => {
            let mut state = server.state();
            for script in scripts {
                state.scripts.insert(script.to.clone(), script);
            }
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => refused(&why),
    }
}

async fn clear_scripts(State(server): State<Arc<Server>>) -> StatusCode {
    server.state().scripts.clear();
    StatusCode::NO_CONTENT
}

async fn add_break(State(server): State<Arc<Server>>, Told(one): Told<Break>) -> StatusCode {
    server.state().breaks.push(one);
    StatusCode::NO_CONTENT
}

async fn clear_breaks(State(server): State<Arc<Server>>) -> StatusCode {
    server.state().breaks.clear();
    StatusCode::NO_CONTENT
}

async fn push_bounce(
    State(server): State<Arc<Server>>,
    Told(told): Told<bounce::Told>,
) -> Response {
    let (url, report) = {
        let state = server.state();
        let Some(url) = state.options.push_url.clone() else {
            return refused("push_url is not set");
        };
        let Some(mail) = state.received.iter().rev().find(|mail| mail.to == told.to) else {
            return refused("nothing was sent to that address");
        };
        (url, bounce::report(mail, &told))
    };
    let post = server
        .http
        .post(url)
        .header("content-type", "message/rfc822")
        .body(report);
    match post.send().await {
        Ok(answer) => Json(json!({ "status": answer.status().as_u16() })).into_response(),
        Err(error) => refused(&error.to_string()),
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

async fn received(State(server): State<Arc<Server>>, Query(page): Query<Page>) -> Json<Value> {
    let state = server.state();
    let limit = page.limit.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    let list: Vec<_> = state
        .received
        .iter()
        .filter(|mail| mail.id > page.after)
        .take(limit)
        .collect();
    let next = list.last().map_or(page.after, |mail| mail.id);
    Json(json!({ "total": state.messages, "next": next, "list": list }))
}

async fn stats(State(server): State<Arc<Server>>) -> Json<Value> {
    let state = server.state();
    Json(json!({ "connections": state.connections, "messages": state.messages }))
}

async fn reset(State(server): State<Arc<Server>>) -> StatusCode {
    let mut state = server.state();
    let options = state.options.clone();
    *state = World {
        options,
        ..World::default()
    };
    StatusCode::NO_CONTENT
}
