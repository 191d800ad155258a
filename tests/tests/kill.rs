//! `kill -9` at any moment of the main job: it is finished after the next
//! start, nobody is messaged twice and nobody is lost. The judge is the
//! provider's own record, which outlives every kill.
//!
//! Kills are spread over the stages of the job: each job is killed once in
//! every stage, a random moment after the stage began, and in between a random
//! moment after a start. The seed is printed; `IZINLI_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simulators::infobip::{Outcome, Population as Fates};
use simulators::iys::Population;
use system_tests::system::{
    Brand, Client, IYS_CODE, Mode, Setup, Upload, World, confirmed, each_database, job, people_in,
    phones, until,
};
use tokio::sync::watch;

const ROWS: u64 = 1_200;
/// Few people in a request, so that many requests are under way in a job.
const BATCH_SIZE: i64 = 40;
const KILLS_LEAST: usize = 20;
/// How long after the beginning of a stage its kill may come.
const MOMENT_MS: RangeInclusive<u64> = 0..=200;
/// How long after a start a kill may come.
const DELAY_MS: RangeInclusive<u64> = 20..=600;
/// Longer than one whole job takes with all its kills.
const JOB_WITHIN: Duration = Duration::from_secs(120);
/// A claim of a call older than this is a dead process's; a little more.
const CLAIM_AGE_SECONDS: i64 = 125;

/// How far a job has come, as the customer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Uploading,
    Judging,
    Applying,
    Asking,
    Drafting,
    Launching,
    Sending,
    Receipts,
    Done,
}

const STAGES: [Stage; 8] = [
    Stage::Uploading,
    Stage::Judging,
    Stage::Applying,
    Stage::Asking,
    Stage::Drafting,
    Stage::Launching,
    Stage::Sending,
    Stage::Receipts,
];

/// Where the kills fell.
#[derive(Debug, Default)]
struct Tally {
    by_stage: BTreeMap<Stage, usize>,
    during_start: usize,
}

impl Tally {
    fn kills(&self) -> usize {
        self.by_stage.values().sum::<usize>() + self.during_start
    }
}

fn registry_rule() -> Population {
    Population::new(80, 8)
}

fn fates() -> Fates {
    Fates {
        rejected_pct: 2,
        undelivered_pct: 3,
        expired_pct: 1,
        none_pct: 0,
    }
}

fn setup() -> Setup {
    let settings = [
        ("IZINLI__UPLOADS__SLICE_RECORDS", "100"),
        ("IZINLI__DISPATCH__CONCURRENCY", "3"),
        ("IZINLI__REGISTRY__CALLS_PER_SECOND", "0"),
        // What a killed process had taken of the hour is lost, twenty times over.
        ("IZINLI__REGISTRY__SINGLE_PER_HOUR", "0"),
        ("IZINLI__REGISTRY__CONCURRENCY", "2"),
    ];
    Setup {
        settings: settings
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        ..Setup::default()
    }
}

fn seed() -> u64 {
    let given = std::env::var("IZINLI_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    eprintln!("IZINLI_SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_killed_at_twenty_random_points_finishes_its_jobs_with_nobody_messaged_twice_or_lost()
-> Result<()> {
    let seed = seed();
    each_database(setup(), async |world| {
        slow_answers(world).await?;
        killed_again_and_again(world, seed).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_and_a_provider_that_hangs_up_after_accepting_still_message_nobody_twice()
-> Result<()> {
    let seed = seed();
    each_database(setup(), async |world| {
        slow_answers(world).await?;
        let hang_up = json!({ "kind": "drop_after_accept", "path_prefix": "/sms/3/messages", "method": "POST",
                              "probability": 0.3, "seed": seed });
        world.simulators.infobip("faults", &hang_up).await?;
        killed_again_and_again(world, seed).await
    })
    .await
}

/// The services take their time after they have accepted: that is the moment
/// at which a kill hurts.
async fn slow_answers(world: &World) -> Result<()> {
    let slow = |path: &str, ms: u64| json!({ "kind": "delay", "delay_ms": ms, "after_accept": true, "path_prefix": path });
    world
        .simulators
        .infobip("faults", &slow("/sms/3/messages", 60))
        .await?;
    world.simulators.iys("faults", &slow("/", 60)).await?;
    world
        .simulators
        .iys("population", &json!(registry_rule()))
        .await?;
    world
        .simulators
        .infobip("population", &json!(fates()))
        .await
}

async fn killed_again_and_again(world: &mut World, seed: u64) -> Result<()> {
    let began = Instant::now();
    let mut dice = StdRng::seed_from_u64(seed);
    let mut tally = Tally::default();
    let mut wanted: BTreeMap<String, u32> = BTreeMap::new();
    let brands = [
        world.brand(Mode::Sync, IYS_CODE).await?,
        world.brand(Mode::Integrator, IYS_CODE + 1).await?,
    ];
    let mut number = 0;
    while tally.kills() < KILLS_LEAST {
        let brand = &brands[number % brands.len()];
        let job = Job::new(world, brand, number, seed).await?;
        let report = killed(world, &job, &mut dice, &mut tally).await?;
        for phone in &job.expected {
            *wanted.entry(phone.clone()).or_default() +=
                u32::from(fates().outcome_of(phone) != Outcome::Rejected);
        }
        wanted.retain(|_, count| *count > 0);
        job.holds(&report)?;
        exactly(world, &wanted).await?;
        number += 1;
    }
    eprintln!(
        "{}: {} kills in {number} jobs, {:.0} s; by stage {:?}, during a start {}",
        world.database,
        tally.kills(),
        began.elapsed().as_secs_f64(),
        tally.by_stage,
        tally.during_start
    );
    for brand in &brands {
        let ledger = world
            .program
            .json(["ledger", "verify", "--brand", &brand.id])
            .await?;
        ensure!(
            ledger["fault"].is_null() && ledger["events"].as_u64() > Some(0),
            "the ledger: {ledger}"
        );
    }
    Ok(())
}

/// The provider's record is what it must be, message by message.
async fn exactly(world: &World, wanted: &BTreeMap<String, u32>) -> Result<()> {
    let accepted = world.simulators.accepted().await?;
    let off = |left: &BTreeMap<String, u32>, right: &BTreeMap<String, u32>| -> Vec<String> {
        let differs = |(phone, count): &(&String, &u32)| right.get(*phone) != Some(*count);
        left.iter()
            .filter(differs)
            .take(5)
            .map(|(phone, count)| format!("{phone}×{count}"))
            .collect()
    };
    ensure!(
        accepted == *wanted,
        "accepted, but not so wanted: {:?}; wanted, but not so accepted: {:?}",
        off(&accepted, wanted),
        off(wanted, &accepted)
    );
    Ok(())
}

/// One main job and what must come of it.
struct Job {
    tag: String,
    file: PathBuf,
    upload: Upload,
    draft: Value,
    /// Phones of those who must be handed to the provider.
    expected: BTreeSet<String>,
}

impl Job {
    async fn new(world: &World, brand: &Brand, number: usize, seed: u64) -> Result<Self> {
        let tag = format!("Is {number}");
        // Two jobs with a text that differs from person to person, two with dirt.
        let (text, dirty) = if number % 4 < 2 {
            (job::TEXT_WITH_NAME, 0)
        } else {
            (job::TEXT, 6)
        };
        let file =
            job::generated(world, ROWS, dirty, seed.wrapping_mul(100) + number as u64).await?;
        let people = people_in(world, &file, brand).await?;
        let expected = phones(&confirmed(&people, brand.mode, &registry_rule()));
        ensure!(expected.len() > 200, "a file that says nothing");
        let mut draft = job::draft(world, brand, &tag);
        draft["batch_size"] = json!(BATCH_SIZE);
        draft["body"] = json!(text);
        Ok(Self {
            upload: job::push(brand, &tag),
            tag,
            file,
            draft,
            expected,
        })
    }

    fn holds(&self, report: &Value) -> Result<()> {
        job::reconciles(report)?;
        let count = |outcome: Outcome| {
            self.expected
                .iter()
                .filter(|to| fates().outcome_of(to) == outcome)
                .count() as u64
        };
        for (pointer, count) in [
            ("/sent", self.expected.len() as u64),
            ("/delivered", count(Outcome::Delivered)),
            ("/failed/refused", count(Outcome::Rejected)),
            ("/failed/undelivered", count(Outcome::Undelivered)),
            ("/failed/expired", count(Outcome::Expired)),
            ("/held/total", 0),
            ("/open", 0),
        ] {
            ensure!(
                report.pointer(pointer).and_then(Value::as_u64) == Some(count),
                "{}: {pointer} is not {count}: {report}",
                self.tag
            );
        }
        Ok(())
    }
}

/// Runs a job while the server is killed once in every stage, and gives its report.
async fn killed(
    world: &mut World,
    job: &Job,
    dice: &mut StdRng,
    tally: &mut Tally,
) -> Result<Value> {
    let (tell, stage) = watch::channel(Stage::Uploading);
    let wants_later = Arc::new(AtomicBool::new(false));
    let customer = Customer {
        client: world.client.persistent(),
        tag: job.tag.clone(),
        stage: tell,
        wants_later: Arc::clone(&wants_later),
    };
    let driven = async {
        let ended =
            tokio::time::timeout(JOB_WITHIN, customer.run(&job.file, &job.upload, &job.draft))
                .await;
        ended
            .context("the job does not end")?
            .with_context(|| job.tag.clone())
    };
    let (report, ()) = tokio::try_join!(driven, kills(world, &stage, &wants_later, dice, tally))?;
    Ok(report)
}

/// Kills the server until the job is done.
async fn kills(
    world: &mut World,
    stage: &watch::Receiver<Stage>,
    wants_later: &AtomicBool,
    dice: &mut StdRng,
    tally: &mut Tally,
) -> Result<()> {
    let mut targets: Vec<Stage> = STAGES.into();
    loop {
        let now = *stage.borrow();
        if now == Stage::Done {
            return Ok(());
        }
        let is_reached = targets.first().is_some_and(|target| *target <= now);
        if !is_reached && !wants_later.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        // The moment of a kill is the experiment: it is drawn, not awaited.
        tokio::time::sleep(Duration::from_millis(dice.random_range(MOMENT_MS))).await;
        let now = *stage.borrow();
        if now == Stage::Done {
            return Ok(());
        }
        world.kill().await?;
        *tally.by_stage.entry(now).or_default() += 1;
        targets.retain(|target| *target > now);
        if wants_later.swap(false, Ordering::SeqCst) {
            world.simulators.forward(CLAIM_AGE_SECONDS);
        }
        if dice.random_bool(0.25) {
            world.spawn()?;
            tokio::time::sleep(Duration::from_millis(dice.random_range(DELAY_MS))).await;
            world.kill().await?;
            tally.during_start += 1;
        }
        world.spawn()?;
        world.ready().await?;
    }
}

/// The customer's program: it takes step after step, and repeats a call that
/// was not answered under the same key.
struct Customer {
    client: Client,
    tag: String,
    stage: watch::Sender<Stage>,
    /// Says that a claim of a dead process must grow old first.
    wants_later: Arc<AtomicBool>,
}

impl Customer {
    async fn run(&self, file: &Path, upload: &Upload, draft: &Value) -> Result<Value> {
        let id = self.upload(file, upload).await.context("uploading")?;
        self.at(Stage::Judging);
        job::judged(&self.client, &id).await?;
        self.at(Stage::Applying);
        job::apply(&self.client, &id).await?;
        self.at(Stage::Asking);
        job::asked(&self.client, &id).await?;
        self.at(Stage::Drafting);
        let path = self.draft(draft).await.context("drafting")?;
        self.client
            .post(&format!("{path}/dry-run"), &json!({}))
            .await?;
        self.at(Stage::Launching);
        self.client
            .post(&format!("{path}/launch"), &json!({}))
            .await?;
        until("the launch", async || {
            let seen = self.client.get(&path).await?;
            Ok((seen["state"] != "launching").then_some(()))
        })
        .await?;
        self.at(Stage::Sending);
        job::finished(&self.client, &path).await?;
        self.at(Stage::Receipts);
        let report = job::reported(&self.client, &path).await?;
        self.at(Stage::Done);
        Ok(report)
    }

    fn at(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    /// Under the same key as long as that can work. The claim of a dead
    /// process on a file is kept for hours: then the list tells whether the
    /// file came in, and if not it is sent under another key.
    async fn upload(&self, file: &Path, upload: &Upload) -> Result<String> {
        for attempt in 0.. {
            let key = format!("dosya-{}-{attempt}", self.tag.replace(' ', "-"));
            let answer = self.client.upload(file, upload, Some(&key)).await?;
            if answer.code() != "STILL_RUNNING" {
                return id_of(&answer.success()?);
            }
            if let Some(found) = self.listed("/uploads").await? {
                return Ok(found);
            }
        }
        unreachable!("the attempts do not run out")
    }

    async fn draft(&self, draft: &Value) -> Result<String> {
        let key = format!("kampanya-{}", self.tag.replace(' ', "-"));
        let made = job::keyed(&self.client, "/campaigns", draft, &key, async || {
            self.wants_later.store(true, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(())
        })
        .await?;
        job::path_of(&made.success()?)
    }

    async fn listed(&self, path: &str) -> Result<Option<String>> {
        let list = self.client.get(path).await?;
        let found = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|item| item["name"] == self.tag);
        found.map(id_of).transpose()
    }
}

fn id_of(value: &Value) -> Result<String> {
    value["id"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no id in {value}"))
}
