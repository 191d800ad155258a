//! `cargo xtask`: the one front door of the repository.
//!
//! **What it is for.** A person with a fresh clone, Rust and Node types one of
//! a few verbs and gets the whole thing: the demo, every test, the figures.
//! What is missing on the machine is installed where that is allowed, and named
//! where it is not.
//!
//! **What it must never do.** It never leaves a process or a directory behind
//! (see [`janitor`]), never talks to a database it did not start itself, and
//! never grows a dependency tree: it is compiled before anything else, so
//! `anyhow` is all it may use.
//!
//! **Where to start reading.** [`arguments`] lists the verbs, `verbs/` has one
//! file for each, [`steps`] names and times what they do.
//!
//! **To add a verb:** 1. add it to [`arguments::Verb`] and its usage text;
//! 2. write `verbs/<verb>.rs` as a list of steps; 3. call it from [`perform`];
//! 4. list its steps in `CONTRIBUTING.md`. More than ten verbs is too many.

mod arguments;
mod install;
mod janitor;
mod packages;
mod postgres;
mod run;
mod steps;
mod verbs;
mod web;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::{Invocation, USAGE, Verb};
use crate::run::Run;
use crate::steps::Steps;

fn main() -> ExitCode {
    match arguments::parse(std::env::args().skip(1)) {
        Ok(Invocation::Help) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Invocation::Janitor { owner }) => {
            janitor::watch(owner);
            ExitCode::SUCCESS
        }
        Ok(Invocation::Verb(verb)) => start(&verb),
        Err(mistake) => {
            eprintln!("xtask: {mistake}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Runs one verb to its end and says where the time went, also when it failed.
fn start(verb: &Verb) -> ExitCode {
    let mut steps = Steps::new();
    let outcome = Run::here()
        .and_then(|run| {
            janitor::hire()?;
            postgres::sweep(&run);
            Ok(run)
        })
        .and_then(|run| perform(verb, &run, &mut steps));

    eprint!("{}", steps.table());
    match outcome.and_then(|()| steps.verdict()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(verb: &Verb, run: &Run, steps: &mut Steps) -> Result<()> {
    match verb {
        Verb::Demo(options) => verbs::demo::perform(run, steps, options),
        Verb::Test { filters } => verbs::test::perform(run, steps, filters),
        Verb::Check => verbs::check::perform(run, steps),
        Verb::Bench { rows } => verbs::bench::perform(run, steps, rows),
        Verb::Web => verbs::web::perform(run, steps),
        Verb::Openapi => verbs::openapi::perform(run, steps),
        Verb::Screens => verbs::screens::perform(run, steps),
    }
}
