//! Several workers on one PostgreSQL: one of them is killed while a campaign
//! leaves, and PostgreSQL itself is restarted once. Nobody is messaged twice,
//! nobody is lost, and what is not certain would be listed.
//!
//! The seed is printed; `IZINLI_SEED` repeats a run, `IZINLI_CONTACTS` makes the
//! campaign larger.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simulators::iys::Population;
use system_tests::system::{
    Cluster, IYS_CODE, Mode, PATIENCE, Setup, World, confirmed, job, people_in, phones,
};

const CONTACTS: u64 = 3_000;
const BATCH_SIZE: u64 = 10;
const WORKERS: usize = 3;
const TAG: &str = "Uc calisan";

fn setup() -> Setup {
    let settings = [
        ("IZINLI__DISPATCH__CONCURRENCY", "2"),
        ("IZINLI__REGISTRY__CALLS_PER_SECOND", "0"),
        ("IZINLI__REGISTRY__SINGLE_PER_HOUR", "0"),
    ];
    Setup {
        settings: settings
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_workers_one_killed_and_a_restarted_database_message_everybody_exactly_once()
-> Result<()> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seed =
        number("IZINLI_SEED").unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    let contacts = number("IZINLI_CONTACTS").unwrap_or(CONTACTS);
    eprintln!("IZINLI_SEED={seed} IZINLI_CONTACTS={contacts}");
    let Some(mut cluster) = Cluster::start().await? else {
        return Ok(());
    };
    let mut world = World::over(cluster.url(), &setup()).await?;
    let outcome = killed_and_restarted(&mut world, &mut cluster, seed, contacts).await;
    if outcome.is_err() {
        world.show_log();
    }
    outcome
}

async fn killed_and_restarted(
    world: &mut World,
    cluster: &mut Cluster,
    seed: u64,
    contacts: u64,
) -> Result<()> {
    let rule = Population::new(90, 5);
    world.simulators.iys("population", &json!(rule)).await?;
    let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
    let file = job::generated(world, contacts, 0, seed).await?;
    job::imported(&world.client, &file, &job::push(&brand, TAG)).await?;
    let people = people_in(world, &file, &brand).await?;
    let expected = phones(&confirmed(&people, brand.mode, &rule));
    ensure!(expected.len() > 500, "a file that says nothing");
    world.split(WORKERS).await?;

    // The provider takes its time after it has accepted, and sometimes hangs up
    // then: that is when a kill hurts.
    let path = "/sms/3/messages";
    let slow =
        json!({ "kind": "delay", "delay_ms": 60, "after_accept": true, "path_prefix": path });
    world.simulators.infobip("faults", &slow).await?;
    let hang_up = json!({
        "kind": "drop_after_accept", "path_prefix": path, "method": "POST",
        "probability": 0.05, "seed": seed,
    });
    world.simulators.infobip("faults", &hang_up).await?;
    let mut draft = job::draft(world, &brand, TAG);
    draft["batch_size"] = json!(BATCH_SIZE);
    let campaign = job::campaign(&world.client, &draft).await?;
    world
        .client
        .post(&format!("{campaign}/launch"), &json!({}))
        .await?;

    let mut dice = StdRng::seed_from_u64(seed);
    let part = |percent: usize| expected.len() * percent / 100;
    accepted_at_least(world, part(dice.random_range(10..30))).await?;
    world.kill_worker().await?;
    let at_kill = world.simulators.accepted().await?.len();
    accepted_at_least(world, part(dice.random_range(40..60)).max(at_kill)).await?;
    cluster.restart().await?;
    let at_restart = world.simulators.accepted().await?.len();
    ensure!(
        at_restart < expected.len(),
        "everything had left before PostgreSQL was restarted"
    );
    eprintln!(
        "killed at {at_kill}, restarted at {at_restart} of {}",
        expected.len()
    );

    let report = ended(world, &campaign).await?;
    world.all_live()?;
    job::reconciles(&report)?;
    let accepted = world.simulators.accepted().await?;
    let twice: Vec<_> = accepted.iter().filter(|(_, count)| **count > 1).collect();
    ensure!(twice.is_empty(), "messaged twice: {twice:?}");
    let lost: Vec<_> = expected
        .iter()
        .filter(|phone| !accepted.contains_key(*phone))
        .take(5)
        .collect();
    ensure!(lost.is_empty(), "lost: {lost:?}, {report}");
    ensure!(
        accepted.len() == expected.len(),
        "somebody unexpected was messaged"
    );
    ensure!(
        report["held"]["total"] == 0 && report["sent"] == json!(expected.len()),
        "{report}"
    );
    Ok(())
}

/// Waits until the provider has accepted messages for so many people.
async fn accepted_at_least(world: &World, people: usize) -> Result<()> {
    let waiting = async {
        while world.simulators.accepted().await?.len() < people {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .with_context(|| format!("{people} messages do not leave"))?
}

/// Waits until the campaign has ended; while the database is away nothing answers.
async fn ended(world: &World, campaign: &str) -> Result<Value> {
    let waiting = async {
        loop {
            let seen = world.client.get(&format!("{campaign}/report")).await;
            if let Ok(report) = seen
                && report["campaign"]["state"] == "finished"
                && report["open"] == 0
            {
                return report;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let ended = tokio::time::timeout(PATIENCE * 2, waiting).await;
    match ended {
        Ok(report) => Ok(report),
        Err(_) => {
            let last = world.client.get(&format!("{campaign}/report")).await?;
            anyhow::bail!("the campaign does not end: {last}")
        }
    }
}
