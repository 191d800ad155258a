//! `izinli openapi`

use crate::output::Exit;

/// Prints the document, byte for byte as it is committed.
pub(crate) fn run() -> anyhow::Result<Exit> {
    println!("{}", api::openapi().to_pretty_json()?);
    Ok(Exit::Done)
}
