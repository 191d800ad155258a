//! Starting and stopping a simulator.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::control::{self, Stage};
use crate::wire::{Lines, Wire};

/// How long open requests may take to end after a stop was asked for.
const GRACE: Duration = Duration::from_secs(2);

/// A simulator that serves until it is stopped.
#[derive(Debug)]
pub struct Running {
    /// The address it listens on.
    pub addr: SocketAddr,
    /// Cancel it to stop the simulator.
    pub shutdown: CancellationToken,
    /// Ends when the simulator has stopped.
    pub join: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// The base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops it and waits until it has stopped.
    ///
    /// # Errors
    /// When serving failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.join
            .await
            .context("the simulator's task ended early")?
    }
}

/// Work that goes on beside the requests; it ends when the token is cancelled.
pub(crate) type Worker = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves `routes` with the control calls beside them and the faults before them.
pub(crate) fn start(
    listener: TcpListener,
    routes: Router,
    stage: &Arc<Stage>,
    shutdown: CancellationToken,
    workers: Vec<Worker>,
) -> anyhow::Result<Running> {
    let addr = listener
        .local_addr()
        .context("the listener has no address")?;
    let app = routes
        .merge(control::routes(Arc::clone(stage)))
        .layer(from_fn_with_state(
            Arc::clone(stage),
            control::stand_between,
        ))
        .layer(DefaultBodyLimit::disable());
    let join = tokio::spawn(serve(listener, app, shutdown.clone(), workers));
    Ok(Running {
        addr,
        shutdown,
        join,
    })
}

async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: CancellationToken,
    workers: Vec<Worker>,
) -> anyhow::Result<()> {
    let mut beside: JoinSet<()> = workers.into_iter().collect();
    let server = axum::serve(
        Lines(listener),
        app.into_make_service_with_connect_info::<Wire>(),
    )
    .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let stopped_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let served = tokio::select! {
        served = server.into_future() => served,
        () = stopped_late => Ok(()),
    };
    beside.shutdown().await;
    served.context("the simulator stopped serving")
}
