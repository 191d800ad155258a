//! `izinli ledger …`

use std::ops::ControlFlow;

use serde_json::json;

use crate::cli::{Cli, Ledger};
use crate::output::{Exit, Output};
use crate::session::Session;

/// Verifies or exports a brand's ledger.
pub(crate) async fn run(cli: &Cli, command: &Ledger, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        Ledger::Verify(args) => {
            let brand = session.brand(&args.brand).await?;
            let found = session
                .store
                .verify_ledger(brand.id, |_| ControlFlow::Continue(()))
                .await?;
            let fault = found.fault.as_ref().map(|fault| format!("{fault:?}"));
            let value = json!({ "blocks": found.blocks, "events": found.events, "fault": fault });
            out.show(&value, |_| match &fault {
                None => println!(
                    "{} {} · {} {}",
                    found.events,
                    out.pick("kayıt doğru", "events agree"),
                    found.blocks,
                    out.pick("blok", "blocks")
                ),
                Some(fault) => println!("{}: {fault}", out.pick("FARK", "DIFFERENCE")),
            })?;
            Ok(if fault.is_none() {
                Exit::Done
            } else {
                Exit::Mismatch
            })
        }
        Ledger::Export(args) => {
            let brand = session.brand(&args.brand).await?;
            export(&session, &brand).await?;
            Ok(Exit::Done)
        }
    }
}

async fn export(session: &Session, brand: &store::brands::Brand) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut after = 0;
    loop {
        let blocks = session
            .store
            .read()
            .await?
            .ledger_blocks(brand.id, after)
            .await?;
        let Some(last) = blocks.last() else {
            return Ok(());
        };
        after = last.block.number;
        let stdout = std::io::stdout();
        let mut stdout = stdout.lock();
        for block in &blocks {
            for event in &block.events {
                let line = json!({
                    "block": block.block.number, "id": event.id, "recipient": event.recipient,
                    "channel": event.key.channel, "kind": event.key.kind, "status": event.status,
                    "consent_date": event.consent_date, "recorded_at": event.recorded_at,
                    "source": event.source, "origin": event.origin, "origin_line": event.origin_line,
                    "evidence": event.evidence, "actor": event.actor,
                });
                writeln!(stdout, "{line}")?;
            }
        }
    }
}
