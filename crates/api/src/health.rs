//! Whether the process lives, whether it can work, and its figures.
//!
//! None of them asks who calls, as probes cannot sign in: figures name routes
//! and counts, never people. Where `/metrics` should stay inside, the proxy in
//! front keeps it there.

use std::sync::OnceLock;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::problem::{Problem, ProblemKind};

/// Upper bounds of the duration histogram, seconds.
const DURATIONS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// The database answers and its schema is there.
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.stopping.is_cancelled() {
        return Err(Problem::new(ProblemKind::Unavailable).with_detail("shutting down"));
    }
    app.read().await?.firms(None, 1).await?;
    Ok("ready")
}

/// Everything that was counted, in Prometheus' text form.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let text = app.metrics.render();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

/// The process's recorder, installed on first use. When another one was
/// installed before, that one counts, and this one's text stays empty.
pub(crate) fn recorder() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let name = Matcher::Full("http_request_duration_seconds".to_owned());
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(name, &DURATIONS)
                .expect("the list of buckets is not empty");
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!(
                    "another metrics recorder was installed before; /metrics stays empty"
                );
            }
            handle
        })
        .clone()
}
