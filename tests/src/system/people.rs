//! Who must get a message, found out apart from the server: the file judged by
//! a command that changes nothing, and İYS's rule applied to what it accepts.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use simulators::iys::Population;

use super::world::{Brand, World};

/// How a brand works with İYS, as far as these tests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Asks, and never adds.
    Sync,
    /// Asks, and adds what is missing.
    Integrator,
}

impl Mode {
    /// The word in commands.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Integrator => "integrator",
        }
    }
}

/// One accepted record of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// `+905…`, or an e-mail address.
    pub address: String,
    /// MESAJ, ARAMA or EPOSTA.
    pub channel: String,
    /// BIREYSEL or TACIR.
    pub kind: String,
    /// ONAY or RET.
    pub status: String,
}

/// The accepted records of a file with a consent, as a dry run prints them.
///
/// # Errors
/// When the dry run refuses the file.
pub async fn people_in(world: &World, file: &Path, brand: &Brand) -> Result<Vec<Person>> {
    let file = file.to_string_lossy();
    let arguments = [
        "import",
        &file,
        "--dry-run",
        "--default-kind",
        "BIREYSEL",
        "--brand",
        &brand.id,
    ];
    let (said, code) = world.program.lines(arguments).await?;
    ensure!(code == Some(0), "the dry run ended with {code:?}");
    said.iter()
        .filter(|one| one["fate"] == "accepted" && !one["status"].is_null())
        .map(person)
        .collect()
}

fn person(record: &Value) -> Result<Person> {
    let word = |name: &str| {
        record[name]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("odd record: {record}"))
    };
    Ok(Person {
        address: word("recipient")?,
        channel: word("channel")?,
        kind: word("kind")?,
        status: word("status")?,
    })
}

/// Those whom a commercial SMS to consumers may reach: they said yes, and İYS
/// confirms it, by its rule or because we added the record.
pub fn confirmed(people: &[Person], mode: Mode, rule: &Population) -> BTreeSet<String> {
    people
        .iter()
        .filter(|person| {
            person.channel == "MESAJ" && person.kind == "BIREYSEL" && person.status == "ONAY"
        })
        .filter(|person| is_taken_by_iys(&person.address))
        .filter(|person| match (mode, rule.status_of(&person.address)) {
            (_, Some(status)) => status == "ONAY",
            (Mode::Sync, None) => false,
            (Mode::Integrator, None) => true,
        })
        .map(|person| person.address.clone())
        .collect()
}

/// Whether İYS keeps records of an address: not of satellite numbers, which it
/// refuses with H121 while we accept them with a remark (W204).
pub fn is_taken_by_iys(address: &str) -> bool {
    !address.starts_with("+9057")
}

/// Addresses as the provider writes them: digits only.
pub fn phones(addresses: &BTreeSet<String>) -> BTreeSet<String> {
    addresses
        .iter()
        .map(|address| address.trim_start_matches('+').to_owned())
        .collect()
}
