//! What every handler has at hand.

use std::ops::Deref;
use std::sync::Arc;

use domain::Timestamp;
use engine::Engine;
use metrics_exporter_prometheus::PrometheusHandle;
use rand::SeedableRng;
use rand::rngs::{OsRng, StdRng};
use store::{Reader, Store, Writer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::options::ApiOptions;
use crate::problem::Problem;
use crate::throttle::Throttle;

/// Password hashes computed at a time: each takes a core and 19 MiB.
const HASHES_AT_A_TIME: usize = 2;

/// Cheap to clone; one per server.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Arc<Engine>,
    pub(crate) options: ApiOptions,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) log_ins: Throttle,
    pub(crate) complaints: Throttle,
    pub(crate) hashing: Semaphore,
    pub(crate) streams: Arc<Semaphore>,
    /// Ends streams, so that a shutdown does not wait for them.
    pub(crate) stopping: CancellationToken,
}

impl App {
    pub(crate) fn new(
        engine: Arc<Engine>,
        options: ApiOptions,
        metrics: PrometheusHandle,
        stopping: CancellationToken,
    ) -> Self {
        let streams = Arc::new(Semaphore::new(options.streams_max));
        Self(Arc::new(Shared {
            engine,
            options,
            metrics,
            log_ins: Throttle::default(),
            complaints: Throttle::default(),
            hashing: Semaphore::new(HASHES_AT_A_TIME),
            streams,
            stopping,
        }))
    }

    pub(crate) fn store(&self) -> &Store {
        self.engine.store()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store().clock().now()
    }

    pub(crate) async fn read(&self) -> Result<Reader, Problem> {
        Ok(self.store().read().await?)
    }

    pub(crate) async fn write(&self) -> Result<Writer, Problem> {
        Ok(self.store().write().await?)
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// A random source for cookies, keys and salts, seeded by the operating system.
///
/// # Errors
/// A problem when the machine gives no randomness.
pub(crate) fn randomness() -> Result<StdRng, Problem> {
    StdRng::try_from_rng(&mut OsRng).map_err(|error| Problem::internal(&error))
}
