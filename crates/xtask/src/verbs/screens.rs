//! `cargo xtask screens`: the browser test once more, with its pictures kept
//! where the README shows them.

use anyhow::{Context, Result};

use super::build_program;
use crate::packages::{self, Machine, Need};
use crate::run::Run;
use crate::steps::Steps;
use crate::web;

pub(crate) fn perform(run: &Run, steps: &mut Steps) -> Result<()> {
    steps.need("system packages", || {
        packages::ensure(&[Need::CCompiler, Need::Node, Need::Chromium])
    })?;
    let chromium = Machine::here()
        .chromium()
        .context("Chromium is gone again")?;
    web::install_and_build(run, steps)?;
    build_program(run, steps)?;
    steps.need("screenshots", || {
        web::browser_test(run, &chromium, &run.root().join("docs/screens"))
    })
}
