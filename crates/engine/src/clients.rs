//! Clients to the outside, kept while their settings stay the same: one HTTP
//! pool for providers, one for İYS, one limiter for both modes of asking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use connectors::Connector;
use domain::ids::{BrandId, ConnectorId};
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
    registries: Kept<BrandId, Arc<registry::Client>>,
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

    /// The İYS client of this version, made if there is none.
    pub(crate) fn registry(
        &self,
        brand: BrandId,
        version: u64,
        make: impl FnOnce() -> Result<Arc<registry::Client>, EngineError>,
    ) -> Result<Arc<registry::Client>, EngineError> {
        kept(&self.registries, brand, version, make)
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
