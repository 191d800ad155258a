//! The directory of a cluster: where it lies, whose it is, and how the ones that
//! were left behind go away.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Instant;

use anyhow::{Context, Result};

use super::account::Account;
use super::{LOOK_EVERY, STOP_WITHIN};
use crate::janitor::{Signal, is_alive, signal};
use crate::run::Run;

/// Directories of clusters are `<prefix><process id of the run>`.
const PREFIX: &str = "izinli-pg-";

/// Where clusters may lie: beside what we build, or for all to reach.
fn places(run: &Run) -> [PathBuf; 2] {
    [run.scratch(), std::env::temp_dir()]
}

/// Makes the directory of a cluster and gives it to the server's account.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn make(owner: u32, run: &Run, account: &Account) -> Result<PathBuf> {
    let [near, reachable] = places(run);
    fs::create_dir_all(&near).with_context(|| format!("making {}", near.display()))?;
    let place = if account.reaches(&near) {
        near
    } else {
        reachable
    };
    let directory = place.join(format!("{PREFIX}{owner}"));
    // A run has one cluster: what lies here is from a dead run that had our id.
    stop_orphan(&directory);
    remove(&directory);
    DirBuilder::new()
        .mode(0o700)
        .create(&directory)
        .with_context(|| format!("making {}", directory.display()))?;
    account.take_over(&directory)?;
    Ok(directory)
}

/// A line of the lock file: 1 is the process id, 8 the state.
pub(crate) fn postmaster_line(directory: &Path, number: usize) -> Option<String> {
    let lines = fs::read_to_string(directory.join("data/postmaster.pid")).ok()?;
    lines.lines().nth(number - 1).map(str::to_owned)
}

/// Stops and removes the clusters of runs that are gone. Called when a run
/// starts and by the janitor when one has ended.
pub(crate) fn sweep(run: &Run) {
    let we = fs::metadata("/proc/self").map(|about| about.uid()).ok();
    for place in places(run) {
        let Ok(entries) = fs::read_dir(&place) else {
            continue;
        };
        for directory in entries.flatten().map(|entry| entry.path()) {
            let Some(owner) = owner_of(&directory) else {
                continue;
            };
            // In a place for all to reach lie also the clusters of others.
            let removable = we == Some(0)
                || fs::symlink_metadata(&directory).is_ok_and(|about| Some(about.uid()) == we);
            if removable && !is_alive(owner) {
                stop_orphan(&directory);
                remove(&directory);
            }
        }
    }
}

fn owner_of(directory: &Path) -> Option<u32> {
    let name = directory.file_name()?.to_str()?;
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// Stops the server of a cluster whose run is gone, if there still is one: the
/// process that the lock file names and that really works in this directory.
fn stop_orphan(directory: &Path) {
    let Some(server) = postmaster_line(directory, 1).and_then(|id| id.trim().parse().ok()) else {
        return;
    };
    let data = fs::canonicalize(directory.join("data")).ok();
    let works_here = || data.is_some() && data == fs::read_link(format!("/proc/{server}/cwd")).ok();
    for step in [Signal::Interrupt, Signal::Kill] {
        if works_here() {
            signal(step, &[server]);
        }
        let asked = Instant::now();
        while works_here() && asked.elapsed() < STOP_WITHIN {
            sleep(LOOK_EVERY);
        }
    }
}

/// Removes a directory; one that is gone already is no mistake, as two sweeps may meet.
pub(crate) fn remove(directory: &Path) {
    match fs::remove_dir_all(directory) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => eprintln!("   could not remove {}: {error}", directory.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_directories_of_runs_are_swept() {
        assert_eq!(owner_of(Path::new("/tmp/izinli-pg-4123")), Some(4123));
        assert_eq!(owner_of(Path::new("/tmp/izinli-pg-")), None);
        assert_eq!(owner_of(Path::new("/tmp/izinli-pg-12x")), None);
        assert_eq!(owner_of(Path::new("/tmp/pg-4123")), None);
    }
}
