//! What a command works with: configuration, clock, an open and current
//! database, and the engine over it.

use std::sync::Arc;

use anyhow::Context;
use domain::ids::{BrandId, FirmId};
use engine::{Engine, Identity};
use rand::TryRngCore as _;
use store::Store;
use store::brands::Brand;

use crate::cli::Cli;
use crate::clock::ProcessClock;
use crate::config::Config;
use crate::logging;

/// Who does what commands do, in the audit trail.
pub(crate) const ACTOR: &str = "command";

/// See the module.
#[derive(Debug)]
pub(crate) struct Session {
    /// The configuration.
    pub(crate) config: Config,
    /// The process clock.
    pub(crate) clock: ProcessClock,
    /// The database, migrated.
    pub(crate) store: Store,
}

impl Session {
    /// Opens everything a command needs; the database is brought up to date.
    pub(crate) async fn open(cli: &Cli) -> anyhow::Result<Self> {
        let mut config = Config::load(cli.config.as_deref())?;
        if std::env::var_os("IZINLI__LOG__LEVEL").is_none()
            && !matches!(cli.command, crate::cli::Command::Serve(_))
        {
            // A command prints its own result; only trouble is logged.
            config.log.level = "warn".into();
        }
        logging::start(&config.log)?;
        let clock = ProcessClock::from_environment()?;
        let store = config.open_store(Arc::new(clock)).await?;
        store.migrate().await?;
        Ok(Self {
            config,
            clock,
            store,
        })
    }

    /// The engine over the database.
    pub(crate) fn engine(&self) -> anyhow::Result<Arc<Engine>> {
        let identity = Identity {
            worker: worker_name()?,
            public_url: self
                .config
                .server
                .public_url
                .trim_end_matches('/')
                .to_owned(),
        };
        Ok(Engine::new(
            self.store.clone(),
            self.config.engine(),
            identity,
        )?)
    }

    /// A firm by id or name.
    pub(crate) async fn firm(&self, text: &str) -> anyhow::Result<FirmId> {
        let mut reader = self.store.read().await?;
        let firm = match text.parse::<FirmId>() {
            Ok(id) => reader.firm(id).await?,
            Err(_) => reader.firm_named(text).await?,
        };
        firm.map(|firm| firm.id)
            .with_context(|| format!("there is no firm `{text}`"))
    }

    /// A brand by id.
    pub(crate) async fn brand(&self, text: &str) -> anyhow::Result<Brand> {
        let id: BrandId = text.parse()?;
        let mut reader = self.store.read().await?;
        reader
            .brand_at_work(id)
            .await
            .with_context(|| format!("there is no brand `{text}`"))
    }
}

/// A name that no other process has: the machine's number for this process and
/// some randomness, since numbers come back.
pub(crate) fn worker_name() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 5];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .context("the machine gives no randomness")?;
    let tail: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("w{}-{tail}", std::process::id()))
}
