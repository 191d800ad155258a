//! `kill -9` at random points of campaigns that leave over every provider at
//! once, while each provider hangs up on some requests after it has accepted
//! them: nobody is messaged twice, nobody is lost, and who is not certain is
//! listed as uncertain. The judge is the providers' own record. So with one
//! process over SQLite that is killed again and again, and with three workers
//! over PostgreSQL, of which one is killed and PostgreSQL is restarted.
//!
//! The seed is printed; `IZINLI_SEED` repeats a run, `IZINLI_RECIPIENTS` makes
//! the campaigns larger, `IZINLI_PROVIDERS` names the ones to try (such as
//! `jetsms,netgsm,smtp`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simulators::Kind;
use system_tests::system::{
    Brand, Cluster, IYS_CODE, Mode, Provider, Setup, Upload, WHATSAPP_TEXT, World, job,
};

const RECIPIENTS: u64 = 240;
/// So many of a hundred requests are carried out and never answered.
const HANGS_UP: f64 = 0.04;
/// Requests of one campaign, at least; kills come among them.
const REQUESTS: u64 = 40;
/// People in one of them, at most: a large campaign has more requests, not larger ones.
const BATCH_MOST: u64 = 100;
const KILLS: usize = 4;
const WORKERS: usize = 3;
/// A campaign that has not ended by then never will; a large one takes longer.
const PATIENCE: Duration = Duration::from_secs(120);
const TAG: &str = "Saglayicilar";
const TEXT: &str = "Randevunuz yarin saat 10:00";

struct Trial {
    provider: Provider,
    path: String,
}

fn is_mail(kind: Kind) -> bool {
    matches!(kind, Kind::Brevo | Kind::Smtp)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn kinds() -> Result<Vec<Kind>> {
    match std::env::var("IZINLI_PROVIDERS") {
        Ok(words) => words.split(',').map(str::parse).collect(),
        Err(_) => Ok(Kind::ALL
            .iter()
            .copied()
            .filter(|kind| *kind != Kind::Iys)
            .collect()),
    }
}

/// What a run is made of.
struct Wish {
    kinds: Vec<Kind>,
    seed: u64,
    people: u64,
}

impl Wish {
    fn made() -> Result<Self> {
        let wish = Self {
            kinds: kinds()?,
            seed: number("IZINLI_SEED")
                .unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000)),
            people: number("IZINLI_RECIPIENTS").unwrap_or(RECIPIENTS),
        };
        eprintln!(
            "IZINLI_SEED={} IZINLI_RECIPIENTS={}",
            wish.seed, wish.people
        );
        Ok(wish)
    }
}

fn setup() -> Setup {
    let settings = [
        ("IZINLI__DISPATCH__CONCURRENCY", "6"),
        ("IZINLI__DISPATCH__RETRY_SECONDS", "0"),
    ];
    Setup {
        settings: settings
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        ..Setup::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_points_over_every_provider_nobody_is_messaged_twice_or_lost() -> Result<()>
{
    let wish = Wish::made()?;
    let mut world = World::start("sqlite", None, &setup()).await?;
    let outcome = tried(&mut world, None, &wish).await;
    if outcome.is_err() {
        world.show_log();
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn over_every_provider_a_killed_worker_and_a_restarted_database_lose_nobody() -> Result<()> {
    let Some(mut cluster) = Cluster::start().await? else {
        return Ok(());
    };
    let wish = Wish::made()?;
    let mut world = World::over(cluster.url(), &setup()).await?;
    let outcome = tried(&mut world, Some(&mut cluster), &wish).await;
    if outcome.is_err() {
        world.show_log();
    }
    outcome
}

/// Campaigns over all providers, upset meanwhile: on a cluster by way of a
/// worker and of the database, otherwise by killing the one process.
async fn tried(world: &mut World, cluster: Option<&mut Cluster>, wish: &Wish) -> Result<()> {
    let (seed, people) = (wish.seed, wish.people);
    let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
    let mut list = "müşteri no;telefon;e-posta\n".to_owned();
    for n in 1..=people {
        writeln!(list, "K{n};+90532{n:07};kisi{n}@ornek.com.tr")?;
    }
    let file = world.write("kisiler.csv", list)?;
    let upload = Upload {
        file_name: "kisiler.csv".to_owned(),
        meta: json!({
            "brand_id": brand.id, "name": TAG, "tag": TAG, "action": "local",
            "default_recipient_kind": "BIREYSEL",
        }),
    };
    job::applied(&world.client, &file, &upload).await?;
    if cluster.is_some() {
        world.split(WORKERS).await?;
    }
    let mut trials = Vec::new();
    for kind in &wish.kinds {
        let trial = Trial::prepared(world, &brand, *kind, people).await;
        trials.push(trial.with_context(|| kind.to_string())?);
    }
    for (trial, place) in trials.iter().zip(0..) {
        let provider = &trial.provider;
        provider
            .hang_up_after_accepting(HANGS_UP, seed + place)
            .await?;
        let launch = format!("{}/launch", trial.path);
        world.client.post(&launch, &json!({})).await?;
    }
    let began = Instant::now();
    let mut dice = StdRng::seed_from_u64(seed);
    let upset = match cluster {
        Some(cluster) => killed_and_restarted(world, cluster, &trials, &mut dice, people).await?,
        None => killed(world, &trials, &mut dice, people).await?,
    };
    let patience = PATIENCE + Duration::from_millis(20 * people * trials.len() as u64);
    let mut failures = Vec::new();
    for trial in &trials {
        let report = trial.ended(world, patience).await?;
        match trial.judged(world, &report, people).await {
            Ok(told) => eprintln!("{told}"),
            Err(error) => failures.push(format!("{}: {error:#}", trial.provider.kind)),
        }
    }
    eprintln!("{upset}, {:.0} s", began.elapsed().as_secs_f64());
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

/// Kills the server while messages leave, and starts it again.
async fn killed(
    world: &mut World,
    trials: &[Trial],
    dice: &mut StdRng,
    people: u64,
) -> Result<String> {
    let everything = people * trials.len() as u64;
    for kill in 1..=KILLS as u64 {
        let from = everything * kill / (KILLS as u64 + 2);
        let at = from + dice.random_range(0..=everything / (2 * KILLS as u64));
        have_left(trials, at, everything, dice).await?;
        hang_up_again(trials, kill).await?;
        world.restart().await?;
    }
    Ok(format!("{KILLS} kills"))
}

/// Kills one of the workers, and later restarts the database, while messages leave.
async fn killed_and_restarted(
    world: &mut World,
    cluster: &mut Cluster,
    trials: &[Trial],
    dice: &mut StdRng,
    people: u64,
) -> Result<String> {
    let everything = people * trials.len() as u64;
    let at = everything * dice.random_range(10..35) / 100;
    have_left(trials, at, everything, dice).await?;
    world.kill_worker().await?;
    let at_kill = left(trials).await?;
    let at = everything * dice.random_range(45..65) / 100;
    have_left(trials, at.max(at_kill), everything, dice).await?;
    hang_up_again(trials, 1).await?;
    cluster.restart().await?;
    let at_restart = left(trials).await?;
    Ok(format!(
        "a worker killed at {at_kill}, PostgreSQL restarted at {at_restart} of {everything}"
    ))
}

/// Waits until the providers have so many messages.
async fn have_left(trials: &[Trial], at: u64, everything: u64, dice: &mut StdRng) -> Result<()> {
    let began = Instant::now();
    while left(trials).await? < at {
        if began.elapsed() > PATIENCE + Duration::from_millis(20 * everything) {
            bail!("the messages do not leave: {} of {at}", left(trials).await?);
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(1..15))).await;
    }
    Ok(())
}

/// A session of SMTP is cut once for each time it is asked to.
async fn hang_up_again(trials: &[Trial], round: u64) -> Result<()> {
    for trial in trials {
        if trial.provider.kind == Kind::Smtp {
            let provider = &trial.provider;
            provider.hang_up_after_accepting(HANGS_UP, round).await?;
        }
    }
    Ok(())
}

async fn left(trials: &[Trial]) -> Result<u64> {
    let mut sum = 0;
    for trial in trials {
        sum += trial.provider.count().await?;
    }
    Ok(sum)
}

impl Trial {
    async fn prepared(world: &World, brand: &Brand, kind: Kind, people: u64) -> Result<Self> {
        let provider = Provider::start(kind, &world.simulators.clock).await?;
        let connector = provider.account(world).await?;
        let (channel, sender, text) = match kind {
            Kind::Whatsapp => ("WHATSAPP", "106", WHATSAPP_TEXT),
            kind if is_mail(kind) => ("EPOSTA", "kampanya@ornek.com.tr", TEXT),
            _ => ("MESAJ", "ORNEK", TEXT),
        };
        let draft = json!({
            "brand_id": brand.id, "name": kind.to_string(), "channel": channel, "kind": "BIREYSEL",
            "basis": "INFORMATIONAL", "purpose": "randevu", "body": text, "sender": sender,
            "connector_id": connector, "audience": { "type": "tag", "tag": TAG },
            "batch_size": people.div_ceil(REQUESTS).min(BATCH_MOST),
        });
        let path = job::campaign(&world.client, &draft).await?;
        if is_mail(kind) {
            let mail = json!({ "subject": "Randevunuz" });
            let place = format!("{path}/mail");
            let set = world
                .client
                .call(reqwest::Method::PUT, &place, Some(&mail), None)
                .await?;
            set.success()?;
        }
        Ok(Self { provider, path })
    }

    async fn ended(&self, world: &World, patience: Duration) -> Result<Value> {
        let began = Instant::now();
        loop {
            // Nothing answers while the database is away.
            let seen = world.client.get(&format!("{}/report", self.path)).await;
            let report = seen.unwrap_or_default();
            // Brevo refuses what it has and says no more: an operator decides.
            let is_left = self.provider.kind == Kind::Brevo && report["held"]["waiting"] == 0;
            if report["campaign"]["state"] == "finished" || is_left {
                return Ok(report);
            }
            if began.elapsed() > patience {
                bail!("{} does not end: {report}", self.provider.kind);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Holds what the provider has against what the report says.
    async fn judged(&self, world: &World, report: &Value, people: u64) -> Result<String> {
        let kind = self.provider.kind;
        job::reconciles(report)?;
        ensure!(report["target"] == people, "{report}");
        ensure!(report["held"]["waiting"] == 0, "{report}");
        ensure!(report["failed"]["total"] == 0, "{report}");
        let accepted: BTreeMap<String, u32> = self.provider.accepted().await?;
        let twice: Vec<_> = accepted.iter().filter(|(_, count)| **count > 1).collect();
        ensure!(twice.is_empty(), "messaged twice: {twice:?}");
        let uncertain = self.listed(world, "uncertain").await?;
        ensure!(
            kind == Kind::Brevo || report["held"]["uncertain"] == uncertain.len(),
            "{} are listed as uncertain: {report}",
            uncertain.len()
        );
        let got: BTreeSet<String> = accepted.keys().map(|to| plain(kind, to)).collect();
        let address = |n: u64| {
            if is_mail(kind) {
                format!("kisi{n}@ornek.com.tr")
            } else {
                format!("532{n:07}")
            }
        };
        let mut lost = 0;
        for to in (1..=people).map(address) {
            match (got.contains(&to), uncertain.contains(&to)) {
                (true, _) => {}
                (false, true) => lost += 1,
                (false, false) => bail!("{to} is said to be sent, and the provider has nothing"),
            }
        }
        ensure!(
            got.len() as u64 + lost == people,
            "somebody else was messaged"
        );
        Ok(format!(
            "{kind}: {people} people, {} messaged once, 0 twice, {} listed as uncertain, of whom \
             the provider has {}",
            got.len(),
            uncertain.len(),
            uncertain.len() as u64 - lost
        ))
    }

    /// The addresses of everybody in a state.
    async fn listed(&self, world: &World, state: &str) -> Result<BTreeSet<String>> {
        let mut all = BTreeSet::new();
        let mut after = String::new();
        loop {
            let path = format!("{}/messages?state={state}&limit=200{after}", self.path);
            let page = world.client.get(&path).await?;
            for person in page["items"].as_array().context("no items")? {
                let address = person["address"].as_str().context("no address")?;
                all.insert(plain(self.provider.kind, address));
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return Ok(all),
            }
        }
    }
}

/// Ten digits, or the address, however it is written.
fn plain(kind: Kind, to: &str) -> String {
    if is_mail(kind) {
        return to.to_owned();
    }
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(10)..].to_owned()
}
