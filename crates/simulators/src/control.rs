//! What every simulator has besides its service: faults, clock, call counts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequest, MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::calls::{CUT, Call, Calls};
use crate::clock::Clock;
use crate::faults::{Blow, Fault, FaultKind, Faults, Strike};
use crate::lock::locked;
use crate::wire::Wire;

/// The part of a simulator that is the same for all of them.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) clock: Clock,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) calls: Mutex<Calls>,
    /// The service's own error body for an injected status.
    pub(crate) error_body: fn(StatusCode) -> Value,
}

impl Stage {
    pub(crate) fn new(clock: Clock, error_body: fn(StatusCode) -> Value) -> Arc<Self> {
        Arc::new(Self {
            clock,
            faults: Mutex::default(),
            calls: Mutex::default(),
            error_body,
        })
    }

    /// Forgets faults and counts; the clock stays where it is.
    pub(crate) fn reset(&self) {
        locked(&self.faults).clear();
        *locked(&self.calls) = Calls::default();
    }
}

/// The control routes that every simulator has.
pub(crate) fn routes(stage: Arc<Stage>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route(
            "/_sim/faults",
            post(add_faults).get(list_faults).delete(clear_faults),
        )
        .route("/_sim/clock", post(move_clock).get(show_clock))
        .route("/_sim/calls", get(list_calls))
        .with_state(stage)
}

/// Spoils, counts and logs every call to the service itself.
pub(crate) async fn stand_between(
    State(stage): State<Arc<Stage>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with("/_sim/") || path == "/healthz" {
        return next.run(request).await;
    }
    let method = request.method().as_str().to_owned();
    let endpoint = match request.extensions().get::<MatchedPath>() {
        Some(matched) => format!("{method} {}", matched.as_str()),
        None => "unmatched".to_owned(),
    };
    let strike = locked(&stage.faults).strike(&method, &path);
    let answer = under_fault(&stage, &wire, &strike, request, next).await;
    let status = match &answer {
        Some(response) => response.status().as_str().to_owned(),
        None => CUT.to_owned(),
    };
    let call = Call {
        at: stage.clock.now().to_string(),
        method,
        path,
        status,
    };
    locked(&stage.calls).record(&endpoint, call);
    // The body of an answer to a cut connection never reaches anybody.
    answer.unwrap_or_default()
}

/// The answer, or none when the connection is to end without one.
async fn under_fault(
    stage: &Stage,
    wire: &Wire,
    strike: &Strike,
    request: Request,
    next: Next,
) -> Option<Response> {
    pause(strike.delay_before).await;
    let Some(blow) = strike.blow else {
        let response = next.run(request).await;
        pause(strike.delay_after).await;
        return Some(response);
    };
    let carried_out = match blow.kind {
        FaultKind::DropBefore => false,
        FaultKind::DropAfterAccept | FaultKind::Malformed => true,
        FaultKind::Delay | FaultKind::Status | FaultKind::Reset => blow.after_accept,
    };
    let response = if carried_out {
        Some(next.run(request).await)
    } else {
        None
    };
    pause(strike.delay_after).await;
    match blow.kind {
        FaultKind::DropBefore | FaultKind::DropAfterAccept => {
            wire.hang_up();
            None
        }
        FaultKind::Reset => {
            wire.reset();
            None
        }
        FaultKind::Status => Some(injected(stage, blow)),
        FaultKind::Malformed | FaultKind::Delay => Some(halved(response.unwrap_or_default()).await),
    }
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

fn injected(stage: &Stage, blow: Blow) -> Response {
    let status = StatusCode::from_u16(blow.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json((stage.error_body)(status))).into_response();
    if let Some(seconds) = blow.retry_after_s {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The same answer with the second half of its body missing.
async fn halved(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // Our own handlers' bodies are in memory already, so this cannot fail.
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = if whole.is_empty() {
        Bytes::from_static(b"{\"")
    } else {
        whole.slice(..whole.len() / 2)
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    if parts.status == StatusCode::NO_CONTENT {
        parts.status = StatusCode::OK;
    }
    Response::from_parts(parts, Body::from(half))
}

async fn add_faults(State(stage): State<Arc<Stage>>, Told(given): Told<Value>) -> Response {
    match list_of::<Fault>(given, "faults") {
        Ok(given) => {
            let mut faults = locked(&stage.faults);
            for fault in given {
                faults.add(fault);
            }
            Json(json!({ "faults": faults.list().count() })).into_response()
        }
        Err(why) => refused(&why),
    }
}

async fn list_faults(State(stage): State<Arc<Stage>>) -> impl IntoResponse {
    let faults = locked(&stage.faults);
    let list: Vec<Value> = faults
        .list()
        .map(|(fault, struck)| json!({ "fault": fault, "struck": struck }))
        .collect();
    Json(json!({ "faults": list }))
}

async fn clear_faults(State(stage): State<Arc<Stage>>) -> impl IntoResponse {
    locked(&stage.faults).clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hands {
    /// RFC 3339.
    now: String,
    #[serde(default)]
    frozen: bool,
}

async fn move_clock(State(stage): State<Arc<Stage>>, Told(to): Told<Hands>) -> Response {
    match to.now.parse::<Timestamp>() {
        Ok(now) => stage.clock.move_to(now, to.frozen),
        Err(error) => return refused(&error.to_string()),
    }
    Json(json!({ "now": stage.clock.now().to_string() })).into_response()
}

async fn show_clock(State(stage): State<Arc<Stage>>) -> impl IntoResponse {
    Json(json!({ "now": stage.clock.now().to_string() }))
}

async fn list_calls(State(stage): State<Arc<Stage>>) -> impl IntoResponse {
    let calls = locked(&stage.calls);
    Json(json!({ "calls": calls.recent().collect::<Vec<_>>() }))
}

/// A JSON body of a control call, whatever its content type says, so that a
/// plain `curl -d` works.
pub(crate) struct Told<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = (StatusCode, Json<Value>);

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let refuse = |why: String| (StatusCode::BAD_REQUEST, Json(json!({ "error": why })));
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| refuse(error.body_text()))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| refuse(error.to_string()))
    }
}

/// A simulator whose behaviour can be changed while it runs.
pub(crate) trait HasOptions: Send + Sync + 'static {
    /// What can be changed.
    type Options: Serialize + DeserializeOwned;

    /// Looks at the options, or changes them, under the simulator's lock.
    fn with_options<T>(&self, look: impl FnOnce(&mut Self::Options) -> T) -> T;
}

/// `POST` changes the keys that are given, `GET` shows all.
pub(crate) fn option_routes<S: HasOptions>(sim: Arc<S>) -> Router {
    Router::new()
        .route(
            "/_sim/options",
            post(set_options::<S>).get(show_options::<S>),
        )
        .with_state(sim)
}

async fn set_options<S: HasOptions>(
    State(sim): State<Arc<S>>,
    Told(patch): Told<Value>,
) -> Response {
    sim.with_options(|options| match patched(options, patch) {
        Ok(changed) => {
            *options = changed;
            Json(json!(options)).into_response()
        }
        Err(why) => refused(&why),
    })
}

async fn show_options<S: HasOptions>(State(sim): State<Arc<S>>) -> Response {
    sim.with_options(|options| Json(json!(options)).into_response())
}

/// The answer to a control call that makes no sense.
pub(crate) fn refused(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response()
}

/// One item, a list of them, or an object that holds the list under `name`.
///
/// # Errors
/// In words, when an item is not what it should be.
pub(crate) fn list_of<T: DeserializeOwned>(given: Value, name: &str) -> Result<Vec<T>, String> {
    let items = match given {
        Value::Array(items) => items,
        Value::Object(mut object) if object.len() == 1 && object.contains_key(name) => {
            return list_of(object.remove(name).unwrap_or_default(), name);
        }
        one => vec![one],
    };
    items
        .into_iter()
        .map(|item| serde_json::from_value(item).map_err(|error| error.to_string()))
        .collect()
}

/// Lays the keys of `patch` over `current`; keys that are not given stay.
///
/// # Errors
/// When the result is no valid `T`, with the reason in words.
pub(crate) fn patched<T: DeserializeOwned + Serialize>(
    current: &T,
    patch: Value,
) -> Result<T, String> {
    let mut merged = serde_json::to_value(current).map_err(|error| error.to_string())?;
    let (Value::Object(known), Value::Object(given)) = (&mut merged, patch) else {
        return Err("an object with the options to change is expected".to_owned());
    };
    known.extend(given);
    serde_json::from_value(merged).map_err(|error| error.to_string())
}
