//! The server: from a listener to a graceful end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use domain::time::DAY_US;
use engine::Engine;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::options::ApiOptions;
use crate::{health, router};

/// Pause between two rounds of housekeeping.
const HOUSEKEEPING_EVERY: Duration = Duration::from_mins(10);
/// Pause between two rounds of thinning the metrics out.
const METRICS_EVERY: Duration = Duration::from_secs(5);
/// How long the answer of a creating call is kept for its repeats.
const ANSWERS_KEPT_US: i64 = 2 * DAY_US;
/// Answers forgotten in one transaction.
const ANSWERS_PER_ROUND: usize = 5_000;

/// A server that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The listener failed.
    #[error("the HTTP server stopped")]
    Listening(#[source] std::io::Error),
}

/// Every route over an engine: what [`serve`] serves, for tests in process.
/// Streams end with `stopping`.
pub fn app(engine: Arc<Engine>, options: ApiOptions, stopping: CancellationToken) -> Router {
    router::router(App::new(engine, options, health::recorder(), stopping))
}

/// Serves until `cancel`; then takes nothing new, ends streams, and lets calls
/// under way finish within [`ApiOptions::shutdown_within`].
///
/// # Errors
/// [`ApiError::Listening`] when the listener fails.
pub async fn serve(
    engine: Arc<Engine>,
    options: ApiOptions,
    listener: TcpListener,
    cancel: CancellationToken,
) -> Result<(), ApiError> {
    let grace = options.shutdown_within;
    let app = App::new(engine, options, health::recorder(), cancel.clone());
    let service = router::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let ended = cancel.clone();
    let serving = axum::serve(listener, service)
        .with_graceful_shutdown(async move { ended.cancelled().await });
    let too_long = async {
        cancel.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        outcome = async { serving.await } => outcome.map_err(ApiError::Listening),
        () = too_long => {
            tracing::warn!("calls were still under way at the end of the grace period");
            Ok(())
        }
        () = keep_house(&app) => Ok(()),
    }
}

/// Forgets what has expired, and keeps the metrics small, for ever.
async fn keep_house(app: &App) {
    let mut rounds = tokio::time::interval(HOUSEKEEPING_EVERY);
    let mut metrics = tokio::time::interval(METRICS_EVERY);
    loop {
        tokio::select! {
            _ = metrics.tick() => app.metrics.run_upkeep(),
            _ = rounds.tick() => {
                if let Err(error) = forget_expired(app).await {
                    tracing::warn!(error = %error, "expired sessions and answers could not be removed");
                }
            }
        }
    }
}

async fn forget_expired(app: &App) -> Result<(), store::StoreError> {
    let before = app.now().plus_micros(-ANSWERS_KEPT_US);
    let mut writer = app.store().write().await?;
    writer.purge_sessions().await?;
    writer.purge_calls(before, ANSWERS_PER_ROUND).await?;
    writer.commit().await
}
