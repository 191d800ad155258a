//! The repository as a list of files: what a person wrote, without what is built.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Directories that hold what was made or fetched, at any depth.
const NOT_WRITTEN_HERE: [&str; 5] = ["target", "node_modules", "dist", ".git", "test-results"];

/// A tree of files, named by their paths from its root with `/` between the parts.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
    files: BTreeSet<String>,
}

impl Repository {
    /// The repository this crate lies in.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn here() -> Result<Self> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = package.parent().context("this crate lies in a workspace")?;
        Self::at(root)
    }

    /// The tree under a directory.
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn at(root: &Path) -> Result<Self> {
        let mut files = BTreeSet::new();
        let mut open = vec![root.to_owned()];
        while let Some(directory) = open.pop() {
            let listing = fs::read_dir(&directory)
                .with_context(|| format!("listing {}", directory.display()))?;
            for entry in listing {
                let entry = entry?;
                let name = entry.file_name();
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    if !NOT_WRITTEN_HERE.iter().any(|made| name == *made) {
                        open.push(entry.path());
                    }
                } else {
                    files.insert(relative(root, &entry.path())?);
                }
            }
        }
        Ok(Self {
            root: root.to_owned(),
            files,
        })
    }

    /// All files, in the order of their names.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The files under a directory (`"docs/"`), by their full names.
    pub fn under<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a str> {
        self.files().filter(move |file| file.starts_with(directory))
    }

    /// Whether there is a file of this name, or a directory with files in it.
    pub fn has(&self, path: &str) -> bool {
        let inside = format!("{}/", path.trim_end_matches('/'));
        self.files.contains(path) || self.files().any(|file| file.starts_with(&inside))
    }

    /// The files of a kind (`"rs"`), by their full names.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.files().filter(move |file| kind_of(file) == kind)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn bytes(&self, file: &str) -> Result<Vec<u8>> {
        fs::read(self.root.join(file)).with_context(|| format!("reading {file}"))
    }

    /// A file as text; nothing for one that is not text in UTF-8, or is not there.
    pub fn text(&self, file: &str) -> Option<String> {
        String::from_utf8(self.bytes(file).ok()?).ok()
    }
}

/// What stands after the last dot of a name; empty when there is none.
pub fn kind_of(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, kind)| kind)
}

fn relative(root: &Path, path: &Path) -> Result<String> {
    let inside = path.strip_prefix(root)?;
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    Ok(parts.join("/"))
}

/// A tree made for one test of a rule.
#[cfg(test)]
pub(crate) fn planted(files: &[(&str, &str)]) -> (tempfile::TempDir, Repository) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let repository = Repository::at(directory.path()).unwrap();
    (directory, repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_or_fetched_is_not_part_of_the_repository() {
        let (_kept, repository) = planted(&[
            ("README.md", ""),
            ("docs/plan.md", ""),
            ("target/debug/README.md", ""),
            ("web/node_modules/a/README.md", ""),
        ]);
        let files: Vec<&str> = repository.files().collect();
        assert_eq!(files, ["README.md", "docs/plan.md"]);
        assert!(repository.has("docs"));
        assert!(repository.has("docs/plan.md"));
        assert!(!repository.has("doc"));
    }
}
