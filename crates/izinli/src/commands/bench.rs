//! `izinli bench`: the main job measured beside its baselines.
//!
//! Every row is a ratio of two figures of one run on one machine, printed
//! against its target, met or not. Our side runs in a process of its own, so
//! that its peak memory is that of this work alone; baselines are the plainest
//! program that does the comparable part.
//!
//! **Start reading** at [`pipeline`]: the way of one database through all rows.
//! **To add a row:** measure it there, beside its baseline, and hand both to
//! [`table::Table::add`].

mod bare;
mod child;
mod feed;
mod file;
mod ground;
mod lines;
mod panel;
mod pipeline;
mod plain_sql;
mod provider;
mod receipts;
mod smtp;
mod table;
mod work;

use crate::cli;
use crate::output::{Exit, Output};

/// The rows that can be asked for by name.
const ROWS: [&str; 12] = [
    "import", "judge", "panel", "launch", "dispatch", "smtp", "receipts", "registry", "ledger",
    "pull", "drift", "limiter",
];

/// Measures the rows asked for, on SQLite and on the server named.
pub(crate) async fn run(args: &cli::Bench, out: Output) -> anyhow::Result<Exit> {
    if let Ok(order) = std::env::var(child::ORDER) {
        return child::obey(&order).await;
    }
    if let Some(unknown) = args.rows.iter().find(|row| !ROWS.contains(&row.as_str())) {
        anyhow::bail!(
            "there is no row `{unknown}`; there are: {}",
            ROWS.join(", ")
        );
    }
    let mut table = table::Table::new(out, args.size, args.write.clone());
    let wish = pipeline::Wish {
        rows: args.rows.clone(),
        size: args.size,
    };
    let mut surroundings = ground::Surroundings::start(args.size).await?;
    table.begin();
    if wish.has("judge") {
        file::judging(&surroundings, &mut table).await?;
    }
    let mut failed = false;
    let servers = std::iter::once(None).chain(args.postgres_url.as_deref().map(Some));
    for server in servers {
        if server.is_some() {
            // İYS keeps what citizens told it meanwhile: everybody is asked about anew.
            surroundings = ground::Surroundings::start(args.size).await?;
        }
        if let Err(error) = pipeline::run(&wish, &surroundings, server, &mut table).await {
            // What was measured stays; the rest is missing and said to be.
            eprintln!("{}: {error:#}", server.map_or("SQLite", |_| "PostgreSQL"));
            failed = true;
        }
    }
    table.finish()?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}
