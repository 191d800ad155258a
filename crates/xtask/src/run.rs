//! One run of `cargo xtask`: where the repository is, where cargo builds, and
//! the commands started from it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Every process of a run carries this variable with the run's process id, and
/// so do its children and theirs: that is how the janitor knows them.
pub(crate) const RUN_MARK: &str = "IZINLI_XTASK_RUN";

#[derive(Debug)]
pub(crate) struct Run {
    root: PathBuf,
    profile: PathBuf,
}

impl Run {
    /// The run this process is.
    ///
    /// # Errors
    /// When the process cannot say where its own program file is.
    pub(crate) fn here() -> Result<Self> {
        let ours = std::env::current_exe().context("finding our own program file")?;
        let profile = ours
            .ancestors()
            .skip(1)
            .find(|directory| !directory.ends_with("deps")) // where unit tests lie
            .context("a program file lies in a directory")?;
        Ok(Self {
            root: repository_root()?,
            profile: profile.to_owned(),
        })
    }

    /// The root of the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where `cargo build` puts programs: the directory our own came from, so
    /// that a redirected target directory is followed without asking cargo.
    pub(crate) fn built(&self, program: &str) -> PathBuf {
        self.profile.join(program)
    }

    /// The same for `cargo build --release`.
    pub(crate) fn built_for_release(&self, program: &str) -> PathBuf {
        self.profile.with_file_name("release").join(program)
    }

    /// A directory for what a run leaves on disk, inside the target directory.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.profile.with_file_name("xtask")
    }

    /// A command that runs in the repository's root and carries the run's mark.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env(RUN_MARK, std::process::id().to_string())
            .stdin(Stdio::null());
        command
    }

    /// The cargo that started us, so that its toolchain choice is kept.
    pub(crate) fn cargo(&self, words: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo);
        command.args(words);
        command
    }
}

/// cargo says where this package is at run time; the place it was compiled in
/// is the answer when the program is started by hand.
fn repository_root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .ancestors()
        .find(|directory| directory.join("Cargo.lock").is_file())
        .map(Path::to_owned)
        .with_context(|| format!("no Cargo.lock above {}", package.display()))
}

/// Shows the command, runs it to its end with our own output, and expects success.
///
/// # Errors
/// When it could not be started or ended with anything but 0.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    eprintln!("   $ {}", as_typed(command));
    let status = command
        .status()
        .with_context(|| format!("starting `{}`", name(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", as_typed(command));
    }
    Ok(())
}

/// Runs the command quietly and gives what it wrote to standard output.
///
/// # Errors
/// When it could not be started or failed; then with what it wrote to standard error.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{}`", name(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` ended with {}: {}",
            as_typed(command),
            output.status,
            said.trim()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` answered in something else than text", name(command)))
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let file = program.file_name().unwrap_or(program.as_os_str());
    file.to_string_lossy().into_owned()
}

fn as_typed(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy());
    std::iter::once(name(command).into())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_found_from_this_package() {
        let root = repository_root().unwrap();
        assert!(root.join("crates/xtask/Cargo.toml").is_file());
    }

    #[test]
    fn a_failing_command_is_named_with_its_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "exit 3"]);
        let error = succeed(&mut command).unwrap_err().to_string();
        assert!(error.contains("sh -c exit 3"), "{error}");
        assert!(error.contains('3'), "{error}");
    }

    #[test]
    fn a_quiet_command_reports_what_it_complained_about() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo the disk is full >&2; exit 1"]);
        let error = answer(&mut command).unwrap_err().to_string();
        assert!(error.contains("the disk is full"), "{error}");
    }
}
