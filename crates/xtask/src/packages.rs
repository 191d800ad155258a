//! What the machine must have, and how it gets there.
//!
//! PostgreSQL and Chromium come from the distribution, because a database and a
//! browser that somebody else keeps patched are better than ones we download.
//! Where they may be installed, [`crate::install`] does it; everywhere else the
//! run stops and names them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::install::Installer;
use crate::run::answer;

/// The oldest PostgreSQL the migrations are written for.
const POSTGRES_OLDEST: u32 = 15;
/// The oldest Node the panel's build tool runs on.
const NODE_OLDEST: (u32, u32) = (20, 19);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compiles SQLite and the cryptography of the TLS library.
    CCompiler,
    /// Node and npm, to build the panel. Never installed by us: distributions
    /// carry one that is too old.
    Node,
    /// `initdb` and `postgres`.
    Postgres,
    Chromium,
}

impl Need {
    /// The package that brings it, by Debian's name.
    fn package(self) -> Option<&'static str> {
        match self {
            Self::CCompiler => Some("build-essential"),
            Self::Node => None,
            Self::Postgres => Some("postgresql"),
            Self::Chromium => Some("chromium"),
        }
    }

    fn how_to_get_it(self) -> String {
        match self {
            Self::CCompiler => "a C compiler (Debian: build-essential)".to_owned(),
            Self::Node => format!(
                "Node {}.{} or newer with npm (https://nodejs.org)",
                NODE_OLDEST.0, NODE_OLDEST.1
            ),
            Self::Postgres => format!(
                "the PostgreSQL server programs, version {POSTGRES_OLDEST} or newer (Debian: postgresql)"
            ),
            Self::Chromium => {
                "Chromium (Debian: chromium), or IZINLI_CHROMIUM naming one".to_owned()
            }
        }
    }
}

/// Where programs are looked for. A value, so that a test can show an empty machine.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    path: OsString,
    /// Debian keeps the server programs off the path, a directory per version.
    postgres_versions: PathBuf,
    chromium_named: Option<PathBuf>,
}

impl Machine {
    pub(crate) fn here() -> Self {
        Self {
            path: std::env::var_os("PATH").unwrap_or_default(),
            postgres_versions: PathBuf::from("/usr/lib/postgresql"),
            chromium_named: std::env::var_os("IZINLI_CHROMIUM").map(PathBuf::from),
        }
    }

    /// The directory of the newest PostgreSQL server programs that are new enough.
    pub(crate) fn postgres_programs(&self) -> Option<PathBuf> {
        let packaged = std::fs::read_dir(&self.postgres_versions)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version: u32 = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            });
        let on_the_path = self.program("postgres").and_then(|server| {
            let version = major_version(&answer(Command::new(&server).arg("--version")).ok()?)?;
            Some((version, server.parent()?.to_owned()))
        });
        // On a tie the packaged ones win: a name on the path may be a wrapper.
        on_the_path
            .into_iter()
            .chain(packaged)
            .filter(|(version, _)| *version >= POSTGRES_OLDEST)
            .filter(|(_, programs)| is_program(&programs.join("initdb")))
            .filter(|(_, programs)| is_program(&programs.join("postgres")))
            .max_by_key(|(version, _)| *version)
            .map(|(_, programs)| programs)
    }

    pub(crate) fn chromium(&self) -> Option<PathBuf> {
        if let Some(named) = &self.chromium_named {
            return is_program(named).then(|| named.clone());
        }
        [
            "chromium",
            "chromium-browser",
            "google-chrome-stable",
            "google-chrome",
        ]
        .iter()
        .find_map(|name| self.program(name))
    }

    fn has(&self, need: Need) -> bool {
        match need {
            Need::CCompiler => ["cc", "gcc", "clang"]
                .iter()
                .any(|name| self.program(name).is_some()),
            Need::Node => self.program("npm").is_some() && self.node_is_new_enough(),
            Need::Postgres => self.postgres_programs().is_some(),
            Need::Chromium => self.chromium().is_some(),
        }
    }

    fn node_is_new_enough(&self) -> bool {
        self.program("node")
            .and_then(|node| answer(Command::new(node).arg("--version")).ok())
            .and_then(|said| node_version(&said))
            .is_some_and(|version| version >= NODE_OLDEST)
    }

    /// A program of this name on the path.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path)
            .map(|directory| directory.join(name))
            .find(|candidate| is_program(candidate))
    }

    fn missing(&self, needs: &[Need]) -> Vec<Need> {
        needs
            .iter()
            .copied()
            .filter(|need| !self.has(*need))
            .collect()
    }
}

/// Makes sure that everything needed is there, installing what may be installed.
///
/// # Errors
/// When something is missing and cannot be installed here; the message names it.
pub(crate) fn ensure(needs: &[Need]) -> Result<()> {
    let machine = Machine::here();
    let missing = machine.missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().filter_map(|need| need.package()).collect();
    match Installer::on(&machine) {
        Some(installer) if packages.len() == missing.len() => installer
            .install(&packages)
            .with_context(|| shopping_list(&missing))?,
        _ => bail!(shopping_list(&missing)),
    }
    let still_missing = machine.missing(needs);
    if !still_missing.is_empty() {
        bail!(shopping_list(&still_missing));
    }
    Ok(())
}

fn shopping_list(missing: &[Need]) -> String {
    let wishes: Vec<String> = missing.iter().map(|need| need.how_to_get_it()).collect();
    format!("this machine lacks {}", wishes.join(" and "))
}

/// Whether this process may do everything on this machine.
pub(crate) fn is_root() -> bool {
    answer(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)` → 15; also `17beta1`.
fn major_version(said: &str) -> Option<u32> {
    let version = said.split_whitespace().nth(2)?;
    let digits = version
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?;
    digits.parse().ok()
}

/// `v20.20.2` → (20, 20).
fn node_version(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const EVERYTHING: [Need; 4] = [Need::CCompiler, Need::Node, Need::Postgres, Need::Chromium];

    /// A machine whose only programs are scripts we put into a directory.
    struct Imagined {
        directory: PathBuf,
    }

    impl Imagined {
        fn new(name: &str) -> Self {
            let directory =
                std::env::temp_dir().join(format!("izinli-packages-{name}-{}", std::process::id()));
            fs::create_dir_all(directory.join("path")).unwrap();
            Self { directory }
        }

        /// The shell writes the file, not we: a program that this process still
        /// holds open for writing, if only through a fork of another test, cannot
        /// be started.
        fn with(self, file: &str, says: &str) -> Self {
            let file = self.directory.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let script = r#"printf '#!/bin/sh\necho "%s"\n' "$2" > "$1"; chmod +x "$1""#;
            answer(
                Command::new("sh")
                    .args(["-c", script, "sh"])
                    .arg(&file)
                    .arg(says),
            )
            .unwrap();
            self
        }

        fn machine(&self) -> Machine {
            Machine {
                path: self.directory.join("path").into(),
                postgres_versions: self.directory.join("postgresql"),
                chromium_named: None,
            }
        }
    }

    impl Drop for Imagined {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.directory).unwrap();
        }
    }

    #[test]
    fn an_empty_machine_lacks_everything_and_the_message_names_each_package() {
        let empty = Imagined::new("empty").machine();
        assert_eq!(empty.missing(&EVERYTHING), EVERYTHING);
        let message = shopping_list(&EVERYTHING);
        for word in ["build-essential", "nodejs.org", "postgresql", "chromium"] {
            assert!(message.contains(word), "{message}");
        }
        assert!(Installer::on(&empty).is_none());
    }

    #[test]
    fn the_newest_packaged_postgres_wins_and_an_old_one_does_not_count() {
        let old = Imagined::new("old")
            .with("postgresql/14/bin/initdb", "")
            .with("postgresql/14/bin/postgres", "");
        assert_eq!(old.machine().postgres_programs(), None);

        let several = Imagined::new("several")
            .with("postgresql/15/bin/initdb", "")
            .with("postgresql/15/bin/postgres", "")
            .with("postgresql/17/bin/initdb", "")
            .with("postgresql/17/bin/postgres", "")
            .with("postgresql/18/bin/psql", "client only");
        let newest = several.directory.join("postgresql/17/bin");
        assert_eq!(several.machine().postgres_programs(), Some(newest));
    }

    #[test]
    fn a_postgres_on_the_path_is_asked_for_its_version() {
        let fitting = Imagined::new("fitting")
            .with("path/initdb", "")
            .with("path/postgres", "postgres (PostgreSQL) 16.4");
        let programs = fitting.directory.join("path");
        assert_eq!(fitting.machine().postgres_programs(), Some(programs));

        let dated = Imagined::new("dated").with("path/initdb", "").with(
            "path/postgres",
            "postgres (PostgreSQL) 13.9 (Debian 13.9-1)",
        );
        assert_eq!(dated.machine().postgres_programs(), None);
    }

    #[test]
    fn a_node_that_is_too_old_is_as_good_as_none() {
        let dated = Imagined::new("node18")
            .with("path/node", "v18.20.4")
            .with("path/npm", "");
        assert_eq!(dated.machine().missing(&[Need::Node]), [Need::Node]);
        let fitting = Imagined::new("node20")
            .with("path/node", "v20.19.0")
            .with("path/npm", "");
        assert_eq!(fitting.machine().missing(&[Need::Node]), []);
    }

    #[test]
    fn a_named_browser_is_taken_and_a_wrong_name_is_not_papered_over() {
        let imagined = Imagined::new("browser")
            .with("path/chromium", "")
            .with("elsewhere/chrome", "");
        let mut machine = imagined.machine();
        assert_eq!(
            machine.chromium(),
            Some(imagined.directory.join("path/chromium"))
        );
        machine.chromium_named = Some(imagined.directory.join("elsewhere/chrome"));
        assert_eq!(machine.chromium(), machine.chromium_named);
        machine.chromium_named = Some(imagined.directory.join("elsewhere/none"));
        assert_eq!(machine.chromium(), None);
    }

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.20 (Debian)"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 17beta1"), Some(17));
        assert_eq!(major_version("something else"), None);
        assert_eq!(node_version("v20.19.0\n"), Some((20, 19)));
        assert_eq!(node_version("20.19.0"), None);
    }
}
