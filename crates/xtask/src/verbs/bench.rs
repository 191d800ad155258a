//! `cargo xtask bench`: figures beside their baselines, on a database that
//! really writes to disk.

use anyhow::{Context, Result};

use crate::packages::{self, Machine, Need};
use crate::postgres::{Cluster, Durability};
use crate::run::{Run, succeed};
use crate::steps::Steps;
use crate::web;

/// Where the figures are kept.
const FIGURES: &str = "docs/benchmarks.md";

pub(crate) fn perform(run: &Run, steps: &mut Steps, rows: &[String]) -> Result<()> {
    steps.need("system packages", || {
        packages::ensure(&[Need::CCompiler, Need::Node, Need::Postgres])
    })?;
    web::install_and_build(run, steps)?;
    steps.need("release build", || {
        succeed(&mut run.cargo(&["build", "--release", "--package=izinli"]))
    })?;
    let programs = Machine::here()
        .postgres_programs()
        .context("the PostgreSQL programs are gone again")?;
    let cluster = steps.need("private PostgreSQL", || {
        Cluster::start(run, &programs, Durability::PowerLoss)
    })?;
    steps.need("measuring", || {
        let mut bench = run.command(run.built_for_release("izinli"));
        bench
            .arg("bench")
            .args(rows)
            .args(["--postgres-url", &cluster.url(), "--write", FIGURES]);
        succeed(&mut bench)
    })
}
