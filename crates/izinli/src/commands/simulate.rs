//! `izinli simulate …`

use anyhow::Context;

use crate::cli::Simulate;
use crate::output::Exit;

/// Runs a simulator until it is stopped.
pub async fn run(args: &Simulate) -> anyhow::Result<Exit> {
    let kind = args.kind.parse::<simulators::Kind>().context("kinds: iys, infobip")?;
    let options = simulators::Options {
        clock_start: args.clock_start.clone(),
        no_limits: args.no_limits,
        ..simulators::Options::default()
    };
    let running = simulators::run(kind, args.port, options);
    if args.with_parent {
        tokio::select! {
            outcome = running => outcome?,
            () = parent_gone() => {}
        }
    } else {
        running.await?;
    }
    Ok(Exit::Done)
}

/// Returns when standard input ends, which it does when the parent dies.
async fn parent_gone() {
    use tokio::io::AsyncReadExt as _;
    let mut sink = [0_u8; 64];
    while matches!(tokio::io::stdin().read(&mut sink).await, Ok(count) if count > 0) {}
}
