//! Installing what is missing, only where that is plainly allowed: apt is there
//! and we are root, or root without a password.

use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::{Machine, is_root};
use crate::run::{answer, succeed};

/// The right to install packages on this machine.
#[derive(Debug)]
pub(crate) enum Installer {
    Root,
    Sudo,
}

impl Installer {
    /// The right this process has on a machine, if any.
    pub(crate) fn on(machine: &Machine) -> Option<Self> {
        machine.program("apt-get")?;
        if is_root() {
            return Some(Self::Root);
        }
        let sudo = machine.program("sudo")?;
        let without_password = answer(Command::new(sudo).args(["-n", "true"])).is_ok();
        without_password.then_some(Self::Sudo)
    }

    /// Installs packages by their Debian names.
    ///
    /// # Errors
    /// When apt fails, or its lists cannot be fetched.
    pub(crate) fn install(&self, packages: &[&str]) -> Result<()> {
        let programs_only = packages
            .contains(&"postgresql")
            .then(|| ProgramsOnly::switch_on(self))
            .transpose()?;
        let installed = succeed(&mut self.apt_get(&["update", "-q"])).and_then(|()| {
            let mut words = vec!["install", "-y", "-q", "--no-install-recommends"];
            words.extend(packages);
            succeed(&mut self.apt_get(&words))
        });
        if let Some(switch) = programs_only {
            switch.take_back()?;
        }
        installed
    }

    fn apt_get(&self, words: &[&str]) -> Command {
        let mut command = self.as_root("env");
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
            // Another run may be installing at this moment.
            .args(["-o", "DPkg::Lock::Timeout=600"])
            .args(words);
        command
    }

    fn as_root(&self, program: &str) -> Command {
        match self {
            Self::Root => Command::new(program),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.args(["-n", program]);
                command
            }
        }
    }
}

/// Debian's package starts a database for the whole machine as soon as it is
/// installed. We came for the programs only, so its own switch is set for the
/// time of the installation and taken back afterwards, for whoever installs
/// PostgreSQL later and does want a database.
#[derive(Debug)]
struct ProgramsOnly<'a> {
    installer: &'a Installer,
}

impl<'a> ProgramsOnly<'a> {
    const SWITCH: &'static str = "/etc/postgresql-common/createcluster.d/izinli-programs-only.conf";

    fn switch_on(installer: &'a Installer) -> Result<Self> {
        let script = r#"mkdir -p "$(dirname "$1")" && echo 'create_main_cluster = false' > "$1""#;
        let mut shell = installer.as_root("sh");
        answer(shell.args(["-c", script, "sh", Self::SWITCH]))
            .context("keeping the PostgreSQL package from starting a database of its own")?;
        Ok(Self { installer })
    }

    fn take_back(self) -> Result<()> {
        answer(self.installer.as_root("rm").args(["-f", Self::SWITCH]))?;
        Ok(())
    }
}
