//! `kill -9` while records are pushed to İYS and their results are asked for:
//! everything is recorded once, and İYS's own file of the day says so. The seed
//! is printed; `IZINLI_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simulators::iys::Population;
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, World, confirmed, each_database, job, people_in, until,
};

const ROWS: u64 = 300;
const KILLS_LEAST: usize = 10;
/// How long after a start the next kill comes.
const DELAY_MS: std::ops::RangeInclusive<u64> = 30..=500;

#[tokio::test(flavor = "multi_thread")]
async fn records_pushed_through_ten_kills_are_at_iys_once_and_no_more() -> Result<()> {
    let given = std::env::var("IZINLI_SEED").ok();
    let seed = given.and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    eprintln!("IZINLI_SEED={seed}");
    let settings = [
        ("IZINLI__REGISTRY__CALLS_PER_SECOND", "0"),
        ("IZINLI__REGISTRY__SINGLE_PER_HOUR", "0"),
        ("IZINLI__REGISTRY__CONCURRENCY", "2"),
        // Many small lists: a kill then falls into every part of the way.
        ("IZINLI__UPLOADS__SLICE_RECORDS", "20"),
    ];
    let setup = Setup {
        settings: settings
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        ..Setup::default()
    };
    each_database(setup, async |world| killed(world, seed).await).await
}

async fn killed(world: &mut World, seed: u64) -> Result<()> {
    let mut dice = StdRng::seed_from_u64(seed);
    // İYS takes its time after it has accepted: that is when a kill hurts.
    let slow = json!({ "kind": "delay", "delay_ms": 60, "after_accept": true, "path_prefix": "/" });
    world.simulators.iys("faults", &slow).await?;
    // Nobody is known there, so every consent must be recorded.
    let rule = Population::new(0, 0);
    world.simulators.iys("population", &json!(rule)).await?;
    let brand = world.brand(Mode::Integrator, IYS_CODE + 7).await?;
    let mut kills = 0;
    let mut expected = BTreeSet::new();
    let mut uploads = Vec::new();
    for number in 0.. {
        if kills >= KILLS_LEAST {
            break;
        }
        let tag = format!("Liste {number}");
        let file = job::generated(world, ROWS, 0, seed.wrapping_mul(100) + number).await?;
        let people = people_in(world, &file, &brand).await?;
        expected.extend(confirmed(&people, brand.mode, &rule));
        let client = world.client.persistent();
        let id = job::applied(&client, &file, &job::push(&brand, &tag)).await?;
        // Once they are enough it may come to its end: a list that takes longer than
        // the time between two kills would never get there.
        while kills < KILLS_LEAST && is_open(world, &id).await? {
            tokio::time::sleep(Duration::from_millis(dice.random_range(DELAY_MS))).await;
            world.kill().await?;
            kills += 1;
            world.spawn()?;
            world.ready().await?;
        }
        uploads.push(id);
    }
    eprintln!("{}: {kills} kills", world.database);
    for id in &uploads {
        until("the end of a killed push", async || {
            Ok((!is_open(world, id).await?).then_some(()))
        })
        .await?;
    }
    at_iys_once(world, &brand, &expected).await
}

async fn is_open(world: &World, upload: &str) -> Result<bool> {
    let seen = world
        .client
        .persistent()
        .get(&format!("/uploads/{upload}"))
        .await?;
    let parts = ["pending", "in_flight", "waiting", "parked"];
    let open = parts.map(|part| seen["registry"][part].as_i64().unwrap_or(0));
    Ok(open.iter().sum::<i64>() > 0)
}

/// Every consent stands at İYS by exactly one movement, and here as confirmed.
async fn at_iys_once(world: &World, brand: &Brand, expected: &BTreeSet<String>) -> Result<()> {
    let mut movements: BTreeMap<String, usize> = BTreeMap::new();
    for row in world.simulators.recorded().await? {
        let key = format!("{} {}", text(&row, "recipient")?, text(&row, "type")?);
        *movements.entry(key).or_default() += 1;
    }
    let twice: Vec<_> = movements.iter().filter(|(_, count)| **count > 1).collect();
    ensure!(twice.is_empty(), "recorded more than once: {twice:?}");
    let recorded: BTreeSet<String> = movements
        .keys()
        .filter_map(|key| key.split(' ').next().map(str::to_owned))
        .collect();
    let missing: Vec<_> = expected.difference(&recorded).take(5).collect();
    ensure!(missing.is_empty(), "not at İYS: {missing:?}");
    let stats = world.simulators.iys_stats().await?;
    ensure!(stats["same_second_movements"] == 0, "{stats}");
    until("confirmation of everybody", async || {
        let seen = world.client.get(&format!("/registry/{}", brand.id)).await?;
        let counted = |verdict: &str| -> u64 {
            let counts = seen["verdicts"].as_array().into_iter().flatten();
            counts
                .filter(|count| count["verdict"] == verdict)
                .filter_map(|count| count["count"].as_u64())
                .sum()
        };
        let is_settled = counted("ONAY") == movements.len() as u64 && counted("PENDING") == 0;
        Ok(is_settled.then_some(()))
    })
    .await
}

fn text<'a>(row: &'a Value, field: &str) -> Result<&'a str> {
    row[field]
        .as_str()
        .with_context(|| format!("no {field} in {row}"))
}
