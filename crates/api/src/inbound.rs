//! `/in/…`: what providers push to us, authenticated as each provider does it.

use axum::extract::{OriginalUri, Path, State};
use bytes::Bytes;
use engine::receipts::PushRefusal;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::problem::{Problem, ProblemKind};

/// Receipts of messages. Kept as they came and answered at once; the mapping
/// follows, so a slow database never makes a provider repeat itself.
#[utoipa::path(
    post, path = "/in/{connector_key}/receipts", operation_id = "push_receipts", tag = "inbound",
    security(()),
    params(("connector_key" = String, Path, description = "The unguessable part of an account's address")),
    request_body(content = String, description = "As the provider sends it", content_type = "*/*"),
    responses((status = 200, description = "Kept")),
)]
pub(crate) async fn push_receipts(
    State(app): State<App>,
    Path(connector_key): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = body.map_err(|rejection| crate::body::unreadable(&rejection))?;
    let outcome = app
        .engine
        .receive_push(&connector_key, &headers, uri.query(), &body)
        .await;
    outcome.map_err(problem)?;
    Ok(StatusCode::OK)
}

/// Asked once by providers that want to know whether the address is ours before
/// they push to it (Meta: `hub.mode`, `hub.verify_token`, `hub.challenge`).
#[utoipa::path(
    get, path = "/in/{connector_key}/receipts", operation_id = "confirm_receipts_address", tag = "inbound",
    security(()),
    params(("connector_key" = String, Path, description = "The unguessable part of an account's address")),
    responses((status = 200, description = "The challenge", body = String, content_type = "text/plain")),
)]
pub(crate) async fn confirm_receipts_address(
    State(app): State<App>,
    Path(connector_key): Path<String>,
    OriginalUri(uri): OriginalUri,
) -> Result<String, Problem> {
    let query = uri.query().unwrap_or_default();
    let answer = app.engine.answer_handshake(&connector_key, query).await;
    answer.map_err(problem)
}

/// What people wrote back. Kept as it came and answered at once; refusals stand
/// in the ledger within the second.
#[utoipa::path(
    post, path = "/in/{connector_key}/inbound", operation_id = "push_replies", tag = "inbound",
    security(()),
    params(("connector_key" = String, Path, description = "The unguessable part of an account's address")),
    request_body(content = String, description = "As the provider sends it", content_type = "*/*"),
    responses((status = 200, description = "Kept")),
)]
pub(crate) async fn push_replies(
    State(app): State<App>,
    Path(connector_key): Path<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = body.map_err(|rejection| crate::body::unreadable(&rejection))?;
    let outcome = app
        .engine
        .receive_replies(&connector_key, &headers, uri.query(), &body)
        .await;
    outcome.map_err(problem)?;
    Ok(StatusCode::OK)
}

/// What citizens did at İYS. Kept as it came and answered at once, within the
/// five seconds that İYS waits.
#[utoipa::path(
    post, path = "/in/iys/{brand_key}", operation_id = "push_registry", tag = "inbound",
    security(()),
    params(("brand_key" = String, Path, description = "The unguessable part of a brand's address")),
    request_body(content = String, description = "A list of movements", content_type = "application/json"),
    responses((status = 200, description = "Kept")),
)]
pub(crate) async fn push_registry(
    State(app): State<App>,
    Path(brand_key): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = body.map_err(|rejection| crate::body::unreadable(&rejection))?;
    app.engine
        .receive_registry_push(&brand_key, &headers, &body)
        .await
        .map_err(problem)?;
    Ok(StatusCode::OK)
}

fn problem(refusal: PushRefusal) -> Problem {
    match refusal {
        PushRefusal::Unknown => Problem::new(ProblemKind::NotFound),
        PushRefusal::Unauthenticated => Problem::new(ProblemKind::NotSignedIn),
        PushRefusal::Engine(error) => error.into(),
    }
}
