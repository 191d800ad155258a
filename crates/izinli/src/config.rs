//! Configuration: one TOML file, every key also as `IZINLI__SECTION__KEY`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// The whole configuration, with its documented defaults.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where everything is kept.
    pub(crate) database: Database,
    /// Who may call and where.
    pub(crate) server: Server,
    /// The key that seals personal data.
    pub(crate) keys: KeySource,
    /// What is logged and how.
    pub(crate) log: Log,
    /// Files that come in.
    pub(crate) uploads: engine::settings::Uploads,
    /// İYS.
    pub(crate) registry: engine::settings::Registry,
    /// Messages that go out.
    pub(crate) dispatch: engine::settings::Dispatch,
    /// Receipts that come back.
    pub(crate) receipts: engine::settings::Receipts,
    /// What the law gives three business days for.
    pub(crate) deadlines: engine::settings::Deadlines,
    /// What is forgotten when.
    pub(crate) housekeeping: engine::settings::Housekeeping,
    /// Firms that practise.
    pub(crate) practice: engine::settings::Practice,
}

/// The database.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    /// `sqlite:FILE` or `postgres://user@host:port/name`.
    pub(crate) url: String,
    /// Connections at most.
    pub(crate) connections_max: u32,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite:izinli-data/izinli.db".into(),
            connections_max: 12,
        }
    }
}

/// The HTTP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Address and port to listen on; port 0 takes a free one.
    pub(crate) listen: String,
    /// How the outside reaches this server: the base of receipt and unsubscribe addresses.
    pub(crate) public_url: String,
    /// Whether cookies travel over HTTPS only. Off only for trials on one machine.
    pub(crate) secure_cookies: bool,
    /// Seconds that requests under way may take to end at shutdown.
    pub(crate) shutdown_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            public_url: "http://127.0.0.1:8080".into(),
            secure_cookies: true,
            shutdown_seconds: 20,
        }
    }
}

/// The key that seals personal data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KeySource {
    /// 64 hexadecimal digits; wins over the file.
    pub(crate) secret: Option<String>,
    /// A file of 64 hexadecimal digits, made on first start with mode 0600.
    pub(crate) file: PathBuf,
}

impl Default for KeySource {
    fn default() -> Self {
        Self {
            secret: None,
            file: PathBuf::from("izinli-data/key"),
        }
    }
}

/// Logging.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// `json` for machines, `text` for people.
    pub(crate) format: String,
    /// Levels, as in `info,engine=debug`.
    pub(crate) level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: "text".into(),
            level: "info,sqlx=warn,polars=warn".into(),
        }
    }
}

impl Config {
    /// Reads the file (`izinli.toml` beside the process when none is named and
    /// it exists) and the environment on top.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        match file {
            Some(path) if !path.is_file() => {
                bail!("configuration file {} is not there", path.display())
            }
            Some(path) => figment = figment.merge(Toml::file(path)),
            None => figment = figment.merge(Toml::file("izinli.toml")),
        }
        let config: Self = figment
            .merge(Env::prefixed("IZINLI__").split("__"))
            .extract()
            .context("the configuration cannot be read")?;
        config
            .engine()
            .check()
            .context("the configuration could lose or double messages")?;
        Ok(config)
    }

    /// The engine's part.
    pub(crate) fn engine(&self) -> engine::Settings {
        engine::Settings {
            uploads: self.uploads.clone(),
            registry: self.registry.clone(),
            dispatch: self.dispatch.clone(),
            receipts: self.receipts.clone(),
            deadlines: self.deadlines.clone(),
            housekeeping: self.housekeeping.clone(),
            practice: self.practice.clone(),
        }
    }

    /// Opens the database.
    pub(crate) async fn open_store(
        &self,
        clock: std::sync::Arc<dyn domain::Clock>,
    ) -> anyhow::Result<store::Store> {
        if let Some(path) = self.database.url.strip_prefix("sqlite:")
            && let Some(folder) = Path::new(path.trim_start_matches("//")).parent()
        {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        }
        let mut options = store::StoreOptions::new(self.database.url.clone());
        options.connections_max = self.database.connections_max;
        let keys = self.keys.load()?;
        Ok(store::Store::open(&options, keys, clock).await?)
    }
}

impl KeySource {
    fn load(&self) -> anyhow::Result<store::Keys> {
        let text = match &self.secret {
            Some(secret) => secret.clone(),
            None if self.file.is_file() => std::fs::read_to_string(&self.file)
                .with_context(|| format!("the key file {} cannot be read", self.file.display()))?,
            None => self.make()?,
        };
        let bytes = decode_hex(text.trim())
            .with_context(|| "the key must be 64 hexadecimal digits (keys.secret or keys.file)")?;
        Ok(store::Keys::new(&bytes))
    }

    fn make(&self) -> anyhow::Result<String> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;

        use rand::TryRngCore as _;
        let mut bytes = [0_u8; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .context("the machine gives no randomness")?;
        let text: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.file);
        match made {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                Ok(text)
            }
            // Another process was faster; its key is the key.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Ok(std::fs::read_to_string(&self.file)?)
            }
            Err(error) => Err(error)
                .with_context(|| format!("the key file {} cannot be made", self.file.display())),
        }
    }
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0_u8; 32];
    for (slot, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *slot = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
