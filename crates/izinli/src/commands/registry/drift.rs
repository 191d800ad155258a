//! `izinli registry drift`: days held against İYS's daily file.

use std::sync::Arc;

use anyhow::Context as _;
use engine::Engine;
use engine::registry::agreement::{date_of, day_of_date};
use serde_json::json;
use store::brands::Brand;
use store::registry_days::{DayState, RegistryDay};

use crate::cli::RegistryDrift;
use crate::output::{Exit, Output};
use crate::session::ACTOR;

/// Days that are listed.
const DAYS: usize = 60;
/// People that are printed.
const ROWS: usize = 100;

pub(super) async fn run(
    engine: &Arc<Engine>,
    brand: &Brand,
    args: &RegistryDrift,
    out: Output,
) -> anyhow::Result<Exit> {
    let Some(day) = &args.day else {
        let mut reader = engine.store().read().await?;
        let days = reader.registry_days(brand.id, DAYS).await?;
        out.show(&days, |days| {
            for day in days {
                println!("{}", line(day));
            }
        })?;
        return Ok(Exit::Done);
    };
    let number =
        day_of_date(day).with_context(|| format!("`{day}` is not a day such as 2026-03-02"))?;
    let seen = if args.confirm {
        engine
            .confirm_day(brand.firm, brand.id, number, ACTOR)
            .await?
    } else {
        engine
            .compare_day_now(brand.firm, brand.id, number, ACTOR)
            .await?
    };
    let people = engine
        .store()
        .read()
        .await?
        .drift_rows(brand.id, number, 0, ROWS)
        .await?;
    let people: Vec<_> = people.into_iter().map(|(_, row)| row).collect();
    out.show(&json!({ "day": seen, "people": people }), |_| {
        println!("{}", line(&seen));
        for row in &people {
            println!(
                "  {:<15} {:<18} {:<9} {:<6} {} {}   {} {}",
                row.cause.as_str(),
                row.address,
                row.kind,
                row.channel,
                out.pick("İYS:", "İYS:"),
                row.theirs.as_deref().unwrap_or("—"),
                out.pick("biz:", "ours:"),
                row.ours.as_deref().unwrap_or("—"),
            );
        }
    })?;
    Ok(match seen.state {
        DayState::Matches | DayState::Confirmed | DayState::Empty => Exit::Done,
        _ => Exit::Mismatch,
    })
}

fn line(day: &RegistryDay) -> String {
    let rows = day.file.as_ref().map_or(0, |file| file.rows);
    format!(
        "{}  {:<9} {rows:>9}  Δ {}  {}",
        date_of(day.day),
        day.state.as_str(),
        day.differences.unwrap_or(0),
        day.problem.as_deref().unwrap_or_default(),
    )
}
