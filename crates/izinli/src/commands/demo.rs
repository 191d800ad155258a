//! `izinli demo`: the main job once, on simulators, and then the panel.
//!
//! Everything runs as it would for a customer: the simulators are processes of
//! their own, files go in through the programming interface, and what is
//! printed is checked against what the simulators say they received.

mod check;
mod client;
mod job;
mod world;

use std::time::Instant;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::output::{Exit, Output};

/// Runs the main job; with `--once` exits after it.
pub(crate) async fn run(args: &cli::Demo, out: Output) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let cancel = CancellationToken::new();
    super::serve::stop_on_signal(&cancel)?;
    out.line(
        "Simülatörler ve sunucu başlıyor…",
        "Starting simulators and server…",
    );
    let world = world::World::start(args, &cancel).await?;
    let outcome = tokio::select! {
        outcome = job::run(args, &world, out) => outcome,
        () = cancel.cancelled() => anyhow::bail!("stopped before the job was done"),
    }?;
    out.line(
        format!(
            "\nAna iş {:.1} saniyede bitti.",
            began.elapsed().as_secs_f64()
        ),
        format!(
            "\nThe main job took {:.1} seconds.",
            began.elapsed().as_secs_f64()
        ),
    );
    if args.once {
        world.stop(&cancel).await?;
        return Ok(outcome);
    }
    let ready = json!({ "url": world.url, "email": world::EMAIL, "password": world.password });
    if let Some(path) = &args.ready_file {
        std::fs::write(path, ready.to_string())?;
    }
    out.show(&ready, |_| {
        println!("\n{}: {}", out.pick("Panel", "Panel"), world.url);
        println!("{}: {}", out.pick("E-posta", "E-mail"), world::EMAIL);
        println!("{}: {}", out.pick("Parola", "Password"), world.password);
        println!("{}", out.pick("Durdurmak için Ctrl-C.", "Ctrl-C to stop."));
    })?;
    cancel.cancelled().await;
    world.stop(&cancel).await?;
    Ok(outcome)
}
