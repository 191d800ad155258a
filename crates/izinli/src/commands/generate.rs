//! `izinli gen …`

use std::io::{BufWriter, Write as _};

use anyhow::Context;
use domain::Clock as _;
use intake::generate::{self, Generate};
use serde_json::json;

use crate::cli::Gen;
use crate::clock::ProcessClock;
use crate::output::{Exit, Output};

/// Makes test data.
pub(crate) fn run(command: &Gen, out: Output) -> anyhow::Result<Exit> {
    let Gen::Contacts {
        rows,
        dirty,
        seed,
        out: file,
    } = command;
    let now = ProcessClock::from_environment()?.now();
    let wish = Generate::new(*rows, *dirty, *seed, now);
    let Some(path) = file else {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        generate::contacts(&mut stdout, &wish)?;
        stdout.flush()?;
        return Ok(Exit::Done);
    };
    let target = std::fs::File::create(path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let mut target = BufWriter::new(target);
    let report = generate::contacts(&mut target, &wish)?;
    target.flush()?;
    out.show(&json!({ "file": path, "report": report }), |_| {
        println!("{}: {}", path.display(), rows);
    })?;
    Ok(Exit::Done)
}
