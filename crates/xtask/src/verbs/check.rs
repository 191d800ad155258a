//! `cargo xtask check`: what should be true before every commit and costs little.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{api_document, build_program};
use crate::packages::{self, Need};
use crate::run::{Run, succeed};
use crate::steps::Steps;
use crate::web::{self, API_DOCUMENT, TYPED_CLIENT};

pub(crate) fn perform(run: &Run, steps: &mut Steps) -> Result<()> {
    steps.need("system packages", || {
        packages::ensure(&[Need::CCompiler, Need::Node])
    })?;
    steps.attempt("formatting", || {
        succeed(&mut run.cargo(&["fmt", "--all", "--check"]))
    });
    steps.attempt("repository rules", || {
        succeed(&mut run.cargo(&[
            "test",
            "--package=system-tests",
            "--test=tidy",
            "--test=arrows",
            "--test=fixtures",
        ]))
    });
    steps.need("panel: packages", || web::install(run))?;
    steps.attempt("panel: lint", || web::script(run, "lint"));
    steps.need("panel: build", || web::build(run))?;
    steps.attempt("lints", || {
        succeed(&mut run.cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny=warnings",
        ]))
    });
    build_program(run, steps)?;
    steps.attempt("API document", || document_is_current(run));
    Ok(())
}

/// The committed API document and typed client are what this code would write.
fn document_is_current(run: &Run) -> Result<()> {
    let scratch = run.scratch();
    fs::create_dir_all(&scratch).context("making the scratch directory")?;
    let document = scratch.join("openapi.json");
    let client = scratch.join("schema.d.ts");
    fs::write(&document, api_document(run)?).context("writing the API document aside")?;
    web::generate_client(run, &document, &client)?;
    same(&document, &run.root().join(API_DOCUMENT))?;
    same(&client, &run.root().join(TYPED_CLIENT))
}

fn same(fresh: &Path, committed: &Path) -> Result<()> {
    let fresh = fs::read(fresh).with_context(|| format!("reading {}", fresh.display()))?;
    if fs::read(committed).is_ok_and(|text| text == fresh) {
        return Ok(());
    }
    bail!(
        "{} is not what this code would write; run `cargo xtask openapi` and commit it",
        committed.display()
    )
}
