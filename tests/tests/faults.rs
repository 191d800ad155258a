//! Bad days of İYS and of the provider: nothing unconfirmed is sent, nobody
//! gets a message twice, the reason is there to be seen, and when the fault
//! ends the job is finished.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulators::iys::Population;
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, World, confirmed, each_database, job, people_in, phones, until,
};

/// Longer than the longest rest of a call that failed.
const REST_SECONDS: i64 = 61 * 60;
const ROWS: u64 = 150;

fn registry_rule() -> Population {
    Population::new(80, 8)
}

/// A file of invented people, its tag and who of them İYS confirms.
struct List {
    tag: String,
    upload: String,
    confirmed: BTreeSet<String>,
}

async fn list(world: &World, brand: &Brand, seed: u64) -> Result<List> {
    let tag = format!("Liste {seed}");
    let file = job::generated(world, ROWS, 6, seed).await?;
    let people = people_in(world, &file, brand).await?;
    let confirmed = phones(&confirmed(&people, brand.mode, &registry_rule()));
    ensure!(confirmed.len() > 30, "a file that says nothing");
    let upload = job::applied(&world.client, &file, &job::push(brand, &tag)).await?;
    Ok(List {
        tag,
        upload,
        confirmed,
    })
}

/// What the provider accepted since `before`.
async fn accepted_since(
    world: &World,
    before: &BTreeMap<String, u32>,
) -> Result<BTreeMap<String, u32>> {
    let mut accepted = world.simulators.accepted().await?;
    for (phone, count) in before {
        *accepted.entry(phone.clone()).or_default() -= count;
    }
    accepted.retain(|_, count| *count > 0);
    Ok(accepted)
}

async fn went_to_exactly(
    world: &World,
    before: &BTreeMap<String, u32>,
    people: &BTreeSet<String>,
) -> Result<()> {
    let accepted = accepted_since(world, before).await?;
    let twice: Vec<_> = accepted
        .iter()
        .filter(|(_, count)| **count > 1)
        .take(5)
        .collect();
    ensure!(twice.is_empty(), "messaged more than once: {twice:?}");
    let got: BTreeSet<String> = accepted.into_keys().collect();
    ensure!(
        got == *people,
        "messaged but should not be: {:?}; should be and were not: {:?}",
        got.difference(people).take(5).collect::<Vec<_>>(),
        people.difference(&got).take(5).collect::<Vec<_>>()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_iys_is_unwell_nobody_unconfirmed_is_messaged_and_afterwards_the_queue_empties()
-> Result<()> {
    let faults = [
        ("down", json!({ "kind": "drop_before" })),
        ("reset", json!({ "kind": "reset" })),
        ("slow", json!({ "kind": "delay", "delay_ms": 4_000 })),
        (
            "429",
            json!({ "kind": "status", "status": 429, "retry_after_s": 2 }),
        ),
        ("500", json!({ "kind": "status", "status": 500 })),
        ("malformed", json!({ "kind": "malformed" })),
        ("401", json!({ "kind": "status", "status": 401 })),
    ];
    let settings = vec![
        ("IZINLI__REGISTRY__LAUNCH_WAIT_SECONDS", "1".to_owned()),
        ("IZINLI__REGISTRY__CALLS_PER_SECOND", "0".to_owned()),
        // An hour passes with each fault, and each logs in a few times.
        ("IZINLI__REGISTRY__TOKENS_PER_HOUR", "0".to_owned()),
    ];
    each_database(
        Setup {
            settings,
            ..Setup::default()
        },
        async |world| {
            world
                .simulators
                .iys("population", &json!(registry_rule()))
                .await?;
            for (number, (name, fault)) in (0..).zip(&faults) {
                let mode = if number % 2 == 0 {
                    Mode::Sync
                } else {
                    Mode::Integrator
                };
                let brand = world.brand(mode, IYS_CODE + number).await?;
                // A new account: the fault meets it at the first word.
                iys_unwell(world, &brand, fault, 100 + number)
                    .await
                    .with_context(|| format!("İYS {name}"))?;
            }
            Ok(())
        },
    )
    .await
}

async fn iys_unwell(world: &mut World, brand: &Brand, fault: &Value, seed: u64) -> Result<()> {
    world.simulators.iys("faults", fault).await?;
    let before = world.simulators.accepted().await?;
    let list = list(world, brand, seed).await?;
    the_reason_is_visible(world, brand, &list).await?;

    let early = job::campaign(&world.client, &job::draft(world, brand, &list.tag)).await?;
    let dry = world
        .client
        .post(&format!("{early}/dry-run"), &json!({}))
        .await?;
    ensure!(
        dry["sendable"] == 0,
        "somebody unconfirmed could be sent to: {dry}"
    );
    ensure!(
        job::excluded(&dry["excluded"], "S102") > 0,
        "nobody is said to be unconfirmed: {dry}"
    );
    let report = job::sent(&world.client, &early).await?;
    ensure!(
        report["sent"] == 0 && job::excluded(&report["excluded"]["reasons"], "S102") > 0,
        "report: {report}"
    );
    job::reconciles(&report)?;
    let accepted = accepted_since(world, &before).await?;
    ensure!(accepted.is_empty(), "the provider was handed {accepted:?}");

    world.simulators.heal().await?;
    world.simulators.forward(REST_SECONDS);
    world.restart().await?;
    job::asked(&world.client, &list.upload)
        .await
        .context("after the fault")?;
    let late = job::campaign(&world.client, &job::draft(world, brand, &list.tag)).await?;
    let report = job::sent(&world.client, &late).await?;
    job::reconciles(&report)?;
    ensure!(
        report["sent"].as_u64() == Some(list.confirmed.len() as u64),
        "report: {report}"
    );
    went_to_exactly(world, &before, &list.confirmed).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_of_seconds_the_queue_empties_by_itself_and_iys_was_not_hammered()
-> Result<()> {
    const OUTAGE: std::time::Duration = std::time::Duration::from_secs(4);
    /// Calls of one brand with a handful of lists, each tried again and again after a pause.
    const CALLS_MOST: u64 = 40;
    each_database(
        Setup {
            limits: true,
            ..Setup::default()
        },
        async |world| {
            world
                .simulators
                .iys("population", &json!(registry_rule()))
                .await?;
            let brand = world.brand(Mode::Sync, IYS_CODE).await?;
            world
                .simulators
                .iys("faults", &json!({ "kind": "drop_before" }))
                .await?;
            let list = list(world, &brand, 500).await?;
            the_reason_is_visible(world, &brand, &list).await?;
            // An outage has a length; nothing is awaited here.
            tokio::time::sleep(OUTAGE).await;
            let calls = world.simulators.iys_calls("").await?;
            ensure!(
                calls <= CALLS_MOST,
                "{calls} calls in an outage of {} s",
                OUTAGE.as_secs()
            );
            world.simulators.heal().await?;
            job::asked(&world.client, &list.upload)
                .await
                .context("after the outage")?;
            let path = job::campaign(&world.client, &job::draft(world, &brand, &list.tag)).await?;
            let report = job::sent(&world.client, &path).await?;
            job::reconciles(&report)?;
            went_to_exactly(world, &BTreeMap::new(), &list.confirmed).await
        },
    )
    .await
}

/// On the upload, and on the page of the brand's connection.
async fn the_reason_is_visible(world: &World, brand: &Brand, list: &List) -> Result<()> {
    until("the reason on the upload", async || {
        let upload = world
            .client
            .get(&format!("/uploads/{}", list.upload))
            .await?;
        let has_reason = upload["registry"]["last_error"]
            .as_str()
            .is_some_and(|text| !text.is_empty());
        Ok((has_reason && upload["state"] == "applied").then_some(()))
    })
    .await?;
    let registry = world.client.get(&format!("/registry/{}", brand.id)).await?;
    let queue = &registry["queue"];
    ensure!(
        queue["last_error"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "no reason: {registry}"
    );
    let waiting: i64 = ["pending", "in_flight", "waiting", "parked"]
        .iter()
        .filter_map(|part| queue[part].as_i64())
        .sum();
    ensure!(waiting > 0, "nothing waits: {registry}");
    let is_bad = |light: &Value| light["code"] == "queue" && light["ok"] == false;
    ensure!(
        registry["lights"]
            .as_array()
            .is_some_and(|lights| lights.iter().any(is_bad)),
        "no light: {registry}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_provider_does_to_a_request_nobody_is_messaged_twice_and_everybody_once()
-> Result<()> {
    let sends = |fault: Value| {
        let mut fault = fault;
        fault["path_prefix"] = json!("/sms/3/messages");
        fault["count"] = json!(3);
        fault
    };
    let faults = [
        ("500", sends(json!({ "kind": "status", "status": 500 }))),
        (
            "500 after accepting",
            sends(json!({ "kind": "status", "status": 500, "after_accept": true })),
        ),
        (
            "429",
            sends(json!({ "kind": "status", "status": 429, "retry_after_s": 1 })),
        ),
        ("reset", sends(json!({ "kind": "reset" }))),
        (
            "reset after accepting",
            sends(json!({ "kind": "reset", "after_accept": true })),
        ),
        ("hung up", sends(json!({ "kind": "drop_before" }))),
        (
            "hung up after accepting",
            sends(json!({ "kind": "drop_after_accept" })),
        ),
        ("malformed", sends(json!({ "kind": "malformed" }))),
        (
            "too slow",
            sends(json!({ "kind": "delay", "delay_ms": 4_000 })),
        ),
        (
            "too slow after accepting",
            sends(json!({ "kind": "delay", "delay_ms": 4_000, "after_accept": true })),
        ),
    ];
    each_database(Setup::default(), async |world| {
        world
            .simulators
            .iys("population", &json!(registry_rule()))
            .await?;
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        for (seed, (name, fault)) in (200..).zip(&faults) {
            provider_unwell(world, &brand, fault, seed)
                .await
                .with_context(|| format!("the provider: {name}"))?;
        }
        Ok(())
    })
    .await
}

async fn provider_unwell(world: &World, brand: &Brand, fault: &Value, seed: u64) -> Result<()> {
    let list = list(world, brand, seed).await?;
    job::asked(&world.client, &list.upload).await?;
    let before = world.simulators.accepted().await?;
    let mut draft = job::draft(world, brand, &list.tag);
    draft["batch_size"] = json!(12);
    world.simulators.infobip("faults", fault).await?;
    let path = job::campaign(&world.client, &draft).await?;
    let report = job::sent(&world.client, &path).await?;
    world.simulators.heal().await?;
    job::reconciles(&report)?;
    ensure!(
        report["sent"].as_u64() == Some(list.confirmed.len() as u64),
        "report: {report}"
    );
    ensure!(
        report["held"]["uncertain"] == 0,
        "somebody stays uncertain: {report}"
    );
    went_to_exactly(world, &before, &list.confirmed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_cannot_even_be_asked_the_report_shows_who_is_uncertain_and_nothing_is_repeated()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        world
            .simulators
            .iys("population", &json!(registry_rule()))
            .await?;
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let list = list(world, &brand, 300).await?;
        job::asked(&world.client, &list.upload).await?;
        let lost = json!([
            { "kind": "drop_after_accept", "path_prefix": "/sms/3/messages", "count": 1 },
            { "kind": "status", "status": 503, "path_prefix": "/sms/3/logs" },
        ]);
        world.simulators.infobip("faults", &lost).await?;
        let path = job::campaign(&world.client, &job::draft(world, &brand, &list.tag)).await?;
        world
            .client
            .post(&format!("{path}/launch"), &json!({}))
            .await?;
        let report_path = format!("{path}/report");
        let report = until("two looks at the provider's log", async || {
            let looks = world.simulators.infobip_calls("/sms/3/logs").await?;
            let report = world.client.get(&report_path).await?;
            Ok((looks >= 2 && report["held"]["uncertain"] != 0).then_some(report))
        })
        .await?;
        job::reconciles(&report)?;
        ensure!(
            report["last_error"].is_string(),
            "no reason is shown: {report}"
        );
        ensure!(
            world.simulators.infobip_calls("/sms/3/messages").await? == 1,
            "it was sent again on a guess"
        );
        world.simulators.heal().await?;
        job::finished(&world.client, &path).await?;
        let report = job::reported(&world.client, &path).await?;
        job::reconciles(&report)?;
        ensure!(
            world.simulators.infobip_calls("/sms/3/messages").await? == 1,
            "it was sent again"
        );
        went_to_exactly(world, &BTreeMap::new(), &list.confirmed).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_error_pauses_the_connector_and_the_batches_wait_until_it_passes_its_test_again()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        world
            .simulators
            .iys("population", &json!(registry_rule()))
            .await?;
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let list = list(world, &brand, 400).await?;
        job::asked(&world.client, &list.upload).await?;
        world
            .simulators
            .infobip("keys", &json!({ "keys": ["another-key"] }))
            .await?;
        let mut draft = job::draft(world, &brand, &list.tag);
        draft["batch_size"] = json!(12);
        let path = job::campaign(&world.client, &draft).await?;
        world
            .client
            .post(&format!("{path}/launch"), &json!({}))
            .await?;
        let connector = until("the connector's pause", async || {
            let seen = world
                .client
                .get(&format!("/connectors/{}", world.connector))
                .await?;
            Ok((seen["state"] != "active").then_some(seen))
        })
        .await?;
        ensure!(
            connector["state_reason"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "no reason: {connector}"
        );
        let report = until("the return of what was under way", async || {
            let report = world.client.get(&format!("{path}/report")).await?;
            Ok((report["batches"]["in_flight"] == 0).then_some(report))
        })
        .await?;
        ensure!(report["sent"] == 0, "report: {report}");
        ensure!(
            report["held"]["waiting"].as_u64() == Some(list.confirmed.len() as u64),
            "report: {report}"
        );
        ensure!(
            report["last_error"].is_string(),
            "no reason is shown: {report}"
        );
        job::reconciles(&report)?;
        let calls = world.simulators.infobip_calls("/sms/3/messages").await?;
        ensure!(calls <= 16, "a broken account was called {calls} times");

        world
            .simulators
            .infobip("keys", &json!({ "keys": [system_tests::system::API_KEY] }))
            .await?;
        world
            .program
            .json(["connector", "test", &world.connector])
            .await?;
        job::finished(&world.client, &path).await?;
        let report = job::reported(&world.client, &path).await?;
        job::reconciles(&report)?;
        went_to_exactly(world, &BTreeMap::new(), &list.confirmed).await
    })
    .await
}
