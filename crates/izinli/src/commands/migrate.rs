//! `izinli migrate`

use crate::cli::Cli;
use crate::output::{Exit, Output};
use crate::session::Session;

/// Opening a session brings the database up to date.
pub(crate) async fn run(cli: &Cli, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    session.store.close().await;
    out.line("Veritabanı güncel.", "The database is up to date.");
    Ok(Exit::Done)
}
