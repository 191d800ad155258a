//! İYS's side of the ledger: its change feed pulled, its daily file held
//! against ours, everybody asked with the limiter on.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context, bail, ensure};
use domain::ids::BrandId;
use domain::time::{DAY_US, HOUR_US};
use domain::{Clock as _, Timestamp};
use engine::Step;
use engine::registry::sweep::SweepWish;
use serde_json::{Value, json};
use store::registry_accounts::RegistryFeed;
use store::registry_feed::{day_begins, day_of};
use store::registry_sweep::{SweepPurpose, SweepState};

use super::child::{Job, Measured, float, measure, per_second};
use super::ground::{IYS_CODE, Place, Surroundings, clock};
use super::lines::{median, timed};
use super::plain_sql::Plain;
use super::table::{Row, Table, Target, rate};
use super::{bare, pipeline};
use crate::session::ACTOR;

/// Movements put into İYS's book by one call.
const LOADED_AT_A_TIME: usize = 5_000;
/// Movements of one second: a busy day, and none longer than a day.
const MOVEMENTS_PER_SECOND: usize = 100;
/// Bound of the memory of a comparison, MB.
const DRIFT_MB: f64 = 150.0;
/// Pause of a worker that waits for the next second.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);

/// Measures what was asked for.
pub(super) async fn rows(
    wish: &pipeline::Wish,
    around: &Surroundings,
    place: &Place,
    database: &'static str,
    table: &mut Table,
) -> anyhow::Result<()> {
    if wish.has("pull") || wish.has("drift") {
        let row = pull(around, place, database).await.context("pull")?;
        if wish.has("pull") {
            table.add(row)?;
        }
    }
    if wish.has("drift") {
        table.add(drift(around, place, database).await.context("drift")?)?;
    }
    if wish.has("limiter") {
        table.add(limited(around, place, database).await.context("limiter")?)?;
    }
    Ok(())
}

async fn addresses(place: &Place) -> anyhow::Result<Vec<String>> {
    let plain = Plain::open(&place.url).await?;
    let found = plain.addresses(place.brand, false, i64::MAX).await;
    plain.close().await;
    let mut phones = found?;
    // Mobile phones, each once: İYS takes short messages for them, but not for
    // blocks that nobody was given, which a file may name with a remark (W204).
    phones.retain(|address| address.starts_with("+905") && !address.starts_with("+90577"));
    phones.sort_unstable();
    phones.dedup();
    // Citizens come in no order; always in the same one, so that runs compare.
    phones.sort_by_cached_key(|phone| {
        let mut hasher = DefaultHasher::new();
        phone.hash(&mut hasher);
        hasher.finish()
    });
    Ok(phones)
}

/// Yesterday, in İYS's days.
fn yesterday(now: Timestamp) -> i64 {
    day_of(now.plus_micros(-DAY_US))
}

/// Everybody renews their consent at İYS, yesterday from eight on.
async fn move_everybody(around: &Surroundings, people: &[String]) -> anyhow::Result<u64> {
    let http = bare::client()?;
    let eight = day_begins(yesterday(around.clock.now())).plus_micros(8 * HOUR_US);
    let mut at = eight;
    for (n, some) in people.chunks(LOADED_AT_A_TIME).enumerate() {
        let records: Vec<Value> = some
            .iter()
            .enumerate()
            .map(|(i, person)| {
                let seconds = (n * LOADED_AT_A_TIME + i) / MOVEMENTS_PER_SECOND;
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                at = eight.plus_micros(seconds.saturating_mul(domain::time::SECOND_US));
                let date = at.to_registry_text();
                json!({
                    "iysCode": IYS_CODE, "brandCode": IYS_CODE, "recipient": person,
                    "recipientType": "BIREYSEL", "type": "MESAJ", "status": "ONAY",
                    "source": "IYS_WEB", "consentDate": date, "creationDate": date,
                })
            })
            .collect();
        let answer = http
            .post(format!("{}/_sim/state", around.iys.url))
            .json(&json!({ "records": records }))
            .send()
            .await?;
        if !answer.status().is_success() {
            bail!("the movements were refused: {}", answer.text().await?);
        }
    }
    Ok(people.len() as u64)
}

async fn pull(around: &Surroundings, place: &Place, database: &'static str) -> anyhow::Result<Row> {
    let people = addresses(place).await?;
    let moved = *around
        .moved
        .get_or_try_init(|| move_everybody(around, &people))
        .await?;
    let ours = measure(&around.order(Job::Pull(moved), Some(place))).await?;
    let plain = Plain::open(&place.url).await?;
    let mut base = Vec::new();
    for _ in 0..super::lines::RUNS {
        base.push(plain.upsert_changes(&people).await?);
    }
    plain.close().await;
    let base = per_second(people.len() as u64, median(base));
    Ok(Row {
        work: "pull of changes that citizens made".into(),
        database,
        ours: rate(ours.rate(), "changes"),
        baseline: format!("plain upsert {}", rate(base, "rows")),
        ratio: ours.rate() / base,
        target: Target::AtLeast(0.5),
    })
}

async fn drift(
    around: &Surroundings,
    place: &Place,
    database: &'static str,
) -> anyhow::Result<Row> {
    let day = yesterday(around.clock.now());
    let ours = measure(&around.order(Job::Drift(day), Some(place))).await?;
    let peak = ours.peak_mb();
    Ok(Row {
        work: "drift over a daily file, peak memory".into(),
        database,
        ours: format!("{peak:.0} MB ({})", rate(ours.rate(), "rows")),
        baseline: format!("bound {DRIFT_MB:.0} MB"),
        ratio: peak / DRIFT_MB,
        target: Target::AtMost(1.0),
    })
}

async fn limited(
    around: &Surroundings,
    place: &Place,
    database: &'static str,
) -> anyhow::Result<Row> {
    let before = calls(around).await?;
    let ours = measure(&around.order(Job::Limited, Some(place))).await?;
    let after = calls(around).await?;
    let lists = per_second(after.lists - before.lists, ours.seconds);
    let made = after.all - before.all;
    let permitted = engine::Settings::default().registry.calls_per_second;
    let permitted = f64::from(u32::try_from(permitted)?);
    let ours = per_second(made, ours.seconds);
    Ok(Row {
        work: "İYS check of everybody, limiter on".into(),
        database,
        ours: format!("{ours:.1} calls/s ({lists:.1} of them lists)"),
        baseline: format!("permitted {}", rate(permitted, "calls")),
        ratio: ours / permitted,
        target: Target::AtLeast(0.95),
    })
}

/// Calls that the simulator has answered.
struct Calls {
    all: u64,
    /// Those that asked about a list.
    lists: u64,
}

/// All calls take turns: whoever a list does not confirm is looked up singly
/// meanwhile, as often as İYS's hour allows.
async fn calls(around: &Surroundings) -> anyhow::Result<Calls> {
    let url = format!("{}/_sim/stats", around.iys.url);
    let stats: Value = bare::client()?.get(url).send().await?.json().await?;
    let all = stats["calls_answered"].as_u64().context("no count")?;
    let by_call = stats["calls"].as_object().context("no calls")?;
    let queries = by_call
        .iter()
        .filter(|(call, _)| call.contains("/status/{channel}"))
        .map(|(_, answers)| match answers {
            Value::Object(by_status) => by_status.values().filter_map(Value::as_u64).sum(),
            count => count.as_u64().unwrap_or(0),
        });
    Ok(Calls {
        all,
        lists: queries.sum(),
    })
}

/// Our side of [`pull`]: both feeds of the brand, to their end.
pub(super) async fn pull_changes(
    place: &Place,
    start: &str,
    moved: u64,
) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let brand = brand(&engine, place.brand).await?;
    let (seconds, ()) = timed(async {
        loop {
            ensure!(
                engine.pull(&brand).await? == Step::Did,
                "İYS did not answer"
            );
            let mut reader = engine.store().read().await?;
            let position = reader
                .feed_position(place.brand, RegistryFeed::Citizen)
                .await?
                .context("nothing was pulled")?;
            if position
                .complete_at
                .is_some_and(|at| at >= position.pulled_at)
            {
                return Ok(());
            }
        }
    })
    .await?;
    Ok(Measured {
        seconds,
        count: moved,
        ..Measured::default()
    })
}

async fn brand(engine: &engine::Engine, id: BrandId) -> anyhow::Result<store::brands::Brand> {
    Ok(engine.store().read().await?.brand_at_work(id).await?)
}

/// Our side of [`drift`].
pub(super) async fn compare_day(place: &Place, start: &str, day: i64) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let (seconds, held) = timed(async {
        Ok(engine
            .compare_day_now(place.firm, place.brand, day, ACTOR)
            .await?)
    })
    .await?;
    ensure!(
        held.differences == Some(0),
        "the day differs: {:?}",
        held.comparison
    );
    let file = held.file.context("İYS gave no file")?;
    Ok(Measured {
        seconds,
        count: u64::try_from(file.rows)?,
        ..Measured::default()
    })
}

/// Our side of [`limited`]: a comparison of everybody by the documented limits.
pub(super) async fn ask_everybody(place: &Place, start: &str) -> anyhow::Result<Measured> {
    let engine = place.engine_with(clock(start)?, |_| {}).await?;
    let _guard = engine.announce().await?;
    let running = engine.store().read().await?.last_sweep(place.brand).await?;
    let is_open = running.is_some_and(|sweep| {
        matches!(
            sweep.state,
            SweepState::Running | SweepState::Queued | SweepState::Paused
        )
    });
    if is_open {
        engine
            .change_sweep(place.firm, place.brand, SweepWish::Stop, ACTOR)
            .await?;
    }
    engine
        .begin_sweep(place.firm, place.brand, SweepPurpose::Asked, false, ACTOR)
        .await?;
    let (seconds, asked) = timed(async {
        loop {
            let step = engine.step_registry().await?;
            let sweep = engine.store().read().await?.last_sweep(place.brand).await?;
            let sweep = sweep.context("the comparison is gone")?;
            if sweep.state == SweepState::Done {
                return Ok(sweep.asked);
            }
            if step == Step::Idle {
                tokio::time::sleep(PAUSE).await;
            }
        }
    })
    .await?;
    let asked = u64::try_from(asked)?;
    ensure!(float(asked) > 0.0, "nobody was asked");
    Ok(Measured {
        seconds,
        count: asked,
        ..Measured::default()
    })
}
