//! The panel: installing what it is built from, building it, checking it.
//!
//! The binary embeds `web/dist`, so the panel is built before cargo builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::run::{Run, succeed};
use crate::steps::Steps;

/// The API document the panel's typed client is made from.
pub(crate) const API_DOCUMENT: &str = "web/openapi.json";
/// The typed client: types only, generated, committed.
pub(crate) const TYPED_CLIENT: &str = "web/src/api/schema.d.ts";

/// Installs and builds as two named steps, each doing nothing when nothing changed.
///
/// # Errors
/// When npm fails at either.
pub(crate) fn install_and_build(run: &Run, steps: &mut Steps) -> Result<()> {
    steps.need("panel: packages", || install(run))?;
    steps.need("panel: build", || build(run))
}

/// Installs exactly what the lock file names. Skipped when that is what is there:
/// a copy of the lock file is left beside the packages, because times of files
/// say nothing after a checkout.
///
/// # Errors
/// When npm fails or the lock file cannot be read.
pub(crate) fn install(run: &Run) -> Result<()> {
    let web = run.root().join("web");
    let wanted = fs::read(web.join("package-lock.json")).context("reading package-lock.json")?;
    let receipt = web.join("node_modules/.izinli-installed");
    if fs::read(&receipt).is_ok_and(|installed| installed == wanted) {
        eprintln!("   already installed");
        return Ok(());
    }
    npm(run, &["ci", "--no-audit", "--no-fund"])?;
    fs::write(&receipt, wanted).context("noting what was installed")
}

/// Builds the panel into `web/dist`, if anything it is made from is newer.
///
/// # Errors
/// When the build fails.
pub(crate) fn build(run: &Run) -> Result<()> {
    let web = run.root().join("web");
    let built = fs::metadata(web.join("dist/index.html")).and_then(|page| page.modified());
    if let (Ok(built), Some(changed)) = (built, last_change(&web)?)
        && changed < built
    {
        eprintln!("   already built");
        return Ok(());
    }
    script(run, "build")
}

/// Runs one of the panel's own scripts.
///
/// # Errors
/// When the script fails or there is none of this name.
pub(crate) fn script(run: &Run, name: &str) -> Result<()> {
    npm(run, &["run", name])
}

/// Writes the panel's typed client for an API document.
///
/// # Errors
/// When the generator fails.
pub(crate) fn generate_client(run: &Run, document: &Path, client: &Path) -> Result<()> {
    let generator = run.root().join("web/node_modules/.bin/openapi-typescript");
    succeed(
        run.command(generator)
            .arg(document)
            .arg("--output")
            .arg(client),
    )
}

/// Drives the real program through a real browser and leaves pictures of each screen.
///
/// # Errors
/// When a check in the browser fails.
pub(crate) fn browser_test(run: &Run, chromium: &Path, pictures: &Path) -> Result<()> {
    fs::create_dir_all(pictures).with_context(|| format!("making {}", pictures.display()))?;
    succeed(
        run.command("node")
            .arg("web/e2e/run.mjs")
            .env("IZINLI_BIN", run.built("izinli"))
            .env("IZINLI_CHROMIUM", chromium)
            .env("IZINLI_SCREENS_DIR", pictures),
    )
}

fn npm(run: &Run, words: &[&str]) -> Result<()> {
    succeed(
        run.command("npm")
            .args(words)
            .current_dir(run.root().join("web")),
    )
}

/// The newest time among the files and directories the panel is made from;
/// directories too, so that a removed file counts as a change.
fn last_change(web: &Path) -> Result<Option<SystemTime>> {
    let mut newest = None;
    let mut open = inputs(web)?;
    while let Some(path) = open.pop() {
        let about = fs::symlink_metadata(&path)
            .with_context(|| format!("looking at {}", path.display()))?;
        newest = newest.max(about.modified().ok());
        if about.is_dir() {
            open.extend(entries(&path)?);
        }
    }
    Ok(newest)
}

fn inputs(web: &Path) -> Result<Vec<PathBuf>> {
    const MADE_OR_UNUSED: [&str; 4] = ["node_modules", "dist", "e2e", "test-results"];
    let mut inputs = entries(web)?;
    inputs.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_none_or(|name| !MADE_OR_UNUSED.contains(&name))
    });
    Ok(inputs)
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let listing =
        fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))?;
    listing
        .map(|entry| Ok(entry.context("listing a directory")?.path()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_build_makes_is_not_a_reason_to_build_again() {
        let web = std::env::temp_dir().join(format!("izinli-web-{}", std::process::id()));
        for file in [
            "src/main.tsx",
            "index.html",
            "dist/index.html",
            "node_modules/a/b.js",
        ] {
            let file = web.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let names: Vec<String> = inputs(&web)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert!(names.contains(&"src".to_owned()), "{names:?}");
        assert!(names.contains(&"index.html".to_owned()), "{names:?}");
        assert_eq!(names.len(), 2, "{names:?}");

        let source = fs::metadata(web.join("src/main.tsx"))
            .unwrap()
            .modified()
            .unwrap();
        assert!(last_change(&web).unwrap().unwrap() >= source);
        fs::remove_dir_all(web).unwrap();
    }
}
