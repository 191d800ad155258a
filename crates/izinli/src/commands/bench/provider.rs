//! A provider that takes every message: it reads the whole request and answers
//! about every message in it, as Infobip would, and counts.
//!
//! Not the simulator: that one keeps every message it ever got to answer
//! questions about it, and would be what is measured.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    messages: AtomicU64,
    delay_ms: AtomicU64,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    messages: Vec<Entry<'a>>,
    #[serde(borrow)]
    options: Options<'a>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    destinations: Vec<Destination<'a>>,
    #[serde(borrow)]
    content: Content<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Destination<'a> {
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Options<'a> {
    #[serde(borrow)]
    schedule: Schedule<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schedule<'a> {
    #[serde(borrow)]
    bulk_id: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    bulk_id: &'a str,
    messages: Vec<Taken<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Taken<'a> {
    message_id: &'a str,
    destination: &'a str,
    status: Status,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    group_id: u8,
    group_name: &'static str,
    id: u8,
    name: &'static str,
    description: &'static str,
}

/// The documented answer to a message that was taken in.
const PENDING: Status = Status {
    group_id: 1,
    group_name: "PENDING",
    id: 26,
    name: "PENDING_ACCEPTED",
    description: "Message sent to next instance",
};

/// Serves until it is stopped; `announce` hears the address.
pub(crate) async fn serve(announce: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no free port")?;
    announce(listener.local_addr()?);
    let router = Router::new()
        .route("/sms/3/messages", post(take))
        .route("/_bench/delay/{ms}", post(delay))
        .route("/_bench/counts", get(counts))
        .layer(axum::extract::DefaultBodyLimit::max(8 * 1024 * 1024))
        .with_state(Arc::new(Counts::default()));
    Ok(axum::serve(listener, router).await?)
}

async fn take(State(counts): State<Arc<Counts>>, body: Bytes) -> Response {
    let delay = counts.delay_ms.load(Ordering::Relaxed);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let Ok(request) = serde_json::from_slice::<Request<'_>>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if request
        .messages
        .iter()
        .any(|entry| entry.content.text.is_empty())
    {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let messages: Vec<Taken<'_>> = request
        .messages
        .iter()
        .flat_map(|entry| &entry.destinations)
        .map(|to| Taken {
            message_id: &to.message_id,
            destination: &to.to,
            status: PENDING,
        })
        .collect();
    counts.requests.fetch_add(1, Ordering::Relaxed);
    counts
        .messages
        .fetch_add(messages.len() as u64, Ordering::Relaxed);
    let answer = Answer {
        bulk_id: &request.options.schedule.bulk_id,
        messages,
    };
    match serde_json::to_vec(&answer) {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn delay(State(counts): State<Arc<Counts>>, Path(ms): Path<u64>) -> StatusCode {
    counts.delay_ms.store(ms, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

async fn counts(State(counts): State<Arc<Counts>>) -> Json<Value> {
    Json(json!({
        "requests": counts.requests.load(Ordering::Relaxed),
        "messages": counts.messages.load(Ordering::Relaxed),
    }))
}
