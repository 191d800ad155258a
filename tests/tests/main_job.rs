//! The main job on the real program: from a file to receipts, with exactly the
//! right people in between.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulators::infobip::{Outcome, Population as Fates};
use simulators::iys::Population;
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, Upload, World, confirmed, each_database, is_taken_by_iys, job,
    people_in, phones, until,
};

/// The six contacts: phone, and the code that keeps them from getting the
/// message; none for the one who gets it.
const SIX: [(&str, Option<&str>); 6] = [
    ("+905321234561", None),
    ("+905321234562", Some("S103")),
    ("+905321234563", Some("S101")),
    ("+905321234564", Some("S201")),
    ("+905321234565", Some("S102")),
    ("+905321234566", Some("S105")),
];
const TAG: &str = "Alti kisi";

const SAID_SOMETHING: &str = "\
Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi
K1;Kişi Bir;+905321234561;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K4;Kişi Dört;+905321234564;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K5;Kişi Beş;+905321234565;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K6;Kişi Altı;+905321234566;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Tacir
";
const SAID_NOTHING: &str = "\
Müşteri No;Ad Soyad;Telefon
K2;Kişi İki;+905321234562
K3;Kişi Üç;+905321234563
";

#[tokio::test(flavor = "multi_thread")]
async fn of_the_six_contacts_only_the_first_gets_the_message_and_every_view_gives_the_same_reasons()
-> Result<()> {
    let setup = Setup {
        limits: true,
        ..Setup::default()
    };
    each_database(setup, async |world| {
        for (mode, code) in [(Mode::Sync, IYS_CODE), (Mode::Integrator, IYS_CODE + 1)] {
            six_contacts(world, mode, code)
                .await
                .with_context(|| format!("in mode {}", mode.word()))?;
        }
        Ok(())
    })
    .await
}

async fn six_contacts(world: &World, mode: Mode, code: u64) -> Result<()> {
    let brand = world.brand(mode, code).await?;
    let before = world.simulators.accepted().await?;
    load_six(world, &brand).await?;
    let path = job::campaign(&world.client, &job::draft(world, &brand, TAG)).await?;
    let dry = world
        .client
        .post(&format!("{path}/dry-run"), &json!({}))
        .await?;
    ensure!(dry["target"] == 6 && dry["sendable"] == 1, "dry run: {dry}");
    every_reason_once(&dry["excluded"])?;
    every_page_agrees(world, &brand).await?;

    let report = job::sent(&world.client, &path).await?;
    ensure!(
        report["target"] == 6 && report["sent"] == 1 && report["delivered"] == 1,
        "report: {report}"
    );
    every_reason_once(&report["excluded"]["reasons"])?;
    job::reconciles(&report)?;
    every_message_agrees(world, &path).await?;
    every_page_agrees(world, &brand).await?;

    let mut accepted = world.simulators.accepted().await?;
    for (phone, count) in before {
        *accepted.entry(phone).or_default() -= count;
    }
    accepted.retain(|_, count| *count > 0);
    let only = [("905321234561".to_owned(), 1)].into();
    ensure!(accepted == only, "the provider accepted {accepted:?}");
    Ok(())
}

/// Brings the six into their states: by files, by the blacklist, and by what İYS holds.
async fn load_six(world: &World, brand: &Brand) -> Result<()> {
    let record = |phone: &str, kind: &str, status: &str, source: &str, date: &str| {
        json!({ "iysCode": IYS_CODE, "brandCode": brand.code, "recipient": phone, "recipientType": kind,
                "type": "MESAJ", "status": status, "source": source, "consentDate": date })
    };
    let held = json!({ "records": [
        record(SIX[0].0, "BIREYSEL", "ONAY", "HS_WEB", "2025-06-20 14:05:00"),
        record(SIX[3].0, "BIREYSEL", "ONAY", "HS_WEB", "2025-06-20 14:05:00"),
        record(SIX[5].0, "TACIR", "ONAY", "HS_WEB", "2025-06-20 14:05:00"),
    ] });
    world.simulators.iys("state", &held).await?;
    world
        .simulators
        .iys(
            "script",
            &json!({ "recipient": SIX[4].0, "add": { "answer": "enqueue" } }),
        )
        .await?;

    let nothing = world.write("iki.csv", SAID_NOTHING)?;
    let asks = json!({ "brand_id": brand.id, "name": "İki kişi", "tag": TAG, "action": "pull",
                       "default_recipient_kind": "BIREYSEL" });
    let asks = Upload {
        file_name: "iki.csv".into(),
        meta: asks,
    };
    job::imported(&world.client, &nothing, &asks)
        .await
        .context("the two who said nothing")?;
    // The second refuses at İYS itself, after we have come to know them.
    let refusal = record(
        SIX[1].0,
        "BIREYSEL",
        "RET",
        "IYS_WEB",
        "2025-06-22 21:30:00",
    );
    world
        .simulators
        .iys("state", &json!({ "records": [refusal] }))
        .await?;
    let something = world.write("dort.csv", SAID_SOMETHING)?;
    let id = job::applied(&world.client, &something, &job::push(brand, TAG)).await?;
    let stop = json!({ "addresses": [SIX[3].0], "cause": "blacklist" });
    world
        .client
        .post("/blacklist", &stop)
        .await
        .context("the blacklist")?;
    world
        .client
        .post(&format!("/registry/{}/pull", brand.id), &json!({}))
        .await?;
    match brand.mode {
        Mode::Sync => drop(job::asked(&world.client, &id).await?),
        Mode::Integrator => answered_but_for_the_fifth(world, brand, &id).await?,
    }
    Ok(())
}

/// İYS took the fifth's record and has not decided; everybody else is settled.
async fn answered_but_for_the_fifth(world: &World, brand: &Brand, id: &str) -> Result<()> {
    until("the fifth as the only one undecided", async || {
        let upload = world.client.get(&format!("/uploads/{id}")).await?;
        let queue = &upload["registry"];
        let is_alone = queue["pending"] == 0 && queue["in_flight"] == 0 && queue["waiting"] == 1;
        let registry = world.client.get(&format!("/registry/{}", brand.id)).await?;
        let is_known = registry["verdicts"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|row| {
                row["verdict"] == "PENDING" && row["kind"] == "BIREYSEL" && row["count"] == 1
            });
        Ok((is_alone && is_known).then_some(()))
    })
    .await
}

fn every_reason_once(reasons: &Value) -> Result<()> {
    let found: BTreeSet<(&str, i64)> = reasons
        .as_array()
        .into_iter()
        .flatten()
        .map(|reason| {
            (
                reason["code"].as_str().unwrap_or("?"),
                reason["count"].as_i64().unwrap_or(-1),
            )
        })
        .collect();
    let expected: BTreeSet<_> = SIX
        .iter()
        .filter_map(|(_, code)| code.map(|code| (code, 1)))
        .collect();
    ensure!(
        found == expected,
        "reasons {found:?} instead of {expected:?}"
    );
    for reason in reasons.as_array().into_iter().flatten() {
        for text in ["text_tr", "text_en", "next_tr", "next_en"] {
            ensure!(
                reason[text].as_str().is_some_and(|text| !text.is_empty()),
                "{text} is missing: {reason}"
            );
        }
    }
    Ok(())
}

/// The page of each contact and the command say the same.
async fn every_page_agrees(world: &World, brand: &Brand) -> Result<()> {
    for (phone, code) in SIX {
        let found = world
            .client
            .get(&format!(
                "/contacts?query=%2B{}",
                phone.trim_start_matches('+')
            ))
            .await?;
        let id = found["items"][0]["id"]
            .as_str()
            .with_context(|| format!("{phone} is not found: {found}"))?;
        let path = format!(
            "/contacts/{id}/why?brand_id={}&channel=MESAJ&kind=BIREYSEL&basis=COMMERCIAL",
            brand.id
        );
        let page = world.client.get(&path).await?;
        ensure!(
            page["headline"]["code"].as_str() == code,
            "{phone} on the page: {page}"
        );
        ensure!(
            page["sendable"] == code.is_none(),
            "{phone} on the page: {page}"
        );
        let said = world
            .program
            .json(["contact", "why", phone, "--brand", &brand.id])
            .await?;
        ensure!(
            said["headline"].as_str() == code,
            "{phone} by command: {said}"
        );
        ensure!(
            said["sendable"] == code.is_none(),
            "{phone} by command: {said}"
        );
    }
    Ok(())
}

/// The campaign's own list of people.
async fn every_message_agrees(world: &World, path: &str) -> Result<()> {
    let list = world
        .client
        .get(&format!("{path}/messages?limit=50"))
        .await?;
    let found: BTreeSet<(String, Option<String>)> = list["items"]
        .as_array()
        .context("no messages are listed")?
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().map(str::to_owned);
            (text("address").unwrap_or_default(), text("code"))
        })
        .collect();
    let expected: BTreeSet<_> = SIX
        .map(|(phone, code)| (phone.to_owned(), code.map(str::to_owned)))
        .into();
    ensure!(found == expected, "messages {found:?}");
    Ok(())
}

const ROWS: u64 = 3_000;

fn registry_rule() -> Population {
    Population::new(82, 7)
}

fn fates() -> Fates {
    Fates {
        rejected_pct: 1,
        undelivered_pct: 3,
        expired_pct: 1,
        none_pct: 0,
    }
}

async fn whole_job(world: &World, mode: Mode, code: u64, seed: u64) -> Result<()> {
    let brand = world.brand(mode, code).await?;
    world
        .simulators
        .iys("population", &json!(registry_rule()))
        .await?;
    world
        .simulators
        .infobip("population", &json!(fates()))
        .await?;
    let file = job::generated(world, ROWS, 6, seed).await?;
    let people = people_in(world, &file, &brand).await?;
    let expected = phones(&confirmed(&people, mode, &registry_rule()));
    ensure!(
        expected.len() > 500,
        "a file that says nothing: {} people",
        expected.len()
    );

    let tag = format!("Liste {code}");
    let upload = job::imported(&world.client, &file, &job::push(&brand, &tag)).await?;
    // Two people on one phone are two records of one key, which is asked about once.
    let known: BTreeSet<_> = people
        .iter()
        .filter(|person| is_taken_by_iys(&person.address))
        .map(|person| (&person.address, &person.channel, &person.kind))
        .collect();
    let known = known.len();
    everyone_was_asked(world, &brand, known, &upload).await?;
    if mode == Mode::Integrator {
        what_was_missing_was_added(world, &brand, &people).await?;
    }

    let before = world.simulators.accepted().await?;
    let path = job::campaign(&world.client, &job::draft(world, &brand, &tag)).await?;
    let dry = world
        .client
        .post(&format!("{path}/dry-run"), &json!({}))
        .await?;
    ensure!(
        dry["sendable"].as_u64() == Some(expected.len() as u64),
        "dry run: {dry}"
    );
    let report = job::sent(&world.client, &path).await?;
    job::reconciles(&report)?;

    let mut accepted = world.simulators.accepted().await?;
    for (phone, count) in &before {
        *accepted.entry(phone.clone()).or_default() -= count;
    }
    accepted.retain(|_, count| *count > 0);
    let fate = |outcome: Outcome| {
        expected
            .iter()
            .filter(|to| fates().outcome_of(to) == outcome)
            .count() as u64
    };
    let got: BTreeSet<String> = accepted.keys().cloned().collect();
    let wanted: BTreeSet<String> = expected
        .iter()
        .filter(|to| fates().outcome_of(to) != Outcome::Rejected)
        .cloned()
        .collect();
    ensure!(
        got == wanted,
        "messaged but should not be: {:?}; should be and were not: {:?}",
        got.difference(&wanted).take(5).collect::<Vec<_>>(),
        wanted.difference(&got).take(5).collect::<Vec<_>>()
    );
    ensure!(
        accepted.values().all(|count| *count == 1),
        "somebody was messaged twice"
    );
    for (pointer, count) in [
        ("/sent", expected.len() as u64),
        ("/delivered", fate(Outcome::Delivered)),
        ("/failed/refused", fate(Outcome::Rejected)),
        ("/failed/undelivered", fate(Outcome::Undelivered)),
        ("/failed/expired", fate(Outcome::Expired)),
        ("/held/total", 0),
        ("/open", 0),
    ] {
        ensure!(
            report.pointer(pointer).and_then(Value::as_u64) == Some(count),
            "{pointer} is not {count}: {report}"
        );
    }
    let ledger = world
        .program
        .json(["ledger", "verify", "--brand", &brand.id])
        .await?;
    ensure!(
        ledger["fault"].is_null() && ledger["events"].as_u64() > Some(0),
        "the ledger: {ledger}"
    );
    Ok(())
}

/// İYS was asked about every accepted record, and has answered.
async fn everyone_was_asked(
    world: &World,
    brand: &Brand,
    records: usize,
    upload: &Value,
) -> Result<()> {
    ensure!(
        upload["registry"]["last_error"].is_null(),
        "İYS was angry: {}",
        upload["registry"]
    );
    let asked = world.simulators.iys_stats().await?["addresses_asked"]
        .as_u64()
        .unwrap_or(0);
    ensure!(
        asked >= records as u64,
        "İYS was asked about {asked} of {records} records"
    );
    let registry = world.client.get(&format!("/registry/{}", brand.id)).await?;
    let answered: i64 = registry["verdicts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["verdict"] != "UNASKED")
        .filter_map(|row| row["count"].as_i64())
        .sum();
    ensure!(
        answered >= i64::try_from(records)?,
        "{answered} of {records} records have an answer: {registry}"
    );
    Ok(())
}

/// Every approval that İYS did not know is recorded there now, once, and no
/// citizen's refusal was touched.
async fn what_was_missing_was_added(
    world: &World,
    brand: &Brand,
    people: &[system_tests::system::Person],
) -> Result<()> {
    let rule = registry_rule();
    let mut added = BTreeSet::new();
    for record in world.simulators.recorded().await? {
        ensure!(
            record["brandCode"] == brand.code,
            "an add in another brand's name: {record}"
        );
        let address = record["recipient"].as_str().unwrap_or_default().to_owned();
        ensure!(
            !(record["status"] == "ONAY" && rule.status_of(&address) == Some("RET")),
            "a citizen's refusal was overwritten: {record}"
        );
        let channel = record["type"].as_str().unwrap_or_default().to_owned();
        let kind = record["recipientType"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        ensure!(
            added.insert((address, channel, kind)),
            "recorded twice: {record}"
        );
    }
    for person in people.iter().filter(|person| person.status == "ONAY") {
        let key = (
            person.address.clone(),
            person.channel.clone(),
            person.kind.clone(),
        );
        if rule.status_of(&person.address).is_none() && is_taken_by_iys(&person.address) {
            ensure!(added.contains(&key), "not added: {person:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sync_mode_a_file_of_thousands_reaches_exactly_the_people_whom_iys_confirms()
-> Result<()> {
    let setup = Setup {
        limits: true,
        ..Setup::default()
    };
    each_database(setup, async |world| {
        whole_job(world, Mode::Sync, IYS_CODE, 11).await?;
        let recorded = world.simulators.recorded().await?;
        // Refusals of people whom İYS knows are told; nothing is created.
        let created: Vec<_> = recorded
            .iter()
            .filter(|record| record["status"] != "RET")
            .collect();
        ensure!(created.is_empty(), "sync mode created records: {created:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_integrator_mode_missing_records_are_added_and_the_people_become_sendable() -> Result<()>
{
    let unlimited = ("IZINLI__REGISTRY__CALLS_PER_SECOND", "0".to_owned());
    let setup = Setup {
        settings: vec![unlimited],
        ..Setup::default()
    };
    each_database(setup, async |world| {
        whole_job(world, Mode::Integrator, IYS_CODE, 12).await
    })
    .await
}
