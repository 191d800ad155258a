//! `izinli registry …`

use serde_json::json;

use crate::cli::{Cli, Registry};
use crate::output::{Exit, Output};
use crate::session::Session;

/// Shows the connection to İYS, pulls changes, works the queue.
pub(crate) async fn run(cli: &Cli, command: &Registry, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    let engine = session.engine()?;
    let (Registry::Status(args) | Registry::Pull(args) | Registry::Push(args)) = command;
    let brand = session.brand(&args.brand).await?;
    match command {
        Registry::Status(_) => {}
        Registry::Pull(_) => drop(engine.pull(&brand).await?),
        Registry::Push(_) => {
            let guard = engine.announce().await?;
            while engine.push_brand(brand.id).await? == engine::Step::Did {}
            drop(guard);
        }
    }
    let overview = engine.registry_overview(brand.firm, brand.id).await?;
    let value = json!({
        "brand": brand.id, "mode": brand.mode, "is_configured": overview.is_configured,
        "queue": overview.queue, "verdicts": overview.verdicts, "pulled_at": overview.pulled_at,
    });
    out.show(&value, |_| {
        let queue = &overview.queue;
        println!("{}  {}", brand.name, brand.mode);
        println!(
            "{}: {}   {}: {}   {}: {}   {}: {}",
            out.pick("sırada", "pending"),
            queue.pending,
            out.pick("soruluyor", "under way"),
            queue.in_flight,
            out.pick("sonuç bekliyor", "awaiting results"),
            queue.waiting,
            out.pick("duruyor", "resting"),
            queue.parked,
        );
        if let Some(error) = &queue.last_error {
            println!("  {error}");
        }
        for count in &overview.verdicts {
            println!(
                "  {} {} {:<14} {:>9}",
                count.channel, count.kind, count.verdict, count.count
            );
        }
    })?;
    Ok(Exit::Done)
}
