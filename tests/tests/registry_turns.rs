//! What follows what with İYS: a refusal overtakes a consent that still waits,
//! new records are created without looking everybody up, what breaks raises an
//! alarm that its repair clears, and a late time stamp is fetched after all.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use domain::alarm::AlarmCode;
use domain::consent::Origin;
use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use domain::{Recipient, RegistryMode, Source, Status, Timestamp, Verdict};
use engine::consents::ConsentClaim;
use engine::{Settings, Step};
use serde_json::{Value, json};
use store::registry_feed::day_of;
use system_tests::house::{BIREYSEL, House, MESAJ};
use system_tests::system::{IYS_CODE, IYS_PASSWORD, IYS_USER};

const RECORDS: u32 = 1_200;

fn as_it_is(_: &mut Settings) {}

fn phone(n: u32) -> Result<Recipient> {
    let phone = Recipient::from_normalised(&format!("+90532{n:07}"));
    phone.ok().context("a phone")
}

async fn said(house: &House, n: u32, status: Status, at: Timestamp) -> Result<()> {
    let claim = ConsentClaim {
        recipient: phone(n)?,
        channel: MESAJ,
        kind: BIREYSEL,
        status,
        consent_date: at,
        source: Source::HS_WEB,
        evidence: None,
        retailer: None,
    };
    let (firm, brand) = (house.firm, house.brand.id);
    house
        .engine
        .record_consents(firm, brand, Origin::Api, vec![claim], "usr_ayse")
        .await?;
    Ok(())
}

/// Every pause of a call that failed is over.
async fn hours_pass(house: &House, hours: usize) -> Result<()> {
    for _ in 0..hours * 6 {
        house.pass(10 * MINUTE_US);
        house.work().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_waits_through_an_outage_is_not_told_after_a_refusal() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let now = house.now();
        let outage = json!({ "kind": "status", "status": 503, "path_prefix": "/v2" });
        house.simulators.iys("faults", &outage).await?;
        for n in 1..=3 {
            said(&house, n, Status::Onay, now.plus_micros(-2 * HOUR_US)).await?;
        }
        house.work().await?;
        said(&house, 1, Status::Ret, now.plus_micros(-MINUTE_US)).await?;
        // The third person's refusal becomes known through İYS itself, later
        // than the consent was queued and dated before it.
        let refused_at = now.plus_micros(-3 * HOUR_US);
        house
            .record(&phone(3)?, "ONAY", "HS_WEB", refused_at)
            .await?;
        let refused_at = now.plus_micros(-3 * HOUR_US + MINUTE_US);
        house.citizen(&phone(3)?, "RET", refused_at).await?;
        house.engine.pull(&house.brand).await?;
        house.simulators.heal().await?;
        hours_pass(&house, 3).await?;
        let recorded = house.simulators.recorded().await?;
        let told: Vec<&str> = recorded
            .iter()
            .filter_map(|row| row["recipient"].as_str())
            .collect();
        ensure!(
            told == ["+905320000002"],
            "{}: {recorded:?}",
            house.database
        );
        let held = house.at_iys(&phone(3)?).await?;
        let held = held.context("a record")?;
        ensure!(held.status == Status::Ret, "{held:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_follows_when_a_consent_whose_answer_was_lost_turns_out_to_have_arrived()
-> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let now = house.now();
        // İYS takes the consent, and nobody hears of it; then it is away.
        let lost = json!({ "kind": "drop_after_accept", "path_prefix": "/v2", "count": 1 });
        house.simulators.iys("faults", &lost).await?;
        let away = json!({ "kind": "status", "status": 503, "path_prefix": "/v2", "skip": 0 });
        house.simulators.iys("faults", &away).await?;
        said(&house, 1, Status::Onay, now.plus_micros(-2 * HOUR_US)).await?;
        house.work().await?;
        said(&house, 1, Status::Ret, now.plus_micros(-MINUTE_US)).await?;
        house.work().await?;
        house.simulators.heal().await?;
        hours_pass(&house, 3).await?;
        let held = house.at_iys(&phone(1)?).await?.context("a record")?;
        ensure!(held.status == Status::Ret, "{}: {held:?}", house.database);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_said_again_reaches_iys_after_a_consent_given_there_that_nobody_told_us()
-> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let now = house.now();
        let person = phone(1)?;
        house
            .record(&person, "ONAY", "HS_WEB", now.plus_micros(-20 * DAY_US))
            .await?;
        said(&house, 1, Status::Ret, now.plus_micros(-DAY_US)).await?;
        hours_pass(&house, 1).await?;
        let held = house.at_iys(&person).await?.context("a record")?;
        ensure!(held.status == Status::Ret, "{}: {held:?}", house.database);

        // Consents at İYS, and changes their mind before any feed has told us.
        let consented = house.now().plus_micros(-HOUR_US);
        house.citizen(&person, "ONAY", consented).await?;
        let again = house.now().plus_micros(-2 * MINUTE_US);
        said(&house, 1, Status::Ret, again).await?;
        hours_pass(&house, 3).await?;
        let held = house.at_iys(&person).await?.context("a record")?;
        ensure!(held.status == Status::Ret, "{}: {held:?}", house.database);
        let state = house.here(&[person]).await?.pop().flatten();
        let local = state.and_then(|state| state.local).context("a state")?;
        ensure!(
            (local.status, local.consent_date) == (Status::Ret, again),
            "{}: {local:?}",
            house.database
        );
    }
    Ok(())
}

/// Calls per kind that it took to bring new people to İYS.
async fn calls_for_new_people(house: &House, records: u32) -> Result<[u64; 4]> {
    // The feeds have shown what is older than an hour.
    house.work().await?;
    // Single look-ups, list queries, adds with their results, counts.
    let parts = [
        "/consents/status",
        "/status/{channel}",
        "/consents/request",
        "/sps/{iys}/brands",
    ];
    let count = async || -> Result<[u64; 4]> {
        let stats = house.simulators.iys_stats().await?;
        Ok(parts.map(|part| calls_to(&stats, part)))
    };
    let before = count().await?;
    let date = house.now().plus_micros(-5 * HOUR_US).to_registry_text();
    let mut text = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n".to_owned();
    for n in 0..records {
        writeln!(text, "{};ONAY;{date};MESAJ;HS_WEB", phone(1_000 + n)?)?;
    }
    house.upload("Yeni", &text).await?;
    house.work().await?;
    hours_pass(house, 1).await?;
    let after = count().await?;
    Ok(std::array::from_fn(|at| after[at] - before[at]))
}

fn calls_to(stats: &Value, part: &str) -> u64 {
    let calls = stats["calls"].as_object().into_iter().flatten();
    calls
        .filter(|(path, _)| path.trim_end_matches("/{request}").ends_with(part))
        .map(|(_, count)| match count {
            Value::Object(by_status) => by_status.values().filter_map(Value::as_u64).sum(),
            count => count.as_u64().unwrap_or(0),
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn new_people_are_created_in_lists_and_looked_up_singly_only_while_a_refusal_is_unknown()
-> Result<()> {
    let records = std::env::var("IZINLI_CALLS_RECORDS").ok();
    let records = records
        .and_then(|text| text.parse().ok())
        .unwrap_or(RECORDS);
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let lists = u64::from(records.div_ceil(1_000));
        let [singly, asked, added, counted] = calls_for_new_people(&house, records).await?;
        eprintln!(
            "{}: {records} new records: {asked} list queries, {added} adds and results, \
             {counted} counts, {singly} single look-ups",
            house.database
        );
        ensure!(
            singly == 0 && asked == lists,
            "{singly} singly, {asked} lists"
        );
        ensure!(added <= lists * 4 && counted <= 12, "{added}, {counted}");
        let recorded = house.simulators.iys_stats().await?["rows_added"].as_u64();
        ensure!(recorded == Some(u64::from(records)), "{recorded:?}");
    }
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        // One refusal from years ago, of a person of the file, that no feed tells.
        let years_ago = house.now().plus_micros(-700 * DAY_US);
        let person = phone(1_000 + records / 8)?;
        house.record(&person, "ONAY", "HS_WEB", years_ago).await?;
        house
            .citizen(&person, "RET", years_ago.plus_micros(DAY_US))
            .await?;
        let few = records / 4;
        let [singly, ..] = calls_for_new_people(&house, few).await?;
        eprintln!(
            "{}: {few} new records, one unknown refusal: {singly} look-ups",
            house.database
        );
        ensure!(singly >= u64::from(few), "{singly} of {few}");
        let held = house.at_iys(&person).await?.context("a record")?;
        ensure!(
            held.status == Status::Ret,
            "the refusal was written over: {held:?}"
        );
        let state = house.here(&[person]).await?.pop().flatten();
        let verdict = state.context("known here")?.registry.verdict;
        ensure!(verdict == Verdict::Ret, "{verdict}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn older_refusals_among_our_own_people_are_found_and_then_new_people_need_no_look_up()
-> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        // Thirty people refused years ago; to us they said so as well, or nothing.
        let years_ago = house.now().plus_micros(-700 * DAY_US);
        for n in 1..=30 {
            let person = phone(n)?;
            house.record(&person, "ONAY", "HS_WEB", years_ago).await?;
            let refused = years_ago.plus_micros(DAY_US);
            house.citizen(&person, "RET", refused).await?;
            let claimed = house.now().plus_micros(-400 * DAY_US);
            said(&house, n, Status::Ret, claimed).await?;
        }
        house.work().await?;
        hours_pass(&house, 5).await?;
        let mut reader = house.engine.store().read().await?;
        let count = reader.refusal_count(house.brand.id).await?;
        let count = count.context("a count")?;
        ensure!(
            count.theirs == 30 && count.ours == 30,
            "{}: {count:?}",
            house.database
        );
        drop(reader);
        let [singly, ..] = calls_for_new_people(&house, 200).await?;
        ensure!(singly == 0, "{}: {singly} look-ups", house.database);
    }
    Ok(())
}

async fn open_alarms(house: &House) -> Result<Vec<AlarmCode>> {
    house.engine.step_alarms().await?;
    let mut reader = house.engine.store().read().await?;
    let alarms = reader.alarms(house.firm, false, None, 100).await?;
    Ok(alarms.into_iter().map(|alarm| alarm.code).collect())
}

fn setup(subscription: &str) -> Value {
    json!({
        "iysCode": IYS_CODE, "brandCode": IYS_CODE, "name": "Örnek", "username": IYS_USER,
        "password": IYS_PASSWORD, "subscription": subscription,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_does_not_work_and_a_silent_feed_raise_alarms_until_they_are_over()
-> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        house.work().await?;
        ensure!(open_alarms(&house).await?.is_empty());
        house.simulators.iys("brands", &setup("PAUSED")).await?;
        let yesterday = house.now().plus_micros(-HOUR_US);
        said(&house, 1, Status::Onay, yesterday).await?;
        house.work().await?;
        let open = open_alarms(&house).await?;
        ensure!(open == [AlarmCode::RegistryAccount], "{open:?}");
        // Six days and more without one change read to the end.
        house.pass(6 * DAY_US + HOUR_US);
        house.engine.step_registry().await?;
        let open = open_alarms(&house).await?;
        ensure!(open.contains(&AlarmCode::PullsMissing), "{open:?}");
        house.simulators.iys("brands", &setup("ACTIVE")).await?;
        hours_pass(&house, 2).await?;
        let open = open_alarms(&house).await?;
        let is_over = |code| !open.contains(&code);
        ensure!(
            is_over(AlarmCode::RegistryAccount) && is_over(AlarmCode::PullsMissing),
            "{open:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_stamp_that_iys_publishes_after_the_confirmation_is_fetched_later() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        said(
            &house,
            1,
            Status::Onay,
            house.now().plus_micros(-2 * HOUR_US),
        )
        .await?;
        house.work().await?;
        hours_pass(&house, 1).await?;
        let day = day_of(house.now());
        house.pass(DAY_US);
        house.work().await?;
        let late = json!({ "stamp_is_late": true });
        house.simulators.iys("options", &late).await?;
        while house.engine.step_agreements().await? == Step::Did {}
        let (firm, brand) = (house.firm, house.brand.id);
        let confirmed = house
            .engine
            .confirm_day(firm, brand, day, "usr_can")
            .await?;
        let stamp = confirmed.file.context("a file")?.stamp_path;
        ensure!(stamp.is_none(), "{stamp:?}");
        house.pass(2 * HOUR_US);
        while house.engine.step_agreements().await? == Step::Did {}
        let made = json!({ "stamp_is_late": false });
        house.simulators.iys("options", &made).await?;
        house.pass(2 * HOUR_US);
        while house.engine.step_agreements().await? == Step::Did {}
        let mut reader = house.engine.store().read().await?;
        let seen = reader.registry_day(brand, day).await?.context("the day")?;
        let stamp = seen.file.context("a file")?.stamp_path.context("a stamp")?;
        ensure!(std::fs::read(&stamp)?.len() > 10, "{stamp}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_week_the_ledger_is_recomputed_and_a_difference_raises_an_alarm() -> Result<()> {
    for house in House::each(RegistryMode::Off, as_it_is).await? {
        said(
            &house,
            1,
            Status::Onay,
            house.now().plus_micros(-2 * HOUR_US),
        )
        .await?;
        ensure!(house.engine.step_verify().await? == Step::Idle, "too young");
        house.pass(8 * DAY_US);
        ensure!(house.engine.step_verify().await? == Step::Did, "its turn");
        ensure!(house.engine.step_verify().await? == Step::Idle, "done");
        let mut reader = house.engine.store().read().await?;
        let checked = reader.ledger_checked(house.brand.id).await?;
        ensure!(checked.is_some_and(|checked| checked.fault.is_none()));
        let newest = reader
            .audit_trail(house.firm, store::audit::AuditFilter::default(), None, 1)
            .await?;
        ensure!(newest[0].action == "ledger.verified", "{newest:?}");
        drop(reader);
        ensure!(open_alarms(&house).await?.is_empty());
    }
    Ok(())
}
