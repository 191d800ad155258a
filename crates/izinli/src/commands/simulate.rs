//! `izinli simulate …`

use anyhow::Context;

use crate::cli::Simulate;
use crate::output::Exit;

/// Runs a simulator until it is stopped.
pub(crate) async fn run(args: &Simulate) -> anyhow::Result<Exit> {
    let kind = args
        .kind
        .parse::<simulators::Kind>()
        .with_context(|| format!("kinds: {}", simulators::Kind::words()))?;
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
pub(crate) async fn parent_gone() {
    let (gone, told) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: reading standard input cannot be cancelled.
    std::thread::spawn(move || {
        use std::io::Read as _;
        let mut sink = [0_u8; 64];
        while matches!(std::io::stdin().read(&mut sink), Ok(count) if count > 0) {}
        drop(gone);
    });
    drop(told.await);
}
