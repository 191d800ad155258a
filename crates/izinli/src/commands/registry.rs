//! `izinli registry …`

mod compare;
mod drift;
mod mode;
mod partner;
mod push_address;
mod retailers;
mod via;

use std::sync::Arc;

use engine::Engine;
use serde_json::json;
use store::brands::Brand;

use crate::cli::{BrandArg, Cli, Registry};
use crate::output::{Exit, Output};
use crate::session::Session;

/// Shows the connection to İYS, pulls changes, works the queue, asks about
/// everybody, changes the mode.
pub(crate) async fn run(cli: &Cli, command: &Registry, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    let engine = session.engine()?;
    match command {
        Registry::Status(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            status(&engine, &brand, out).await
        }
        Registry::Pull(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            engine.resume_registry(brand.firm, brand.id).await?;
            engine.pull(&brand).await?;
            status(&engine, &brand, out).await
        }
        Registry::Push(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            let guard = engine.announce().await?;
            engine.resume_registry(brand.firm, brand.id).await?;
            while engine.push_brand(brand.id).await? == engine::Step::Did {}
            drop(guard);
            status(&engine, &brand, out).await
        }
        Registry::Compare(args) => {
            let brand = session.brand(&args.brand).await?;
            compare::run(&engine, &brand, args, out).await
        }
        Registry::Drift(args) => {
            let brand = session.brand(&args.brand).await?;
            drift::run(&engine, &brand, args, out).await
        }
        Registry::PushAddress(args) => {
            let brand = session.brand(&args.brand).await?;
            push_address::run(&engine, &brand, args, out).await
        }
        Registry::Via(command) => via::run(&session, &engine, command, out).await,
        Registry::Partner(command) => partner::run(&session, &engine, command, out).await,
        Registry::Retailers(command) => retailers::run(&session, &engine, command, out).await,
        Registry::Mode(args) => {
            let brand = session.brand(&args.brand).await?;
            mode::run(&engine, &brand, args, out).await
        }
    }
}

async fn status(engine: &Arc<Engine>, brand: &Brand, out: Output) -> anyhow::Result<Exit> {
    let overview = engine.registry_overview(brand.firm, brand.id).await?;
    let feed = &overview.brand.feed;
    let value = json!({
        "brand": brand.id, "mode": brand.mode, "is_configured": overview.is_configured,
        "queue": overview.queue, "verdicts": overview.verdicts, "pulled_at": overview.pulled_at,
        "complete_at": feed.complete_at, "is_lost": feed.is_lost(engine.now()),
        "gap": overview.gap, "comparison": overview.sweep, "strangers": overview.strangers,
        "unreadable": overview.unreadable,
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
        if let Some(complete) = feed.complete_at {
            println!(
                "{}: {}",
                out.pick("değişiklikler tam okundu", "changes read to their end"),
                complete.to_turkish_text()
            );
        }
        if let Some(gap) = overview.gap.as_ref().filter(|gap| gap.closed_at.is_none()) {
            println!(
                "{} {}",
                out.pick(
                    "UYARI: değişiklikler okunamıyor, son:",
                    "ALARM: changes unread since"
                ),
                gap.began_at.to_turkish_text()
            );
        }
        if let Some(sweep) = &overview.sweep {
            println!("{}", compare::line(sweep, out));
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
