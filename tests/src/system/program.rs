//! The program under test: where it is, what surrounds it, and its commands.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use simulators::Clock;
use tokio::process::Command;

/// The program with the environment of one world.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    environment: Vec<(String, String)>,
    clock: Clock,
}

/// Names a built program instead of the one beside this workspace.
const PATH_VARIABLE: &str = "IZINLI_BIN";

impl Program {
    /// The program with these settings, on this clock.
    ///
    /// # Errors
    /// When the program was not built: nothing here could fail for its own reasons then.
    pub fn find(environment: Vec<(String, String)>, clock: Clock) -> Result<Self> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/izinli");
        let path = std::env::var_os(PATH_VARIABLE).map_or_else(beside, PathBuf::from);
        ensure!(
            path.is_file(),
            "THE PROGRAM IS NOT BUILT: {} is not there. Run `cargo build -p izinli`, or name it in {PATH_VARIABLE}.",
            path.display()
        );
        Ok(Self {
            path,
            environment,
            clock,
        })
    }

    /// Adds or replaces one setting.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
    }

    /// A process that is about to start; its clock begins at this moment.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .env("IZINLI_CLOCK_START", self.clock.now().to_string())
            .kill_on_drop(true);
        command
    }

    /// Runs a command to its end and reads the JSON that it prints.
    ///
    /// # Errors
    /// When it fails; the message then carries what it said.
    pub async fn json<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Value> {
        let (said, code) = self.run(arguments).await?;
        ensure!(code == Some(0), "it ended with {code:?}: {said}");
        Ok(said)
    }

    /// Runs a command that a rule may refuse (exit codes 3 and 4) and gives
    /// what it prints with its code.
    ///
    /// # Errors
    /// When it ends otherwise, or prints no JSON.
    pub async fn run<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<(Value, Option<i32>)> {
        let (line, printed, code) = self.printed(arguments).await?;
        let said = serde_json::from_slice(&printed).with_context(|| {
            let printed = String::from_utf8_lossy(&printed);
            format!("`izinli {line}` printed no JSON: {printed}")
        })?;
        Ok((said, code))
    }

    /// The same for a command that prints one object a line.
    ///
    /// # Errors
    /// When it ends otherwise, or a line is no JSON.
    pub async fn lines<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<(Vec<Value>, Option<i32>)> {
        let (line, printed, code) = self.printed(arguments).await?;
        let said = serde_json::Deserializer::from_slice(&printed)
            .into_iter()
            .collect::<Result<_, _>>()
            .with_context(|| format!("`izinli {line}` printed a line that is no JSON"))?;
        Ok((said, code))
    }

    /// Runs a command as on a machine that has nothing but the program: no
    /// setting, no database, in this folder. Gives what it says and its code.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub async fn alone(&self, folder: &Path, arguments: &[&str]) -> Result<(String, Option<i32>)> {
        let output = Command::new(std::path::absolute(&self.path)?)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .output()
            .await
            .with_context(|| format!("starting {}", self.path.display()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((said, output.status.code()))
    }

    async fn printed<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<(String, Vec<u8>, Option<i32>)> {
        let arguments: Vec<_> = arguments
            .into_iter()
            .map(|one| one.as_ref().to_owned())
            .collect();
        let line = arguments
            .join(OsStr::new(" "))
            .to_string_lossy()
            .into_owned();
        let output = self
            .command()
            .args(&arguments)
            .arg("--json")
            .output()
            .await
            .with_context(|| format!("starting {}", self.path.display()))?;
        let code = output.status.code();
        if !matches!(code, Some(0 | 3 | 4)) {
            bail!(
                "`izinli {line}` ended with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok((line, output.stdout, code))
    }
}
