//! Nothing outlives a run, however the run ends.
//!
//! A destructor does not run on Ctrl-C and nothing runs on `kill -9`, so the
//! cleaning is done by somebody else: each run starts a second copy of this
//! program that waits for the first to be gone, ends every process that still
//! carries the run's mark ([`RUN_MARK`]) and removes database clusters without
//! an owner. The mark is in the environment and so is inherited by children of
//! children, also by those that moved to a process group of their own, as a
//! browser does.
//!
//! It watches its parent's process id rather than a pipe: `demo` replaces
//! itself by the built program under the same id, and the watch goes on.
//!
//! Rests on `/proc`, that is, on Linux. Elsewhere Ctrl-C still reaches the
//! children through the terminal; only the cleaning after `kill -9` is missing.

use std::os::unix::process::{CommandExt, parent_id};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::arguments::JANITOR_FLAG;
use crate::postgres;
use crate::run::{RUN_MARK, Run};

/// How often the janitor looks whether its owner still lives.
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// How long a process may take to end by itself after being asked to.
const GRACE: Duration = Duration::from_secs(10);

/// Starts the janitor of this process.
///
/// # Errors
/// When a second copy of the program cannot be started.
pub(crate) fn hire() -> Result<()> {
    let ours = std::env::current_exe().context("finding our own program file")?;
    Command::new(ours)
        .arg(JANITOR_FLAG)
        .arg(std::process::id().to_string())
        // Out of reach of the terminal's Ctrl-C, and holding none of the pipes
        // somebody may be reading our output from.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("starting the janitor")?;
    Ok(())
}

/// Waits for the owner to be gone, then cleans up after it.
pub(crate) fn watch(owner: u32) {
    while parent_id() == owner {
        sleep(WATCH_EVERY);
    }
    end_processes_of(owner, GRACE);
    if let Ok(run) = Run::here() {
        postgres::sweep(&run);
    }
}

/// Ends whatever carries the owner's mark: politely, and after the grace for good.
fn end_processes_of(owner: u32, grace: Duration) {
    let asked = Instant::now();
    let mut left = marked_processes(owner);
    signal(Signal::Terminate, &left);
    while !left.is_empty() && asked.elapsed() < grace {
        sleep(Duration::from_millis(50));
        left = marked_processes(owner);
    }
    signal(Signal::Kill, &left);
}

fn marked_processes(owner: u32) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|&process| process != std::process::id())
        .filter(|process| {
            std::fs::read(format!("/proc/{process}/environ"))
                .is_ok_and(|environment| is_marked(&environment, owner))
        })
        .collect()
}

/// `/proc/<id>/environ` is `NAME=value` pairs, each ended by a zero byte.
fn is_marked(environment: &[u8], owner: u32) -> bool {
    let mark = format!("{RUN_MARK}={owner}");
    environment
        .split(|&byte| byte == 0)
        .any(|pair| pair == mark.as_bytes())
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// Ends an ordinary program; also Ctrl-C's weaker twin.
    Terminate,
    /// PostgreSQL's fast shutdown: cut the clients off, write everything, end.
    Interrupt,
    Kill,
}

/// Sends a signal to each process. One that has ended meanwhile is no mistake.
pub(crate) fn signal(signal: Signal, processes: &[u32]) {
    if processes.is_empty() {
        return;
    }
    let name = match signal {
        Signal::Terminate => "TERM",
        Signal::Interrupt => "INT",
        Signal::Kill => "KILL",
    };
    // The shell's own `kill`: the program of that name is not on every machine.
    let _ = Command::new("sh")
        .args(["-c", r#"kill -s "$@""#, "sh", name])
        .args(processes.iter().map(u32::to_string))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// Whether a process of this id exists.
pub(crate) fn is_alive(process: u32) -> bool {
    Path::new("/proc").join(process.to_string()).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No process has this id: it is above the kernel's limit.
    const NOBODY: u32 = 4_194_304 + 17;

    #[test]
    fn the_mark_is_matched_as_a_whole_pair() {
        let environment = format!("PATH=/bin\0{RUN_MARK}=4123\0HOME=/\0");
        assert!(is_marked(environment.as_bytes(), 4123));
        assert!(!is_marked(environment.as_bytes(), 412));
        assert!(!is_marked(environment.as_bytes(), 41234));
        let quoted = format!("NOTE={RUN_MARK}=4123\0");
        assert!(!is_marked(quoted.as_bytes(), 4123));
    }

    #[test]
    fn children_of_children_end_with_the_run_even_when_they_ignore_the_polite_signal() {
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; sleep 600 & sleep 600 & wait"])
            .env(RUN_MARK, NOBODY.to_string())
            .process_group(0)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while marked_processes(NOBODY).len() < 3 {
            assert!(Instant::now() < deadline, "the children never started");
            std::thread::yield_now();
        }

        end_processes_of(NOBODY, Duration::from_millis(200));

        child.wait().unwrap();
        while !marked_processes(NOBODY).is_empty() {
            assert!(Instant::now() < deadline, "somebody survived");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_process_that_has_ended_is_not_alive() {
        assert!(is_alive(std::process::id()));
        assert!(!is_alive(NOBODY));
    }
}
