//! The program: configuration, wiring, commands.
//!
//! **Never here:** a rule. A command reads its arguments, calls the engine or
//! the store, and prints what came of it.
//!
//! **To add a command:** 1. its arguments in `cli.rs`; 2. a file under
//! `commands/`; 3. its line in [`run`]; 4. a line in the README if people need it.

mod cli;
mod clock;
mod commands;
mod config;
mod logging;
mod output;
mod session;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::output::{Exit, Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Output::of(&cli);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(&cli, out)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("{}: {error:#}", out.pick("hata", "error"));
            Exit::Failed.into()
        }
    }
}

async fn run(cli: &Cli, out: Output) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Serve(args) => commands::serve::run(cli, args).await,
        Command::Migrate => commands::migrate::run(cli, out).await,
        Command::Demo(args) => commands::demo::run(args, out).await,
        Command::Simulate(args) => commands::simulate::run(args).await,
        Command::Firm(command) => commands::firm::run(cli, command, out).await,
        Command::Brand(command) => commands::brand::run(cli, command, out).await,
        Command::User(command) => commands::user::run(cli, command, out).await,
        Command::Apikey(command) => commands::apikey::run(cli, command, out).await,
        Command::Connector(command) => commands::connector::run(cli, command, out).await,
        Command::Attribute(command) => commands::attribute::run(cli, command, out).await,
        Command::Import(args) => commands::import::run(cli, args, out).await,
        Command::Upload(command) => commands::upload::run(cli, command, out).await,
        Command::Campaign(command) => commands::campaign::run(cli, command, out).await,
        Command::Registry(command) => commands::registry::run(cli, command, out).await,
        Command::Ledger(command) => commands::ledger::run(cli, command, out).await,
        Command::Proof(command) => commands::proof::run(cli, command, out).await,
        Command::Evidence(command) => commands::evidence::run(command, out),
        Command::Contact(command) => commands::contact::run(cli, command, out).await,
        Command::Gen(command) => commands::generate::run(command, out),
        Command::Openapi => commands::openapi::run(),
        Command::Bench(args) => commands::bench::run(args, out).await,
    }
}
