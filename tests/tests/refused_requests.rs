//! A provider that turns whole requests away, for now or with a code that nobody
//! knows: it is asked again with growing pauses, a few times and no more. Then
//! everybody has failed with a reason, whatever process died meanwhile.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use domain::ids::CampaignId;
use domain::plan::Plan;
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use domain::{ReasonCode, Recipient, RegistryMode, Timestamp};
use engine::Step;
use serde_json::json;
use simulators::Kind;
use store::campaigns::CampaignState;
use store::reporting::{CampaignPerson, PersonFilter, PersonState};
use system_tests::house::House;
use system_tests::system::Provider;

const PEOPLE: u32 = 6;
const BATCH_SIZE: i64 = 2;
const ROUNDS_MAX: usize = 2_000;

/// A house whose people consented, with an account at Netgsm.
async fn moved_in(house: &mut House) -> Result<Provider> {
    let provider = Provider::start(Kind::Netgsm, &house.simulators.clock).await?;
    let form = provider.settings().await?;
    let engine = &house.engine;
    let account = engine
        .create_connector(house.firm, "netgsm", "Netgsm", &form, "test")
        .await?;
    engine.test_connector(house.firm, account.id).await?;
    house.connector = account.id;
    let at = house.now().plus_micros(-48 * HOUR_US);
    let date = at.to_registry_text();
    let mut file = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n".to_owned();
    for n in 1..=PEOPLE {
        let phone = format!("+90532{n:07}");
        house
            .record(&Recipient::from_normalised(&phone)?, "ONAY", "HS_WEB", at)
            .await?;
        writeln!(file, "{phone};ONAY;{date};MESAJ;HS_WEB")?;
    }
    house.upload("Herkes", &file).await?;
    house.work().await?;
    Ok(provider)
}

/// Works until the campaign has ended; the process dies after every step that
/// did something if `dying`. Gives the instants at which something was sent.
async fn worked(
    house: &mut House,
    provider: &Provider,
    id: CampaignId,
    dying: bool,
) -> Result<Vec<(Timestamp, u64)>> {
    let mut calls = Vec::new();
    let mut before = 0;
    for _ in 0..ROUNDS_MAX {
        let seen = house.engine.campaign(house.firm, id).await?;
        if seen.state == CampaignState::Finished {
            return Ok(calls);
        }
        let did = house.sending_step().await?;
        let now = sends(provider).await?;
        if now > before {
            calls.push((house.now(), now - before));
            before = now;
        }
        if did == Step::Idle {
            house.pass(SECOND_US);
        } else if dying {
            house.restart().await?;
        }
    }
    let report = house.engine.report(house.firm, id).await?;
    anyhow::bail!("it does not end: {report:?}")
}

/// Requests that were made, whatever came of them.
async fn sends(provider: &Provider) -> Result<u64> {
    let stats = provider.look("stats").await?;
    let calls = stats["calls"].as_object().context("no calls")?;
    let of_sending = calls.iter().filter(|(call, _)| call.contains("send"));
    Ok(of_sending.map(|(_, count)| total(count)).sum())
}

fn total(count: &serde_json::Value) -> u64 {
    match count {
        serde_json::Value::Object(parts) => parts.values().map(total).sum(),
        number => number.as_u64().unwrap_or(0),
    }
}

async fn people(
    house: &House,
    id: CampaignId,
    filter: PersonFilter,
) -> Result<Vec<CampaignPerson>> {
    let mut reader = house.engine.store().read().await?;
    Ok(reader.campaign_people(id, filter, None, 100).await?.0)
}

async fn all_failed(house: &House, id: CampaignId, code: ReasonCode, words: &str) -> Result<()> {
    let report = house.engine.report(house.firm, id).await?;
    ensure!(report.reconciles(), "{report:?}");
    let everybody = i64::from(PEOPLE);
    ensure!(
        (report.sent, report.failed.refused, report.delivered) == (everybody, everybody, 0),
        "{report:?}"
    );
    let filter = PersonFilter {
        code: Some(code),
        state: None,
    };
    let failed = people(house, id, filter).await?;
    ensure!(failed.len() == PEOPLE as usize, "{failed:?}");
    for person in failed {
        let says = person.provider_text.as_deref().unwrap_or_default();
        ensure!(
            person.state == PersonState::Failed
                && person.code == Some(code)
                && says.contains(words),
            "{person:?}"
        );
        let info = code.info();
        ensure!(
            !info.next_tr.is_empty() && !info.next_en.is_empty(),
            "{code}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_always_says_later_is_asked_six_times_and_then_everybody_has_failed()
-> Result<()> {
    for mut house in House::each(RegistryMode::Integrator, |_| ()).await? {
        let provider = moved_in(&mut house).await?;
        let refuse = json!({ "code": "100", "times": 1_000 });
        provider.tell("refuse", &refuse).await?;
        let id = house.begin(Plan::default(), BATCH_SIZE).await?;
        let calls = worked(&mut house, &provider, id, true)
            .await
            .with_context(|| house.database)?;
        let batches = u64::from(PEOPLE) / BATCH_SIZE.unsigned_abs();
        let count: u64 = calls.iter().map(|(_, count)| count).sum();
        ensure!(count == 6 * batches, "{}: {calls:?}", house.database);
        let (first, last) = (calls[0].0, calls[calls.len() - 1].0);
        let within = last.since(first);
        ensure!(
            (15 * MINUTE_US..31 * MINUTE_US).contains(&within),
            "{}: the pauses do not grow: {calls:?}",
            house.database
        );
        all_failed(&house, id, ReasonCode::S505, "100").await?;
        ensure!(provider.accepted().await?.is_empty(), "somebody got it");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_nobody_knows_is_tried_twice() -> Result<()> {
    for mut house in House::each(RegistryMode::Integrator, |_| ()).await? {
        let provider = moved_in(&mut house).await?;
        let refuse = json!({ "code": "999", "times": 1_000 });
        provider.tell("refuse", &refuse).await?;
        let id = house.begin(Plan::default(), BATCH_SIZE).await?;
        let calls = worked(&mut house, &provider, id, true).await?;
        let batches = u64::from(PEOPLE) / BATCH_SIZE.unsigned_abs();
        let count: u64 = calls.iter().map(|(_, count)| count).sum();
        ensure!(count == 2 * batches, "{}: {calls:?}", house.database);
        all_failed(&house, id, ReasonCode::S506, "999").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_takes_at_the_last_try_arrives_once() -> Result<()> {
    for mut house in House::each(RegistryMode::Integrator, |_| ()).await? {
        let provider = moved_in(&mut house).await?;
        let refuse = json!({ "code": "100", "times": 5 });
        provider.tell("refuse", &refuse).await?;
        let id = house.begin(Plan::default(), i64::from(PEOPLE)).await?;
        worked(&mut house, &provider, id, false).await?;
        let report = house.engine.report(house.firm, id).await?;
        ensure!(
            report.reconciles() && report.sent == i64::from(PEOPLE) && report.failed.refused == 0,
            "{report:?}"
        );
        let accepted = provider.accepted().await?;
        let once: BTreeSet<u32> = accepted.values().copied().collect();
        ensure!(
            accepted.len() == PEOPLE as usize && once == BTreeSet::from([1]),
            "{accepted:?}"
        );
    }
    Ok(())
}
