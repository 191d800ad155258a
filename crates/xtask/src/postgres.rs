//! A PostgreSQL of our own for the time of one run.
//!
//! Made by `initdb` in a directory of its own, reached only through the loopback
//! interface on a port the system picked, stopped and removed afterwards. It
//! never is a database that was there before, so a test may do with it what it
//! likes. PostgreSQL refuses to run as root, so there it runs as the
//! unprivileged account its package made.

mod account;
mod directory;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::account::Account;
use self::directory::postmaster_line;
use crate::janitor::{Signal, signal};
use crate::run::{Run, answer};

pub(crate) use self::directory::sweep;

/// Start-up replays nothing, so this is a matter of seconds even on a slow disk.
const START_WITHIN: Duration = Duration::from_mins(1);
/// A fast shutdown writes one checkpoint.
const STOP_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Another program may take the free port between our looking and the server's binding.
const PORT_TRIES: u32 = 5;

/// What a committed transaction is worth in this cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// `fsync = off`: it survives a crash of our programs, not of the machine.
    ProcessCrash,
    /// As in production; the only honest setting for figures.
    PowerLoss,
}

/// A running cluster; stopped and removed when dropped. When this process ends
/// without dropping it, the janitor does the same.
#[derive(Debug)]
pub(crate) struct Cluster {
    directory: PathBuf,
    server: Child,
    port: u16,
    reached_by: ReachedBy,
}

/// How programs reach the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReachedBy {
    Tcp,
    /// A socket in the cluster's directory.
    Socket,
}

/// Longest path of a socket on any system that PostgreSQL runs on.
const SOCKET_PATH_MAX: usize = 100;

impl ReachedBy {
    /// A server that is measured is reached as a program on the same machine
    /// would, where the directory's path is short enough. Tests go over TCP, as
    /// most installations do.
    fn choose(directory: &Path, durability: Durability) -> Self {
        let socket = directory.join(".s.PGSQL.65535");
        let is_short = socket.as_os_str().len() <= SOCKET_PATH_MAX;
        match durability {
            Durability::PowerLoss if is_short => Self::Socket,
            Durability::PowerLoss | Durability::ProcessCrash => Self::Tcp,
        }
    }

    fn setting(self, directory: &Path) -> String {
        match self {
            Self::Tcp => "unix_socket_directories=".to_owned(),
            Self::Socket => format!("unix_socket_directories={}", directory.display()),
        }
    }
}

impl Cluster {
    /// Makes a cluster and waits until it answers.
    ///
    /// # Errors
    /// When a program fails; the message then carries the end of the server's log.
    pub(crate) fn start(run: &Run, programs: &Path, durability: Durability) -> Result<Self> {
        Self::start_owned_by(std::process::id(), run, programs, durability)
    }

    fn start_owned_by(
        owner: u32,
        run: &Run,
        programs: &Path,
        durability: Durability,
    ) -> Result<Self> {
        let account = Account::for_server()?;
        let directory = directory::make(owner, run, &account)?;
        let started = initialise(programs, &directory, &account)
            .and_then(|()| start_on_free_port(programs, &directory, &account, durability));
        if started.is_err() {
            directory::remove(&directory);
        }
        let (server, port) = started?;
        Ok(Self {
            server,
            port,
            reached_by: ReachedBy::choose(&directory, durability),
            directory,
        })
    }

    /// The address of the maintenance database, as its superuser `izinli`.
    pub(crate) fn url(&self) -> String {
        let host = match self.reached_by {
            ReachedBy::Tcp => "127.0.0.1".to_owned(),
            ReachedBy::Socket => self.directory.display().to_string().replace('/', "%2F"),
        };
        format!("postgres://izinli@{host}:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        signal(Signal::Interrupt, &[self.server.id()]);
        let asked = Instant::now();
        while matches!(self.server.try_wait(), Ok(None)) && asked.elapsed() < STOP_WITHIN {
            sleep(LOOK_EVERY);
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
        directory::remove(&self.directory);
    }
}

fn initialise(programs: &Path, directory: &Path, account: &Account) -> Result<()> {
    let mut initdb = account.command(&programs.join("initdb"));
    initdb
        .args(["--username=izinli", "--auth=trust", "--encoding=UTF8"])
        // The platform sorts and folds Turkish text itself; C is the fastest
        // collation and the same on every machine.
        .args(["--locale=C", "--no-sync", "--no-instructions"])
        .arg("--pgdata")
        .arg(directory.join("data"))
        .current_dir(directory);
    answer(&mut initdb).context("making a database cluster")?;
    Ok(())
}

fn start_on_free_port(
    programs: &Path,
    directory: &Path,
    account: &Account,
    durability: Durability,
) -> Result<(Child, u16)> {
    let mut tries_left = PORT_TRIES;
    loop {
        tries_left -= 1;
        let port = free_port()?;
        let mut server = start_server(programs, directory, account, durability, port)?;
        match await_ready(&mut server, directory) {
            Ok(()) => return Ok((server, port)),
            Err(error) if tries_left == 0 || !port_was_taken(directory) => {
                let _ = server.kill();
                let _ = server.wait();
                return Err(error.context(log_end(directory)));
            }
            Err(_) => {}
        }
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(listener.local_addr()?.port())
}

fn start_server(
    programs: &Path,
    directory: &Path,
    account: &Account,
    durability: Durability,
    port: u16,
) -> Result<Child> {
    let log = fs::File::create(directory.join("log")).context("making the server's log")?;
    let mut server = account.command(&programs.join("postgres"));
    server
        .arg("-D")
        .arg(directory.join("data"))
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(log);
    for setting in settings(durability, directory, port) {
        server.arg("-c").arg(setting);
    }
    server
        .spawn()
        .context("starting `postgres` through `setpriv`")
}

fn settings(durability: Durability, directory: &Path, port: u16) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        ReachedBy::choose(directory, durability).setting(directory),
        "max_connections=200".to_owned(),
    ];
    match durability {
        Durability::ProcessCrash => {
            settings.extend([
                "shared_buffers=256MB".to_owned(),
                "fsync=off".to_owned(),
                "full_page_writes=off".to_owned(),
            ]);
        }
        // Memory and room between checkpoints, as an operator of this size would give it.
        Durability::PowerLoss => settings.extend([
            "shared_buffers=1GB".to_owned(),
            "fsync=on".to_owned(),
            "max_wal_size=4GB".to_owned(),
            "checkpoint_timeout=15min".to_owned(),
        ]),
    }
    settings
}

/// The server itself says in `postmaster.pid` when it takes connections.
fn await_ready(server: &mut Child, directory: &Path) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < START_WITHIN {
        if let Some(status) = server.try_wait().context("watching the server start")? {
            bail!("PostgreSQL ended at once with {status}");
        }
        if postmaster_line(directory, 8).is_some_and(|state| state.trim() == "ready") {
            return Ok(());
        }
        sleep(LOOK_EVERY);
    }
    bail!(
        "PostgreSQL did not start within {} s",
        START_WITHIN.as_secs()
    )
}

fn port_was_taken(directory: &Path) -> bool {
    fs::read_to_string(directory.join("log"))
        .is_ok_and(|log| log.contains("Address already in use"))
}

fn log_end(directory: &Path) -> String {
    let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let end = &lines[lines.len().saturating_sub(10)..];
    format!("the server's log ends with:\n{}", end.join("\n"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::process::Command;

    use super::*;
    use crate::packages::Machine;

    fn programs_or_say_so() -> Option<PathBuf> {
        let programs = Machine::here().postgres_programs();
        if programs.is_none() {
            eprintln!("SKIPPED: no PostgreSQL server programs on this machine");
        }
        programs
    }

    fn asked(programs: &Path, cluster: &Cluster, question: &str) -> String {
        let mut psql = Command::new(programs.join("psql"));
        let said = answer(psql.args(["-X", "-t", "-A", "-c", question, &cluster.url()])).unwrap();
        said.trim().to_owned()
    }

    fn listens(port: u16) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    }

    #[test]
    fn a_cluster_answers_on_loopback_and_leaves_nothing_behind() {
        let Some(programs) = programs_or_say_so() else {
            return;
        };
        let run = Run::here().unwrap();
        let cluster = Cluster::start(&run, &programs, Durability::PowerLoss).unwrap();
        let (port, directory) = (cluster.port, cluster.directory.clone());
        assert_eq!(asked(&programs, &cluster, "SHOW fsync"), "on");
        assert_eq!(
            asked(&programs, &cluster, "SHOW listen_addresses"),
            "127.0.0.1"
        );
        assert_eq!(asked(&programs, &cluster, "SHOW max_connections"), "200");
        assert_eq!(asked(&programs, &cluster, "SELECT current_user"), "izinli");

        drop(cluster);

        assert!(!listens(port));
        assert!(!directory.exists());
    }

    #[test]
    fn the_cluster_of_a_run_that_is_gone_is_stopped_and_removed_by_the_next() {
        let Some(programs) = programs_or_say_so() else {
            return;
        };
        let run = Run::here().unwrap();
        let nobody = 4_194_304 + 23; // above the kernel's limit for process ids
        let cluster =
            Cluster::start_owned_by(nobody, &run, &programs, Durability::ProcessCrash).unwrap();
        assert_eq!(asked(&programs, &cluster, "SHOW fsync"), "off");
        let (port, directory) = (cluster.port, cluster.directory.clone());
        std::mem::forget(cluster); // as `kill -9` would

        sweep(&run);

        assert!(!listens(port));
        assert!(!directory.exists());
    }
}
