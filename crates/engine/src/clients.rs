//! Clients to the outside, kept while their settings stay the same: one HTTP
//! pool for providers, one for İYS, one limiter for both modes of asking.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use connectors::Connector;
use domain::ids::ConnectorId;
use registry::Limiter;
use store::Store;

use crate::error::EngineError;
use crate::registry::limits::StoreBook;
use crate::settings::Settings;

/// Most clients kept of each kind; beyond it they are made anew.
const KEPT_MAX: usize = 1_000;

/// A client and what it was made from.
type Kept<V, C> = Mutex<HashMap<V, (u64, C)>>;

/// See the module.
#[derive(Debug)]
pub struct Clients {
    providers: reqwest::Client,
    registry: reqwest::Client,
    limiter: Arc<Limiter>,
    connectors: Kept<ConnectorId, Arc<dyn Connector>>,
    registries: Kept<String, Arc<registry::Client>>,
    registries_made: AtomicU64,
}

impl Clients {
    pub(crate) fn new(settings: &Settings, store: &Store) -> Result<Self, EngineError> {
        let broken =
            |error: reqwest::Error| EngineError::Internal(format!("no HTTP client: {error}"));
        let providers = connectors::HttpSettings::default();
        let registry_http = registry::HttpSettings::default();
        let limits = registry::Limits {
            calls_per_second: settings.registry.calls_per_second,
            single_status_per_hour: settings.registry.single_per_hour,
            history_per_hour: settings.registry.history_per_hour,
            tokens_per_hour: settings.registry.tokens_per_hour,
            ..registry::Limits::default()
        };
        let book = StoreBook {
            store: store.clone(),
            egress: settings.registry.egress.clone(),
        };
        let limiter = Limiter::shared(limits, Arc::clone(store.clock()), Arc::new(book));
        Ok(Self {
            providers: connectors::http_client(&providers).map_err(broken)?,
            registry: registry::http_client(&registry_http).map_err(broken)?,
            limiter: Arc::new(limiter),
            connectors: Mutex::default(),
            registries: Mutex::default(),
            registries_made: AtomicU64::new(0),
        })
    }

    /// The HTTP client for providers.
    pub(crate) fn provider_http(&self) -> reqwest::Client {
        self.providers.clone()
    }

    /// The HTTP client for İYS.
    pub(crate) fn registry_http(&self) -> reqwest::Client {
        self.registry.clone()
    }

    /// The limiter of this process's address at İYS.
    pub(crate) fn limiter(&self) -> &Arc<Limiter> {
        &self.limiter
    }

    /// The connector of this version, made if there is none.
    pub(crate) fn connector(
        &self,
        id: ConnectorId,
        version: u64,
        make: impl FnOnce() -> Result<Arc<dyn Connector>, EngineError>,
    ) -> Result<Arc<dyn Connector>, EngineError> {
        kept(&self.connectors, id, version, make)
    }

    /// The İYS client of this version for all brands that log in as this account,
    /// made if there is none: several would ask for a token each and take it from
    /// one another.
    pub(crate) fn registry(
        &self,
        account: String,
        version: u64,
        make: impl FnOnce() -> Arc<registry::Client>,
    ) -> Result<Arc<registry::Client>, EngineError> {
        kept(&self.registries, account, version, || Ok(make()))
    }

    /// The number of another İYS client: two of one process are as foreign to each
    /// other as two processes.
    pub(crate) fn next_registry(&self) -> u64 {
        self.registries_made.fetch_add(1, Ordering::Relaxed)
    }
}

fn kept<K: Eq + std::hash::Hash, C: Clone>(
    map: &Kept<K, C>,
    key: K,
    version: u64,
    make: impl FnOnce() -> Result<C, EngineError>,
) -> Result<C, EngineError> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((held, client)) = map.get(&key)
        && *held == version
    {
        return Ok(client.clone());
    }
    let client = make()?;
    if map.len() >= KEPT_MAX {
        map.clear();
    }
    map.insert(key, (version, client.clone()));
    Ok(client)
}
