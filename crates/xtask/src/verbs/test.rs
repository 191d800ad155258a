//! `cargo xtask test`: exactly what CI runs.

use std::hash::{BuildHasher as _, RandomState};

use anyhow::{Context, Result};

use crate::packages::{self, Machine, Need};
use crate::postgres::{Cluster, Durability};
use crate::run::{Run, succeed};
use crate::steps::Steps;
use crate::web;

/// The word among the filters that stands for the browser test.
const BROWSER: &str = "browser";

/// How long each reader of files is given bytes that nobody wrote; two at a time
/// on two cores.
const FUZZ_SECONDS: u64 = 5;

pub(crate) fn perform(run: &Run, steps: &mut Steps, filters: &[String]) -> Result<()> {
    let needs = [Need::CCompiler, Need::Node, Need::Postgres, Need::Chromium];
    steps.need("system packages", || packages::ensure(&needs))?;
    let machine = Machine::here();
    let programs = machine
        .postgres_programs()
        .context("the PostgreSQL programs are gone again")?;
    let chromium = machine.chromium().context("Chromium is gone again")?;

    // Cheap and telling first.
    steps.attempt("formatting", || {
        succeed(&mut run.cargo(&["fmt", "--all", "--check"]))
    });
    web::install_and_build(run, steps)?;
    steps.attempt("panel: unit tests", || web::script(run, "test"));

    // One build for everything below, so that its time stands alone in the table
    // and nothing is compiled twice.
    steps.need("build everything", || {
        succeed(&mut run.cargo(&["build", "--workspace", "--all-targets", "--timings"]))
    })?;
    let (browser, names): (Vec<&String>, Vec<&String>) =
        filters.iter().partition(|filter| *filter == BROWSER);
    if filters.is_empty() || !names.is_empty() {
        let cluster = steps.need("private PostgreSQL", || {
            Cluster::start(run, &programs, Durability::ProcessCrash)
        })?;
        steps.attempt("Rust tests", || {
            let mut cargo = run.cargo(&["test", "--workspace", "--no-fail-fast", "--"]);
            cargo
                .args(names)
                .env("IZINLI_BIN", run.built("izinli"))
                .env("IZINLI_CHROMIUM", &chromium)
                .env("IZINLI_TEST_POSTGRES_URL", cluster.url())
                .env("RUST_BACKTRACE", "1");
            succeed(&mut cargo)
        });
        steps.attempt("stop PostgreSQL", || {
            drop(cluster);
            Ok(())
        });
    }
    if filters.is_empty() {
        steps.attempt("fuzzing of the readers", || fuzz(run));
    }
    if filters.is_empty() || !browser.is_empty() {
        steps.attempt("browser test", || {
            web::browser_test(run, &chromium, &run.scratch().join("screens"))
        });
    }
    Ok(())
}

/// Changes of the corpus that no run before had; the seed is shown, and named in a failure.
fn fuzz(run: &Run) -> Result<()> {
    let seed = RandomState::new().hash_one(std::process::id());
    eprintln!("   IZINLI_FUZZ_SECONDS={FUZZ_SECONDS} IZINLI_FUZZ_SEED={seed}");
    // The whole workspace, so that nothing is built anew with other features.
    let mut cargo = run.cargo(&["test", "--workspace", "--test=fuzz"]);
    cargo
        .env("IZINLI_FUZZ_SECONDS", FUZZ_SECONDS.to_string())
        .env("IZINLI_FUZZ_SEED", seed.to_string())
        .env("RUST_BACKTRACE", "1");
    succeed(&mut cargo)
}
