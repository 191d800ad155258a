//! Packages come from the public registries: nothing in the repository sends
//! whoever builds it to another one.

use super::Finding;
use crate::Repository;

/// Lock files and what an origin in them may begin with.
const LOCKED: [(&str, &str, &str); 2] = [
    (
        "Cargo.lock",
        "source = \"",
        "registry+https://github.com/rust-lang/crates.io-index",
    ),
    (
        "web/package-lock.json",
        "\"resolved\": \"",
        "https://registry.npmjs.org/",
    ),
];

/// Settings that would choose another registry, and the files they stand in.
const CHOOSING: [(&str, &[&str]); 3] = [
    (".cargo/config.toml", &["[source", "[registr"]),
    (".npmrc", &["registry"]),
    ("web/.npmrc", &["registry="]),
];

/// Lock entries and settings that point anywhere else.
pub fn elsewhere(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, key, public) in LOCKED {
        each_line(repository, file, |number, line| {
            let origin = line.trim().strip_prefix(key);
            if origin.is_some_and(|origin| !origin.starts_with(public)) {
                findings.push(Finding::on_line(
                    file,
                    number,
                    "is not from the public registry",
                ));
            }
        });
    }
    for (file, keys) in CHOOSING {
        each_line(repository, file, |number, line| {
            if keys.iter().any(|key| line.trim().starts_with(key)) {
                findings.push(Finding::on_line(
                    file,
                    number,
                    "chooses a registry for everybody",
                ));
            }
        });
    }
    findings
}

fn each_line(repository: &Repository, file: &str, mut look: impl FnMut(usize, &str)) {
    for (index, line) in repository
        .text(file)
        .unwrap_or_default()
        .lines()
        .enumerate()
    {
        look(index + 1, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::planted;

    #[test]
    fn a_lock_file_written_behind_another_registry_is_found() {
        let cargo = "[[package]]\nsource = \"registry+https://crates.example/index\"\n";
        let npm = "{\n  \"resolved\": \"https://npm.example/a.tgz\",\n  \"resolved\": \"https://registry.npmjs.org/b.tgz\"\n}\n";
        let (_kept, repository) = planted(&[("Cargo.lock", cargo), ("web/package-lock.json", npm)]);
        let findings: Vec<String> = elsewhere(&repository)
            .iter()
            .map(Finding::to_string)
            .collect();
        assert_eq!(
            findings,
            [
                "Cargo.lock:2: is not from the public registry",
                "web/package-lock.json:2: is not from the public registry",
            ]
        );
    }

    #[test]
    fn a_setting_that_chooses_a_registry_is_found() {
        let (_kept, repository) = planted(&[
            (".cargo/config.toml", "[alias]\n[source.crates-io]\n"),
            (
                "web/.npmrc",
                "save-exact=true\nregistry=https://npm.example/\n",
            ),
        ]);
        assert_eq!(elsewhere(&repository).len(), 2);
    }
}
