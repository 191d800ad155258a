//! Who the server runs as: we ourselves, or somebody with fewer rights.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::packages::is_root;
use crate::run::answer;

/// The account the server runs under.
#[derive(Debug)]
pub(crate) enum Account {
    Ours,
    /// We are root: another takes our place for this one program.
    Other {
        user: u32,
        group: u32,
    },
}

impl Account {
    /// PostgreSQL refuses to run as root.
    ///
    /// # Errors
    /// When we are root and there is nobody else to run it as.
    pub(crate) fn for_server() -> Result<Self> {
        if !is_root() {
            return Ok(Self::Ours);
        }
        let number = |flag, name| -> Option<u32> {
            let said = answer(Command::new("id").args([flag, name])).ok()?;
            said.trim().parse().ok()
        };
        // `nobody` where the programs did not come from a package.
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                Some(Self::Other {
                    user: number("-u", name)?,
                    group: number("-g", name)?,
                })
            })
            .context("PostgreSQL does not run as root, and there is no account `postgres`")
    }

    /// A command that runs under this account.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = match self {
            Self::Ours => Command::new(program),
            Self::Other { user, group } => {
                let mut change = Command::new("setpriv");
                change
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .arg("--clear-groups")
                    // Fast shutdown as soon as we are gone, janitor or not.
                    .args(["--pdeathsig", "INT", "--"])
                    .arg(program);
                change
            }
        };
        // In a group of its own: Ctrl-C is for the programs that use the
        // database, which want to finish their writing first.
        command.stdin(Stdio::null()).process_group(0);
        command
    }

    /// Hands a directory over to this account.
    ///
    /// # Errors
    /// When its owner cannot be changed.
    pub(crate) fn take_over(&self, directory: &Path) -> Result<()> {
        if let Self::Other { user, group } = self {
            chown(directory, Some(*user), Some(*group))
                .with_context(|| format!("giving {} to the server", directory.display()))?;
        }
        Ok(())
    }

    /// Whether this account can walk into a directory: a clone under `/root`
    /// is out of reach for anybody else.
    pub(crate) fn reaches(&self, directory: &Path) -> bool {
        match self {
            Self::Ours => true,
            Self::Other { .. } => {
                let mut test = self.command(Path::new("test"));
                answer(test.arg("-x").arg(directory).current_dir("/")).is_ok()
            }
        }
    }
}
