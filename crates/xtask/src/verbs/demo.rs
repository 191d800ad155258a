//! `cargo xtask demo`: from a fresh clone to a running program with people in it.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use anyhow::{Context, Result};

use super::build_program;
use crate::arguments::DemoOptions;
use crate::packages::{self, Machine, Need};
use crate::postgres::{Cluster, Durability};
use crate::run::Run;
use crate::steps::Steps;
use crate::web;

pub(crate) fn perform(run: &Run, steps: &mut Steps, options: &DemoOptions) -> Result<()> {
    let mut needs = vec![Need::CCompiler, Need::Node];
    if options.on_postgres {
        needs.push(Need::Postgres);
    }
    steps.need("system packages", || packages::ensure(&needs))?;
    web::install_and_build(run, steps)?;
    build_program(run, steps)?;
    let cluster = options
        .on_postgres
        .then(|| {
            steps.need("private PostgreSQL", || {
                let programs = Machine::here()
                    .postgres_programs()
                    .context("the PostgreSQL programs are gone again")?;
                Cluster::start(run, &programs, Durability::PowerLoss)
            })
        })
        .transpose()?;

    let mut demo = run.command(run.built("izinli"));
    demo.arg("demo").args(&options.passed_on);
    demo.stdin(Stdio::inherit());
    if let Some(cluster) = &cluster {
        demo.env("IZINLI__DATABASE__URL", cluster.url());
    }
    eprintln!("{}", steps.table());
    // The program takes our place, so that Ctrl-C and its exit code are its own.
    // The database, if any, stays in the janitor's care until it is gone.
    Err(demo.exec()).context("starting izinli")
}
