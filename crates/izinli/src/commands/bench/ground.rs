//! Private databases to measure on, with a firm, a brand and a provider
//! account, and the servers around them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use domain::gate::SendingWindow;
use domain::ids::{BrandId, ConnectorId, FirmId};
use domain::{Clock as _, RegistryMode, Timestamp};
use engine::{Engine, Identity, Settings};
use rand::TryRngCore as _;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use store::brands::NewBrand;
use store::connectors::ConnectorState;
use store::{Keys, Store, StoreOptions};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::child::{Job, Order, Server};
use super::file;
use crate::clock::ProcessClock;
use crate::session::{ACTOR, worker_name};

/// A Monday morning: files, simulators and processes all live on this day.
const CLOCK_START: &str = "2025-06-23T10:00:00+03:00";
/// İYS's invented numbers of the brand.
pub(crate) const IYS_CODE: i64 = 650_001;
/// The API user at the simulator.
pub(crate) const IYS_USER: &str = "bench-iys";
/// Its password.
pub(crate) const IYS_PASSWORD: &str = "bench-iys-parolasi";
/// Seals what is stored; the databases are dropped at the end.
const KEY: [u8; 32] = [7; 32];

/// What is the same for both databases.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// The clock of this run.
    pub(crate) clock: ProcessClock,
    /// Files and SQLite databases; removed at the end.
    pub(crate) folder: TempDir,
    /// The files of people.
    pub(crate) files: file::Files,
    /// A provider that takes everything.
    pub(crate) provider: Server,
    /// İYS without limits, where everybody said ONAY.
    pub(crate) iys: Server,
    /// Movements that were put into its change feed, by whichever row was first.
    pub(crate) moved: OnceCell<u64>,
}

impl Surroundings {
    /// Writes the files and starts the servers.
    pub(crate) async fn start(size: u64) -> anyhow::Result<Self> {
        let clock = ProcessClock::starting_at(CLOCK_START.parse()?);
        let folder = tempfile::Builder::new().prefix("izinli-bench-").tempdir()?;
        let files = file::write(folder.path(), size, clock.now())?;
        let order = Order {
            job: Job::Provider,
            place: None,
            clock_start: clock.now().to_string(),
        };
        let provider = Server::start(&order).await?;
        let iys = Server::simulator("iys", &clock.now().to_string()).await?;
        let http = super::bare::client()?;
        let brand = json!({
            "iysCode": IYS_CODE, "brandCode": IYS_CODE, "name": "Örnek",
            "username": IYS_USER, "password": IYS_PASSWORD,
        });
        for (path, body) in [
            ("_sim/brands", json!({ "brands": [brand] })),
            ("_sim/population", json!({ "onay_pct": 100, "ret_pct": 0 })),
        ] {
            let answer = http
                .post(format!("{}/{path}", iys.url))
                .json(&body)
                .send()
                .await?;
            if !answer.status().is_success() {
                bail!(
                    "{path} answered {}: {}",
                    answer.status(),
                    answer.text().await?
                );
            }
        }
        Ok(Self {
            clock,
            folder,
            files,
            provider,
            iys,
            moved: OnceCell::new(),
        })
    }

    /// An order at the present instant.
    pub(crate) fn order(&self, job: Job, place: Option<&Place>) -> Order {
        Order {
            job,
            place: place.cloned(),
            clock_start: self.clock.now().to_string(),
        }
    }
}

/// A database with what a campaign needs; enough to open it in another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    /// Its address.
    pub(crate) url: String,
    /// Where uploaded files lie.
    pub(crate) folder: PathBuf,
    /// The firm.
    pub(crate) firm: FirmId,
    /// The brand.
    pub(crate) brand: BrandId,
    /// The provider account.
    pub(crate) connector: ConnectorId,
    /// Where providers push receipts to.
    pub(crate) path_key: String,
    /// Where İYS answers.
    pub(crate) registry_url: String,
    /// Requests that are under way at a time.
    pub(crate) concurrency: usize,
}

impl Place {
    /// The engine over it, as a worker would run it.
    pub(crate) async fn engine(&self, clock: ProcessClock) -> anyhow::Result<Arc<Engine>> {
        self.engine_with(clock, |settings| settings.registry.calls_per_second = 0)
            .await
    }

    /// The same with other settings than the documented ones.
    pub(crate) async fn engine_with(
        &self,
        clock: ProcessClock,
        change: impl FnOnce(&mut Settings),
    ) -> anyhow::Result<Arc<Engine>> {
        let store = open(&self.url, clock).await?;
        engine_over(store, self.dispatch_settings(), change)
    }

    fn dispatch_settings(&self) -> Settings {
        settings(&self.folder, &self.registry_url, self.concurrency)
    }
}

/// A database that is dropped at the end.
#[derive(Debug)]
pub(crate) struct Ground {
    /// What is in it.
    pub(crate) place: Place,
    server: Option<String>,
}

impl Ground {
    /// Makes a fresh database; on the server, or a file.
    pub(crate) async fn make(
        around: &Surroundings,
        server: Option<&str>,
        name: &str,
    ) -> anyhow::Result<Self> {
        let url = match server {
            None => format!(
                "sqlite:{}",
                around.folder.path().join(format!("{name}.db")).display()
            ),
            Some(server) => fresh(server, name).await?,
        };
        let folder = around.folder.path().join(format!(
            "uploads-{name}-{}",
            if server.is_some() { "p" } else { "s" }
        ));
        let store = open(&url, around.clock).await?;
        store.migrate().await?;
        let registry_url = around.iys.url.clone();
        let concurrency = Settings::default().dispatch.concurrency;
        let settings = settings(&folder, &registry_url, concurrency);
        let engine = engine_over(store.clone(), settings, |_| {})?;
        let (firm, brand) = people_in_charge(&store).await?;
        // How fast we are is measured, not how slow an account may be.
        let config = json!({
            "base_url": around.provider.url, "api_key": "bench", "requests_per_second": 0,
        });
        let account = engine
            .create_connector(firm, "infobip", "Bench", &config, ACTOR)
            .await?;
        let mut writer = store.write().await?;
        writer
            .set_connector_state(account.id, account.version, ConnectorState::Active, None)
            .await?;
        writer.commit().await?;
        store.close().await;
        let place = Place {
            url,
            folder,
            firm,
            brand,
            connector: account.id,
            path_key: account.path_key,
            registry_url,
            concurrency,
        };
        Ok(Self {
            place,
            server: server.map(str::to_owned),
        })
    }

    /// Drops the database.
    pub(crate) async fn drop(self) -> anyhow::Result<()> {
        match &self.server {
            Some(server) => remove(server, &self.place.url).await,
            None => {
                drop(std::fs::remove_file(
                    self.place.url.trim_start_matches("sqlite:"),
                ));
                Ok(())
            }
        }
    }
}

/// An empty database on the server.
pub(crate) async fn fresh(server: &str, name: &str) -> anyhow::Result<String> {
    let name = format!("izinli_bench_{}_{name}", std::process::id());
    let mut connection = PgConnection::connect(server)
        .await
        .context("the PostgreSQL server cannot be reached")?;
    sqlx::query(AssertSqlSafe(format!(
        "CREATE DATABASE {name} TEMPLATE template0"
    )))
    .execute(&mut connection)
    .await?;
    let (base, _) = server
        .rsplit_once('/')
        .context("the address names no database")?;
    Ok(format!("{base}/{name}"))
}

/// Drops a database that [`fresh`] made.
pub(crate) async fn remove(server: &str, url: &str) -> anyhow::Result<()> {
    let (_, name) = url
        .rsplit_once('/')
        .context("the address names no database")?;
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(AssertSqlSafe(format!(
        "DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    )))
    .execute(&mut connection)
    .await?;
    Ok(())
}

async fn open(url: &str, clock: ProcessClock) -> anyhow::Result<Store> {
    Ok(Store::open(&StoreOptions::new(url), Keys::new(&KEY), Arc::new(clock)).await?)
}

fn settings(folder: &Path, registry_url: &str, concurrency: usize) -> Settings {
    let mut settings = Settings::default();
    settings.dispatch.concurrency = concurrency;
    settings.uploads.folder = folder.to_owned();
    settings.registry.archive_folder = folder.join("mutabakat");
    settings.registry.base_url = registry_url.to_owned();
    // Loops of the served process look often; a step driven by hand never waits.
    settings.receipts.poll_ms = 20;
    settings
}

fn engine_over(
    store: Store,
    mut settings: Settings,
    change: impl FnOnce(&mut Settings),
) -> anyhow::Result<Arc<Engine>> {
    change(&mut settings);
    let identity = Identity {
        worker: worker_name()?,
        public_url: "http://127.0.0.1:9".into(),
    };
    Ok(Engine::new(store, settings, identity)?)
}

async fn people_in_charge(store: &Store) -> anyhow::Result<(FirmId, BrandId)> {
    let mut writer = store.write().await?;
    let firm = writer.create_firm("Örnek Perakende").await?.id;
    let new = NewBrand {
        name: "Örnek Mağaza".into(),
        short_name: "ORNEK".into(),
        trade_name: "ORNEK PERAKENDE AS".into(),
        mersis: "0123456789012345".into(),
        path_key: store::token::path_key(&mut rand::rngs::OsRng.unwrap_err()),
    };
    let mut brand = writer.create_brand(firm, new).await?;
    brand.mode = RegistryMode::Sync;
    brand.iys_code = Some(IYS_CODE);
    brand.brand_code = Some(IYS_CODE);
    brand.iys_username = Some(IYS_USER.into());
    brand.window = SendingWindow {
        from_minute: 0,
        to_minute: 1_440,
    };
    writer.save_brand(&brand).await?;
    writer
        .set_brand_password(
            firm,
            brand.id,
            Some(&SecretString::from(IYS_PASSWORD.to_owned())),
        )
        .await?;
    writer.commit().await?;
    Ok((firm, brand.id))
}

/// The instant an order's clock starts at.
pub(crate) fn clock(start: &str) -> anyhow::Result<ProcessClock> {
    let start: Timestamp = start.parse()?;
    Ok(ProcessClock::starting_at(start))
}
