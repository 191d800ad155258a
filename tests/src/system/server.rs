//! `izinli serve` as a process that can be killed like any other.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use super::program::Program;
use super::wait::until;

/// Lines of the log that a failed test prints.
const LOG_LINES_SHOWN: usize = 60;

/// A server process; it dies with this value, and with the test's process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    ready: PathBuf,
    _leash: Child,
}

impl Server {
    /// Starts it; requests may not be answered yet.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn spawn(program: &Program, folder: &Path) -> Result<Self> {
        Self::spawn_as(program, folder, "all")
    }

    /// The same with one role alone: `api` or `worker`. A worker tells nobody
    /// when it is ready.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn spawn_as(program: &Program, folder: &Path, role: &str) -> Result<Self> {
        let ready = folder.join("ready.json");
        if role != "worker" {
            drop(std::fs::remove_file(&ready));
        }
        let log = log(folder)?;
        let child = program
            .command()
            .args(["serve", "--role", role])
            .arg("--ready-file")
            .arg(&ready)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("starting the server")?;
        let number = child.id().context("the server has ended already")?;
        Ok(Self {
            child,
            ready,
            _leash: leash(number)?,
        })
    }

    /// Waits until it serves.
    ///
    /// # Errors
    /// When it ends before that, or takes too long.
    pub async fn ready(&mut self) -> Result<()> {
        let Self { child, ready, .. } = self;
        until("the server's start", async || {
            if let Some(status) = child.try_wait()? {
                bail!("the server ended at its start: {status}");
            }
            Ok(ready.is_file().then_some(()))
        })
        .await
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When it has ended by itself.
    pub fn lives(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("a process had ended by itself: {status}"),
        }
    }

    /// The number of the process.
    pub fn number(&self) -> Option<u32> {
        self.child.id()
    }

    /// `kill -9`, and waits until the process is gone.
    ///
    /// # Errors
    /// When it had ended by itself: a server that falls over is a failure of its own.
    pub async fn kill(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server had ended by itself: {status}");
        }
        self.child.kill().await.context("killing the server")
    }
}

/// Kills the server if the test's own process dies without a word: the shell
/// waits for its input to end, which a living test keeps open.
fn leash(number: u32) -> Result<Child> {
    Command::new("sh")
        .args(["-c", "read _; kill -9 \"$0\"", &number.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("starting the shell that watches over the server")
}

fn log(folder: &Path) -> Result<File> {
    let path = folder.join("server.log");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.with_context(|| format!("opening {}", path.display()))
}

/// The end of what the servers of a folder have logged.
pub(super) fn end_of_log(folder: &Path) -> String {
    let bytes = std::fs::read(folder.join("server.log")).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
