//! `kill -9` while records are pushed to İYS and their results are asked for,
//! and while changes are pulled: everything is recorded once, and İYS's own file
//! of the day says so. The seed is printed; `IZINLI_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simulators::iys::Population;
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, Upload, World, confirmed, each_database, job, people_in, until,
};

const DAY_S: i64 = 86_400;
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
    let movements = at_iys_once(world, &brand, &expected).await?;
    // The day is over, and İYS's file of it is made.
    world.kill().await?;
    world.simulators.forward(DAY_S);
    world.restart().await?;
    agrees(world, &brand, "2025-06-23", movements).await
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
/// Answers how many there are.
async fn at_iys_once(world: &World, brand: &Brand, expected: &BTreeSet<String>) -> Result<i64> {
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
    .await?;
    Ok(i64::try_from(movements.len())?)
}

fn text<'a>(row: &'a Value, field: &str) -> Result<&'a str> {
    row[field]
        .as_str()
        .with_context(|| format!("no {field} in {row}"))
}

/// People whose citizens move at İYS: four pages of the feed and a bit.
const MOVED: u32 = 3_400;
/// Kills in the middle of a pull, and at most so many lives to get them.
const PULL_KILLS: usize = 5;
const PULL_LIVES_MAX: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_killed_between_its_pages_ends_with_every_movement_once() -> Result<()> {
    let settings = [
        ("IZINLI__REGISTRY__CALLS_PER_SECOND", "0"),
        ("IZINLI__REGISTRY__SINGLE_PER_HOUR", "0"),
    ];
    let setup = Setup {
        settings: settings
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        ..Setup::default()
    };
    each_database(setup, async |world| pulled(world).await).await
}

async fn pulled(world: &mut World) -> Result<()> {
    let mut dice = StdRng::seed_from_u64(u64::from(MOVED));
    let brand = world.brand(Mode::Sync, IYS_CODE + 8).await?;
    let file = world.write("herkes.csv", everybody())?;
    let upload = Upload {
        file_name: "herkes.csv".into(),
        meta: json!({ "brand_id": brand.id, "name": "Herkes", "action": "local",
                      "default_recipient_kind": "BIREYSEL" }),
    };
    job::applied(&world.client, &file, &upload).await?;
    // The feed of the brand is read while it is empty, and rests from then on.
    world
        .client
        .post(&format!("/registry/{}/pull", brand.id), &json!({}))
        .await?;
    world.kill().await?;
    moved(world, &brand).await?;
    // Each page takes its time, so that a kill falls between two of them.
    let path = format!("/sps/{IYS_CODE}/brands/{}/consents/changes", brand.code);
    let slow =
        json!({ "kind": "delay", "delay_ms": 150, "after_accept": true, "path_prefix": path });
    world.simulators.iys("faults", &slow).await?;
    world.simulators.forward(31 * 60);
    let (mut kills, mut seen) = (0, 0);
    for life in 0.. {
        world.restart().await?;
        if seen >= i64::from(MOVED) || kills >= PULL_KILLS {
            break;
        }
        ensure!(
            life < PULL_LIVES_MAX,
            "the pull does not get on: {seen} movements"
        );
        if life % 2 == 0 {
            // As soon as a page more is in: the next one is under way.
            let before = seen;
            seen = until("a page of the feed", async || {
                let now = told(world, &brand).await?;
                Ok((now > before).then_some(now))
            })
            .await?;
        } else {
            tokio::time::sleep(Duration::from_millis(dice.random_range(DELAY_MS))).await;
        }
        world.kill().await?;
        kills += usize::from(seen < i64::from(MOVED));
    }
    eprintln!("{}: {kills} kills in the middle of a pull", world.database);
    ensure!(kills > 0, "no kill fell into the pull");
    until("the end of the killed pull", async || {
        Ok((told(world, &brand).await? == i64::from(MOVED)).then_some(()))
    })
    .await?;
    agrees(world, &brand, "2025-06-22", i64::from(MOVED)).await?;
    let recorded = world.simulators.recorded().await?;
    ensure!(recorded.is_empty(), "nothing goes to İYS: {recorded:?}");
    world
        .program
        .json(["ledger", "verify", "--brand", &brand.id])
        .await?;
    Ok(())
}

fn phone(number: u32) -> String {
    format!("+90532{:07}", 1_000_000 + number)
}

fn everybody() -> String {
    let head = "Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı\n".to_owned();
    let rows = (0..MOVED).map(|n| format!("{};Onay;20.06.2025 14:05;Mesaj;HS_WEB\n", phone(n)));
    std::iter::once(head).chain(rows).collect()
}

/// Every citizen moves the day before: one in three refuses.
async fn moved(world: &World, brand: &Brand) -> Result<()> {
    let records: Vec<Value> = (0..MOVED)
        .map(|n| {
            let status = if n % 3 == 0 { "RET" } else { "ONAY" };
            let (minutes, seconds) = (n / 60, n % 60);
            let date = format!(
                "2025-06-22 {:02}:{:02}:{seconds:02}",
                9 + minutes / 60,
                minutes % 60
            );
            json!({ "iysCode": IYS_CODE, "brandCode": brand.code, "recipient": phone(n),
                    "recipientType": "BIREYSEL", "type": "MESAJ", "status": status,
                    "source": "IYS_WEB", "consentDate": date })
        })
        .collect();
    for some in records.chunks(1_000) {
        world
            .simulators
            .iys("state", &json!({ "records": some }))
            .await?;
    }
    Ok(())
}

/// People of whom İYS has told.
async fn told(world: &World, brand: &Brand) -> Result<i64> {
    let seen = world.client.get(&format!("/registry/{}", brand.id)).await?;
    let counts = seen["verdicts"].as_array().into_iter().flatten();
    let told = counts.filter(|count| ["ONAY", "RET"].iter().any(|word| count["verdict"] == *word));
    Ok(told.filter_map(|count| count["count"].as_i64()).sum())
}

/// İYS's file of the day and our own journal hold the same movements.
async fn agrees(world: &World, brand: &Brand, day: &str, rows: i64) -> Result<()> {
    let path = format!("/registry/{}/drift/{day}", brand.id);
    let compared = world.client.post(&path, &json!({})).await?;
    let day = &compared["day"];
    ensure!(
        day["differences"] == 0 && day["state"] == "matches" && day["rows"] == rows,
        "{compared}"
    );
    Ok(())
}
