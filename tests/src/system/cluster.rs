//! A PostgreSQL of the test's own, which it may stop and start again.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;
use tokio::process::Child;

use super::wait::until;

/// A private cluster; it ends with this value.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    account: Option<(u32, u32)>,
    port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// Makes a cluster and waits until it answers; none where the server's
    /// programs are not installed, which is said loudly.
    ///
    /// # Errors
    /// When a program fails.
    pub async fn start() -> Result<Option<Self>> {
        let Some(programs) = programs() else {
            eprintln!("SKIPPED: no PostgreSQL server programs (initdb, postgres) on this machine");
            return Ok(None);
        };
        let folder = tempfile::tempdir()?;
        let account = account()?;
        if let Some((user, group)) = account {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group))?;
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut cluster = Self {
            programs,
            folder,
            account,
            port,
            server: None,
        };
        let made = cluster
            .command("initdb")
            .args(["--username=izinli", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync", "--no-instructions", "--pgdata"])
            .arg(cluster.data())
            .output()
            .context("starting initdb")?;
        ensure!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        cluster.begin().await?;
        Ok(Some(cluster))
    }

    /// The address of its maintenance database.
    pub fn url(&self) -> String {
        format!("postgres://izinli@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops the server as an operator would who is in a hurry (every
    /// connection is cut), and starts it again on the same port.
    ///
    /// # Errors
    /// When it does not stop or does not come up.
    pub async fn restart(&mut self) -> Result<()> {
        let mut server = self.server.take().context("the server does not run")?;
        let number = server.id().context("the server has ended by itself")?;
        let told = Command::new("kill")
            .args(["-INT", &number.to_string()])
            .status()?;
        ensure!(told.success(), "the server could not be told to stop");
        server.wait().await?;
        self.begin().await
    }

    async fn begin(&mut self) -> Result<()> {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=127.0.0.1", "-c"])
            .arg(format!("port={}", self.port))
            .args([
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=200",
            ])
            // It must survive its own restart, not the machine's.
            .args(["-c", "fsync=off", "-c", "full_page_writes=off"])
            .stdout(Stdio::null())
            .stderr(log);
        let mut server = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .context("starting postgres")?;
        let line = self.data().join("postmaster.pid");
        until("the start of PostgreSQL", async || {
            if let Some(status) = server.try_wait()? {
                let log = std::fs::read_to_string(self.folder.path().join("log"));
                bail!(
                    "PostgreSQL ended with {status}: {}",
                    log.unwrap_or_default()
                );
            }
            let lines = std::fs::read_to_string(&line).unwrap_or_default();
            let is_ready = lines
                .lines()
                .nth(7)
                .is_some_and(|state| state.trim() == "ready");
            Ok(is_ready.then_some(()))
        })
        .await?;
        self.server = Some(server);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        let mut command = match self.account {
            None => Command::new(path),
            Some((user, group)) => {
                let mut change = Command::new("setpriv");
                change
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    // Gone with us, whatever becomes of the test.
                    .args(["--clear-groups", "--pdeathsig", "INT", "--"])
                    .arg(path);
                change
            }
        };
        command.stdin(Stdio::null()).current_dir(self.folder.path());
        command
    }
}

/// Where `initdb` is: on the path, or where packages put it, the newest first.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    packaged.sort_by_key(|place| std::cmp::Reverse(version(place)));
    places.append(&mut packaged);
    places
        .into_iter()
        .find(|place| place.join("initdb").is_file() && place.join("postgres").is_file())
}

fn version(place: &Path) -> u32 {
    let name = place.parent().and_then(Path::file_name);
    name.and_then(|name| name.to_str()?.parse().ok())
        .unwrap_or(0)
}

/// PostgreSQL refuses to run as root: then as the account its package made.
fn account() -> Result<Option<(u32, u32)>> {
    let number = |arguments: &[&str]| -> Option<u32> {
        let said = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(said.stdout).ok()?.trim().parse().ok()
    };
    if number(&["-u"]) != Some(0) {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some((number(&["-u", name])?, number(&["-g", name])?)))
        .map(Some)
        .context("PostgreSQL does not run as root, and there is no account `postgres`")
}
