//! Everything one test needs, made anew for it.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Client;
use super::people::Mode;
use super::program::Program;
use super::server::{Server, end_of_log};
use super::simulated::{API_KEY, IYS_CODE, IYS_PASSWORD, IYS_USER, Simulators};

/// Settings of a world beyond the usual ones.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Whether the simulators keep the services' call limits.
    pub limits: bool,
    /// Settings of the program, as environment variables.
    pub settings: Vec<(&'static str, String)>,
}

/// A brand that was set up on both sides.
#[derive(Debug, Clone)]
pub struct Brand {
    /// Its id.
    pub id: String,
    /// Its number at İYS.
    pub code: u64,
    /// How it works with İYS.
    pub mode: Mode,
}

/// A program, its server, its database and its surroundings.
#[derive(Debug)]
pub struct World {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// The services around it.
    pub simulators: Simulators,
    /// The program's commands.
    pub program: Program,
    /// The customer's client.
    pub client: Client,
    /// The firm.
    pub firm: String,
    /// The provider account, tested and active.
    pub connector: String,
    server: Option<Server>,
    workers: Vec<Server>,
    folder: TempDir,
}

/// Runs a test on SQLite, and on PostgreSQL where there is one.
///
/// # Errors
/// Those of the test; the end of the program's log is printed then.
pub async fn each_database(
    setup: Setup,
    test: impl AsyncFn(&mut World) -> Result<()>,
) -> Result<()> {
    let mut databases = vec![("sqlite", None)];
    databases.extend(
        store::testing::postgres_url()
            .await
            .map(|url| ("postgres", Some(url))),
    );
    for (name, url) in databases {
        let mut world = World::start(name, url, &setup)
            .await
            .with_context(|| format!("on {name}"))?;
        let outcome = test(&mut world).await;
        if outcome.is_err() {
            world.show_log();
        }
        outcome.with_context(|| format!("on {name}"))?;
    }
    Ok(())
}

impl World {
    /// A world over a database of the test's own.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub async fn over(url: String, setup: &Setup) -> Result<Self> {
        Self::start("postgres", Some(url), setup).await
    }

    /// Takes the one process apart: one that answers calls, and so many that work.
    ///
    /// # Errors
    /// When one cannot be started.
    pub async fn split(&mut self, workers: usize) -> Result<()> {
        self.kill().await?;
        self.server = Some(Server::spawn_as(&self.program, self.folder.path(), "api")?);
        self.ready().await?;
        for _ in 0..workers {
            self.add_worker()?;
        }
        Ok(())
    }

    /// Starts one more worker.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn add_worker(&mut self) -> Result<()> {
        let worker = Server::spawn_as(&self.program, self.folder.path(), "worker")?;
        self.workers.push(worker);
        Ok(())
    }

    /// `kill -9` of one worker.
    ///
    /// # Errors
    /// When there is none, or it had ended by itself.
    pub async fn kill_worker(&mut self) -> Result<()> {
        let worker = self.workers.pop().context("no worker runs")?;
        worker.kill().await
    }

    /// Whether every process still runs.
    ///
    /// # Errors
    /// When one has ended by itself.
    pub fn all_live(&mut self) -> Result<()> {
        for process in self.workers.iter_mut().chain(&mut self.server) {
            process.lives()?;
        }
        Ok(())
    }

    /// A world over a database of this name; over an SQLite file of its own
    /// without a URL.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub async fn start(database: &'static str, url: Option<String>, setup: &Setup) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let simulators = Simulators::start(setup.limits).await?;
        let public_url = format!("http://127.0.0.1:{}", free_port()?);
        let url =
            url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("izinli.db").display()));
        let mut program = Program::find(
            environment(&url, &public_url, folder.path(), &simulators),
            simulators.clock.clone(),
        )?;
        for (name, value) in &setup.settings {
            program.set(name, value.clone());
        }
        let (firm, connector, key) = made(&program, &simulators, folder.path()).await?;
        let client = Client::new(&public_url, key)?;
        let mut world = Self {
            database,
            simulators,
            program,
            client,
            firm,
            connector,
            server: None,
            workers: Vec::new(),
            folder,
        };
        world.restart().await?;
        Ok(world)
    }

    /// A place for the test's own files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the test's folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.folder().join(name);
        std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// Starts the server and waits until it serves; a running one is killed first.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await?;
        self.spawn()?;
        self.ready().await
    }

    /// Starts the server without waiting for it.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn spawn(&mut self) -> Result<()> {
        self.server = Some(Server::spawn(&self.program, self.folder.path())?);
        Ok(())
    }

    /// Waits until the server serves.
    ///
    /// # Errors
    /// When it ends before that.
    pub async fn ready(&mut self) -> Result<()> {
        self.server
            .as_mut()
            .context("no server was started")?
            .ready()
            .await
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// When the server had ended by itself.
    pub async fn kill(&mut self) -> Result<()> {
        match self.server.take() {
            Some(server) => server.kill().await,
            None => Ok(()),
        }
    }

    /// Resident memory of the server, bytes: the most so far.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn memory_peak(&self) -> Result<u64> {
        let number = self
            .server
            .as_ref()
            .and_then(Server::number)
            .context("no server runs")?;
        let status = std::fs::read_to_string(format!("/proc/{number}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line
            .and_then(|line| line.split_whitespace().next())
            .context("no VmHWM")?;
        Ok(kilobytes.parse::<u64>()? * 1_024)
    }

    /// Makes a brand in the program and at İYS.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn brand(&self, mode: Mode, code: u64) -> Result<Brand> {
        let (iys_code, brand_code) = (IYS_CODE.to_string(), code.to_string());
        let name = format!("Örnek {code}");
        let arguments = [
            "brand",
            "create",
            "--firm",
            &self.firm,
            "--name",
            &name,
            "--short-name",
            "ORNEK",
            "--trade-name",
            "ORNEK SAGLIK AS",
            "--mersis",
            "0123456789012345",
            "--mode",
            mode.word(),
            "--iys-code",
            &iys_code,
            "--brand-code",
            &brand_code,
            "--iys-username",
            IYS_USER,
            "--iys-password-env",
            "SISTEM_DENEMESI_IYS",
        ];
        let setup = json!({
            "iysCode": IYS_CODE, "brandCode": code, "name": name,
            "username": IYS_USER, "password": IYS_PASSWORD,
        });
        self.simulators.iys("brands", &setup).await?;
        let made = self.program.json(arguments).await?;
        Ok(Brand {
            id: id_of(&made)?,
            code,
            mode,
        })
    }

    /// Prints the end of the program's log.
    pub fn show_log(&self) {
        eprintln!(
            "--- the program's log on {} ---\n{}\n---",
            self.database,
            end_of_log(self.folder.path())
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_log();
        }
    }
}

/// Short waits, so that a test does not sit out a night; the rest is as a
/// customer would have it.
fn environment(
    url: &str,
    public_url: &str,
    folder: &Path,
    simulators: &Simulators,
) -> Vec<(String, String)> {
    let inside = |name: &str| folder.join(name).display().to_string();
    let listen = public_url.trim_start_matches("http://");
    [
        ("IZINLI__DATABASE__URL", url.to_owned()),
        ("IZINLI__SERVER__LISTEN", listen.to_owned()),
        ("IZINLI__SERVER__PUBLIC_URL", public_url.to_owned()),
        ("IZINLI__SERVER__SHUTDOWN_SECONDS", "5".to_owned()),
        ("IZINLI__KEYS__FILE", inside("key")),
        ("IZINLI__UPLOADS__FOLDER", inside("uploads")),
        ("IZINLI__UPLOADS__POLL_MS", "40".to_owned()),
        ("IZINLI__REGISTRY__ARCHIVE_FOLDER", inside("mutabakat")),
        ("IZINLI__REGISTRY__PUSH_WITHOUT_TLS", "true".to_owned()),
        ("IZINLI__REGISTRY__BASE_URL", simulators.iys_url()),
        ("IZINLI__REGISTRY__TIMEOUT_SECONDS", "3".to_owned()),
        ("IZINLI__REGISTRY__LEASE_SECONDS", "20".to_owned()),
        ("IZINLI__REGISTRY__POLL_AFTER_SECONDS", "[1]".to_owned()),
        ("IZINLI__REGISTRY__POLL_MS", "40".to_owned()),
        ("IZINLI__DISPATCH__QUIET_SECONDS", "1".to_owned()),
        ("IZINLI__DISPATCH__RETRY_SECONDS", "1".to_owned()),
        ("IZINLI__DISPATCH__TIMEOUT_SECONDS", "3".to_owned()),
        ("IZINLI__DISPATCH__LEASE_SECONDS", "20".to_owned()),
        ("IZINLI__DISPATCH__POLL_MS", "30".to_owned()),
        ("IZINLI__RECEIPTS__POLL_MS", "30".to_owned()),
        ("SISTEM_DENEMESI_IYS", IYS_PASSWORD.to_owned()),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Firm, API key and an active provider account, made by the program's own commands.
async fn made(
    program: &Program,
    simulators: &Simulators,
    folder: &Path,
) -> Result<(String, String, String)> {
    let firm = id_of(
        &program
            .json(["firm", "create", "--name", "Örnek Sağlık"])
            .await?,
    )?;
    let key = program
        .json([
            "apikey",
            "create",
            "--firm",
            &firm,
            "--name",
            "sistem denemesi",
            "--role",
            "admin",
        ])
        .await?;
    let key = key["key"]
        .as_str()
        .context("no key was printed")?
        .to_owned();
    let settings = folder.join("infobip.json");
    let account = json!({
        "base_url": simulators.infobip_url(), "api_key": API_KEY, "requests_per_second": 0,
        "timeout_seconds": 5,
    });
    std::fs::write(&settings, account.to_string())?;
    let settings = settings.to_string_lossy();
    let connector = program
        .json([
            "connector",
            "create",
            "--firm",
            &firm,
            "--kind",
            "infobip",
            "--name",
            "SMS",
            "--settings",
            &settings,
        ])
        .await?;
    let connector = id_of(&connector)?;
    program.json(["connector", "test", &connector]).await?;
    Ok((firm, connector, key))
}

/// The id in what a command or a call gives.
fn id_of(value: &Value) -> Result<String> {
    value["id"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no id in {value}"))
}

/// A free port that stays ours through restarts: below those which the system
/// lends to outgoing connections, and no test's in this process before.
fn free_port() -> Result<u16> {
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    const TRIES: usize = 200;
    let mut dice = rand::rngs::StdRng::from_os_rng();
    for _ in 0..TRIES {
        let port = dice.random_range(20_000..32_000);
        let is_free = TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free
            && TAKEN
                .lock()
                .expect("nobody panics while holding it")
                .insert(port)
        {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free")
}
