//! `izinli registry compare`: everybody of a brand is asked about at İYS.

use std::sync::Arc;

use anyhow::Context as _;
use engine::registry::sweep::SweepWish;
use engine::{Engine, Step};
use store::brands::Brand;
use store::registry_sweep::{Sweep, SweepPurpose, SweepState};

use crate::cli::RegistryCompare;
use crate::output::{Exit, Output};
use crate::session::ACTOR;

/// Pause between looks while others have calls under way.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(500);

pub(super) async fn run(
    engine: &Arc<Engine>,
    brand: &Brand,
    args: &RegistryCompare,
    out: Output,
) -> anyhow::Result<Exit> {
    let mut sweep = match args.turn.as_deref() {
        Some(turn) => {
            let wish = match turn {
                "pause" => SweepWish::Pause,
                "resume" => SweepWish::Resume,
                _ => SweepWish::Stop,
            };
            engine
                .change_sweep(brand.firm, brand.id, wish, ACTOR)
                .await?
        }
        None => {
            engine
                .begin_sweep(
                    brand.firm,
                    brand.id,
                    SweepPurpose::Asked,
                    args.rest_in_business_hours,
                    ACTOR,
                )
                .await?
        }
    };
    if args.wait {
        sweep = finished(engine, brand, out).await?;
    }
    out.show(&sweep, |sweep| println!("{}", line(sweep, out)))?;
    Ok(Exit::Done)
}

/// Works the queue until the sweep has ended, telling how far it is.
async fn finished(engine: &Arc<Engine>, brand: &Brand, out: Output) -> anyhow::Result<Sweep> {
    let guard = engine.announce().await?;
    let mut told = -1;
    loop {
        let step = engine.step_registry().await?;
        let sweep = engine.store().read().await?.last_sweep(brand.id).await?;
        let sweep = sweep.context("the comparison is gone")?;
        if !matches!(sweep.state, SweepState::Running | SweepState::Queued) {
            drop(guard);
            return Ok(sweep);
        }
        if !out.is_json() && sweep.asked != told {
            told = sweep.asked;
            eprintln!("{}", line(&sweep, out));
        }
        if step == Step::Idle {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// One line about a sweep.
pub(super) fn line(sweep: &Sweep, out: Output) -> String {
    let purpose = match sweep.purpose {
        SweepPurpose::FirstLoad => out.pick("ilk yükleme", "first load"),
        SweepPurpose::Gap => out.pick("kayıp sonrası karşılaştırma", "comparison after a gap"),
        SweepPurpose::Asked => out.pick("karşılaştırma", "comparison"),
        SweepPurpose::Weekly => out.pick("haftalık karşılaştırma", "weekly comparison"),
    };
    let state = match sweep.state {
        SweepState::Running => out.pick("sürüyor", "running"),
        SweepState::Paused => out.pick("duraklatıldı", "paused"),
        SweepState::Queued => out.pick("yanıtlar bekleniyor", "answers awaited"),
        SweepState::Done => out.pick("bitti", "done"),
        SweepState::Stopped => out.pick("durduruldu", "stopped"),
    };
    format!("{purpose}: {state}  {}/{}", sweep.asked, sweep.total)
}
