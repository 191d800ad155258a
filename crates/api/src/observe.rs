//! Every request gets an id, a span with its ids as fields, one line in the
//! log, and its place in the counts.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use rand::RngCore;
use tracing::Instrument;

use crate::app::{App, randomness};

/// Header that carries the request's id in both directions.
const REQUEST_ID: &str = "x-request-id";
/// Longest id that is taken over from the caller.
const REQUEST_ID_MAX: usize = 64;

/// The id under which the log holds everything about a request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(String);

impl Default for RequestId {
    fn default() -> Self {
        Self("unknown".to_owned())
    }
}

impl RequestId {
    /// The caller's own, if it is short and harmless in a log; else a fresh one.
    fn of(request: &Request) -> Self {
        let given = request
            .headers()
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        let is_harmless = |text: &&str| {
            (1..=REQUEST_ID_MAX).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if let Some(text) = given.filter(is_harmless) {
            return Self(text.to_owned());
        }
        randomness().map_or_else(
            |_| Self::default(),
            |mut rng| {
                let mut bytes = [0_u8; 12];
                rng.fill_bytes(&mut bytes);
                Self(format!("req_{}", hex::encode(bytes)))
            },
        )
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The outermost layer.
pub(crate) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let method = request.method().to_string();
    // Unmatched paths share one name: a scanner must not make a series of each.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!(
        "request",
        request.id = id.as_str(),
        http.method = method,
        http.route = route,
        firm.id = tracing::field::Empty,
        caller.actor = tracing::field::Empty,
    );
    request.extensions_mut().insert(id.clone());
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = began.elapsed();
    let status = response.status().as_u16();
    span.in_scope(|| {
        tracing::debug!(
            http.status = status,
            took_ms = took.as_secs_f64() * 1_000.0,
            "answered"
        );
    });
    let labels = [("method", method), ("route", route)];
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    let [method, route] = labels;
    metrics::counter!(
        "http_requests_total",
        &[method, route, ("status", status.to_string())]
    )
    .increment(1);
    metrics::gauge!("http_streams_open").set(open_streams(&app));
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Streams of server-sent events that are open now.
fn open_streams(app: &App) -> f64 {
    let open = app
        .options
        .streams_max
        .saturating_sub(app.streams.available_permits());
    u32::try_from(open).map_or(f64::MAX, f64::from)
}
