//! `izinli serve`: panel, API and workers until told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::ApiOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cli::{Cli, Role, Serve};
use crate::output::Exit;
use crate::session::Session;

/// Runs until SIGINT or SIGTERM; work under way is finished within
/// `server.shutdown_seconds`.
pub(crate) async fn run(cli: &Cli, args: &Serve) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    let cancel = CancellationToken::new();
    stop_on_signal(&cancel)?;
    serve(&session, args.role, args.ready_file.as_deref(), &cancel).await?;
    Ok(Exit::Done)
}

/// Serves until the token ends it.
pub(crate) async fn serve(
    session: &Session,
    role: Role,
    ready_file: Option<&std::path::Path>,
    cancel: &CancellationToken,
) -> anyhow::Result<()> {
    let listener = match role {
        Role::Worker => None,
        Role::All | Role::Api => Some(
            TcpListener::bind(&session.config.server.listen)
                .await
                .with_context(|| format!("cannot listen on {}", session.config.server.listen))?,
        ),
    };
    serve_on(session, role, listener, ready_file, cancel).await
}

/// Serves on a listener that is bound already.
pub(crate) async fn serve_on(
    session: &Session,
    role: Role,
    listener: Option<TcpListener>,
    ready_file: Option<&std::path::Path>,
    cancel: &CancellationToken,
) -> anyhow::Result<()> {
    let engine = session.engine()?;
    let mut parts = tokio::task::JoinSet::new();
    if let Some(listener) = listener {
        let address = listener.local_addr()?;
        tracing::info!(server.address = %address, "listening on http://{address}");
        let options = ApiOptions {
            secure_cookies: session.config.server.secure_cookies,
            clock_is_simulated: session.clock.is_simulated(),
            shutdown_within: Duration::from_secs(session.config.server.shutdown_seconds),
            ..ApiOptions::new(session.config.server.public_url.clone())
        };
        let (engine, cancel) = (Arc::clone(&engine), cancel.clone());
        parts.spawn(async move {
            api::serve(engine, options, listener, cancel)
                .await
                .map_err(anyhow::Error::from)
        });
        if let Some(file) = ready_file {
            std::fs::write(
                file,
                serde_json::json!({ "url": format!("http://{address}") }).to_string(),
            )?;
        }
    }
    if role != Role::Api {
        let (engine, cancel) = (Arc::clone(&engine), cancel.clone());
        parts.spawn(async move { engine.run(cancel).await.map_err(anyhow::Error::from) });
    }
    let grace = Duration::from_secs(session.config.server.shutdown_seconds);
    let mut failed = None;
    while let Some(ended) = parts.join_next().await {
        // One part that ends takes the others along.
        cancel.cancel();
        if let Err(error) = ended
            .map_err(anyhow::Error::from)
            .and_then(|outcome| outcome)
        {
            failed = Some(error);
        }
        if tokio::time::timeout(grace, async { while parts.join_next().await.is_some() {} })
            .await
            .is_err()
        {
            tracing::warn!(
                "shutdown took too long; what was under way is settled at the next start"
            );
            break;
        }
    }
    session.store.close().await;
    failed.map_or(Ok(()), Err)
}

/// Cancels the token on SIGINT or SIGTERM.
pub(crate) fn stop_on_signal(cancel: &CancellationToken) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let cancel = cancel.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = cancel.cancelled() => {}
        }
        cancel.cancel();
    });
    Ok(())
}
