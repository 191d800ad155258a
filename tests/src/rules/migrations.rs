//! Both databases grow by the same steps.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::Repository;

const SQLITE: &str = "migrations/sqlite/";
const POSTGRES: &str = "migrations/postgres/";

/// The folders hold files of the same names, each number once.
pub fn uneven(repository: &Repository) -> Vec<Finding> {
    let sqlite = names(repository, SQLITE);
    let postgres = names(repository, POSTGRES);
    let mut findings = Vec::new();
    if sqlite.is_empty() {
        findings.push(Finding::about(SQLITE, "holds no migration"));
    }
    for name in sqlite.symmetric_difference(&postgres) {
        let lacking = if sqlite.contains(name) {
            POSTGRES
        } else {
            SQLITE
        };
        findings.push(Finding::about(lacking, format!("lacks {name}")));
    }
    let mut by_number: BTreeMap<&str, &str> = BTreeMap::new();
    for name in sqlite.union(&postgres) {
        let Some((number, _)) = name.split_once('_') else {
            findings.push(Finding::about(*name, "is not named <number>_<what>.sql"));
            continue;
        };
        if let Some(other) = by_number.insert(number, name) {
            findings.push(Finding::about(*name, format!("has the number of {other}")));
        }
    }
    findings
}

/// Every migration is part of the program: the folder is embedded whole, or the
/// file by its name.
pub fn not_embedded(repository: &Repository) -> Vec<Finding> {
    let store: Vec<String> = repository
        .of_kind("rs")
        .filter(|file| file.starts_with("crates/store/"))
        .filter_map(|file| repository.text(file))
        .collect();
    let says = |text: &str| store.iter().any(|source| source.contains(text));
    let mut findings = Vec::new();
    for folder in [SQLITE, POSTGRES] {
        let whole = format!("{}\"", folder.trim_end_matches('/'));
        if says("migrate!(") && says(&whole) {
            continue;
        }
        for name in names(repository, folder) {
            if !says(&format!("{folder}{name}")) {
                let file = format!("{folder}{name}");
                findings.push(Finding::about(file, "is not embedded by the store"));
            }
        }
    }
    findings
}

fn names<'a>(repository: &'a Repository, folder: &'a str) -> BTreeSet<&'a str> {
    repository
        .of_kind("sql")
        .filter_map(|file| file.strip_prefix(folder))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::planted;

    #[test]
    fn a_migration_for_one_database_only_is_found() {
        let (_kept, repository) = planted(&[
            ("migrations/sqlite/0001_firms.sql", ""),
            ("migrations/sqlite/0002_brands.sql", ""),
            ("migrations/postgres/0001_firms.sql", ""),
        ]);
        let findings = uneven(&repository);
        assert_eq!(
            findings,
            [Finding::about(POSTGRES, "lacks 0002_brands.sql")]
        );
    }

    #[test]
    fn two_migrations_of_one_number_are_found() {
        let both = [SQLITE, POSTGRES].map(|folder| {
            [
                format!("{folder}0001_firms.sql"),
                format!("{folder}0001_users.sql"),
            ]
        });
        let files: Vec<(&str, &str)> = both
            .as_flattened()
            .iter()
            .map(|f| (f.as_str(), ""))
            .collect();
        let (_kept, repository) = planted(&files);
        assert_eq!(uneven(&repository).len(), 1);
    }

    #[test]
    fn no_migration_at_all_is_found() {
        let (_kept, repository) = planted(&[("README.md", "")]);
        assert_eq!(uneven(&repository).len(), 1);
    }

    #[test]
    fn a_migration_the_program_does_not_carry_is_found() {
        let files = [
            ("migrations/sqlite/0001_firms.sql", ""),
            ("migrations/postgres/0001_firms.sql", ""),
        ];
        let by_name = r#"include_str!("../../../migrations/sqlite/0001_firms.sql")"#;
        let (_kept, repository) =
            planted(&[&files[..], &[("crates/store/src/db.rs", by_name)]].concat());
        let findings = not_embedded(&repository);
        assert_eq!(findings.len(), 1, "{findings:?}");

        let whole = r#"migrate!("../../migrations/sqlite") migrate!("../../migrations/postgres")"#;
        let (_kept, repository) =
            planted(&[&files[..], &[("crates/store/src/db.rs", whole)]].concat());
        assert_eq!(not_embedded(&repository), []);
    }
}
