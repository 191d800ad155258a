//! Which crate may know which: the direction of dependencies.
//!
//! The reasons stand in `docs/architecture.md`. In short: data flows one way;
//! `domain` knows nothing but the rules; `store` never sees a provider, and
//! those who talk to the outside never see SQL.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Finding;

/// A crate of ours and the crates of ours it may depend on.
const ARROWS: [(&str, &[&str]); 10] = [
    ("domain", &[]),
    ("intake", &["domain"]),
    ("store", &["domain"]),
    ("registry", &["domain"]),
    ("connectors", &["domain"]),
    ("reports", &["domain"]),
    (
        "engine",
        &[
            "domain",
            "intake",
            "store",
            "registry",
            "connectors",
            "reports",
        ],
    ),
    ("api", &["domain", "store", "reports", "engine"]),
    ("simulators", &[]),
    ("xtask", &[]),
];

/// These may depend on every other: the binary wires all, the system tests look at all.
const ON_EVERYTHING: [&str; 2] = ["izinli", "system-tests"];

/// Nothing may depend on these.
const BY_NOTHING: [&str; 3] = ["izinli", "system-tests", "xtask"];

/// A library of others, and the only crates of ours that ship with it.
const KEPT_IN: [(&str, &[&str]); 5] = [
    // The binary's benches measure against plain SQL.
    ("sqlx", &["store", "izinli"]),
    ("polars", &["reports"]),
    ("axum", &["api", "simulators", "izinli"]),
    ("clap", &["izinli", "simulators"]),
    ("anyhow", &["izinli", "simulators", "xtask", "system-tests"]),
];

/// What would let a clock, a socket or chance into the rules.
const NOT_IN_DOMAIN: [&str; 4] = ["tokio", "reqwest", "rand", "futures-util"];

/// What the workspace says about its members and their dependencies.
#[derive(Debug, Deserialize)]
pub struct Workspace {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// Absent for an ordinary one; `dev` or `build`.
    kind: Option<String>,
}

impl Workspace {
    /// Asks cargo about the workspace this crate is in; needs no network.
    ///
    /// # Errors
    /// When cargo fails, for instance on a manifest it cannot read.
    pub fn here() -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .context("starting cargo")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "cargo metadata: {complaint}");
        Self::from_json(&output.stdout)
    }

    fn from_json(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).context("reading what cargo says of the workspace")
    }

    fn is_ours(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.name == name)
    }

    /// Arrows between our crates that are not in the table, and crates that the
    /// table does not know.
    pub fn wrong_arrows(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for package in &self.packages {
            let name = package.name.as_str();
            if ON_EVERYTHING.contains(&name) {
                continue;
            }
            let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
                findings.push(Finding::about(name, "has no place among the arrows"));
                continue;
            };
            for dependency in &package.dependencies {
                if self.is_ours(&dependency.name) && !dependency.may_be_used_by(name, allowed) {
                    let what = format!("must not depend on {}", dependency.name);
                    findings.push(Finding::about(name, what));
                }
            }
        }
        findings.extend(self.arrows_to_ends());
        findings
    }

    fn arrows_to_ends(&self) -> impl Iterator<Item = Finding> {
        self.packages.iter().flat_map(|package| {
            let to_an_end = package
                .dependencies
                .iter()
                .filter(|dependency| BY_NOTHING.contains(&dependency.name.as_str()));
            to_an_end.map(|end| {
                Finding::about(&package.name, format!("depends on {}, an end", end.name))
            })
        })
    }

    /// Libraries of others in crates where they do not belong. What only tests
    /// use is free.
    pub fn misplaced_libraries(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for package in &self.packages {
            let name = package.name.as_str();
            for library in package
                .dependencies
                .iter()
                .filter(|one| !one.is_for_tests())
            {
                let kept = KEPT_IN.iter().find(|(kept, _)| *kept == library.name);
                let misplaced = kept.is_some_and(|(_, homes)| !homes.contains(&name))
                    || (name == "domain" && NOT_IN_DOMAIN.contains(&library.name.as_str()))
                    || (name == "xtask" && library.name != "anyhow");
                if misplaced {
                    let what = format!("must not depend on {}", library.name);
                    findings.push(Finding::about(name, what));
                }
            }
        }
        findings
    }
}

impl Dependency {
    fn is_for_tests(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }

    /// Tests of a client may run it against its simulator, which knows nothing of ours.
    fn may_be_used_by(&self, name: &str, allowed: &[&str]) -> bool {
        allowed.contains(&self.name.as_str())
            || (self.is_for_tests() && self.name == "simulators" && name != "domain")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(arrows: &[(&str, &str, Option<&str>)]) -> Workspace {
        let all = ARROWS
            .iter()
            .map(|(name, _)| *name)
            .chain(ON_EVERYTHING)
            .chain(arrows.iter().map(|(from, ..)| *from));
        let names: std::collections::BTreeSet<&str> = all.collect();
        let packages = names
            .into_iter()
            .map(|name| Package {
                name: name.to_owned(),
                dependencies: arrows
                    .iter()
                    .filter(|(from, ..)| *from == name)
                    .map(|(_, to, kind)| Dependency {
                        name: (*to).to_owned(),
                        kind: kind.map(str::to_owned),
                    })
                    .collect(),
            })
            .collect();
        Workspace { packages }
    }

    #[test]
    fn an_arrow_against_the_flow_is_found() {
        for (from, to) in [
            ("domain", "intake"),
            ("store", "connectors"),
            ("registry", "store"),
            ("api", "connectors"),
            ("simulators", "domain"),
            ("reports", "store"),
        ] {
            let found = workspace(&[(from, to, None)]).wrong_arrows();
            let what = format!("must not depend on {to}");
            assert_eq!(found, [Finding::about(from, what)]);
        }
    }

    #[test]
    fn the_binary_may_know_all_and_nobody_may_know_the_binary() {
        let found = workspace(&[("izinli", "store", None), ("izinli", "simulators", None)]);
        assert_eq!(found.wrong_arrows(), []);
        let found = workspace(&[("system-tests", "izinli", None)]).wrong_arrows();
        assert_eq!(
            found,
            [Finding::about("system-tests", "depends on izinli, an end")]
        );
    }

    #[test]
    fn a_simulator_serves_tests_and_does_not_ship() {
        let in_tests = workspace(&[("registry", "simulators", Some("dev"))]);
        assert_eq!(in_tests.wrong_arrows(), []);
        let shipped = workspace(&[("registry", "simulators", None)]);
        assert_eq!(shipped.wrong_arrows().len(), 1);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let found = workspace(&[("helpers", "domain", None)]).wrong_arrows();
        assert_eq!(
            found,
            [Finding::about("helpers", "has no place among the arrows")]
        );
    }

    #[test]
    fn sql_outside_the_store_and_a_socket_in_the_domain_are_found() {
        let arrows = [
            ("engine", "sqlx", None),
            ("domain", "tokio", None),
            ("xtask", "serde", None),
            ("store", "sqlx", None),
            ("intake", "anyhow", Some("dev")),
        ];
        let found = workspace(&arrows).misplaced_libraries();
        let places: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert_eq!(
            places,
            [
                "domain: must not depend on tokio",
                "engine: must not depend on sqlx",
                "xtask: must not depend on serde",
            ]
        );
    }

    #[test]
    fn the_answer_of_cargo_is_understood() {
        let json = br#"{"packages":[{"name":"store","version":"0.1.0","dependencies":[
            {"name":"domain","kind":null,"path":"x"},{"name":"tempfile","kind":"dev"}]}]}"#;
        let workspace = Workspace::from_json(json).unwrap();
        assert_eq!(workspace.packages[0].dependencies.len(), 2);
        assert!(workspace.packages[0].dependencies[1].is_for_tests());
    }
}
