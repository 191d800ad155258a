//! What changes at İYS reaches the program, on the real program: feeds, gaps,
//! pushes, the first load, the daily agreement and changes of mode.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::iys::Population;
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, Upload, World, each_database, job, until,
};

const DAY_S: i64 = 86_400;
const FIRST: &str = "+905321234561";
const SECOND: &str = "+905321234562";
const TAG: &str = "Deneme";
const TWO: &str = "\
Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi
K1;Kişi Bir;+905321234561;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K2;Kişi İki;+905321234562;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
";

/// A record at İYS that was written when it was said.
fn record(brand: &Brand, phone: &str, status: &str, source: &str, date: &str) -> Value {
    json!({ "iysCode": IYS_CODE, "brandCode": brand.code, "recipient": phone,
            "recipientType": "BIREYSEL", "type": "MESAJ", "status": status, "source": source,
            "consentDate": date })
}

async fn at_iys(world: &World, records: &[Value]) -> Result<()> {
    world
        .simulators
        .iys("state", &json!({ "records": records }))
        .await
}

/// Two people who said ONAY and whom İYS confirms.
async fn two_people(world: &World, brand: &Brand) -> Result<()> {
    at_iys(
        world,
        &[
            record(brand, FIRST, "ONAY", "HS_WEB", "2025-06-20 14:05:00"),
            record(brand, SECOND, "ONAY", "HS_WEB", "2025-06-20 14:05:00"),
        ],
    )
    .await?;
    let file = world.write("iki.csv", TWO)?;
    job::imported(&world.client, &file, &job::push(brand, TAG)).await?;
    Ok(())
}

async fn status(world: &World, brand: &Brand) -> Result<Value> {
    world.client.get(&format!("/registry/{}", brand.id)).await
}

fn light<'a>(status: &'a Value, code: &str) -> &'a Value {
    status["lights"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|light| light["code"] == code)
        .unwrap_or(&Value::Null)
}

/// The people of a verdict on text messages.
fn verdicts(status: &Value, verdict: &str) -> i64 {
    status["verdicts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|count| count["verdict"] == verdict)
        .filter_map(|count| count["count"].as_i64())
        .sum()
}

async fn has_refused(world: &World, brand: &Brand, count: i64) -> Result<()> {
    until("a refusal from İYS", async || {
        let seen = status(world, brand).await?;
        Ok((verdicts(&seen, "RET") == count).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refuses_between_dry_run_and_launch_is_not_sent_to() -> Result<()> {
    let setup = Setup {
        settings: vec![("IZINLI__REGISTRY__LAUNCH_ANSWER_SECONDS", "0".to_owned())],
        ..Setup::default()
    };
    each_database(setup, async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        two_people(world, &brand).await?;
        let path = job::campaign(&world.client, &job::draft(world, &brand, TAG)).await?;
        let dry = world
            .client
            .post(&format!("{path}/dry-run"), &json!({}))
            .await?;
        ensure!(dry["sendable"] == 2, "dry run: {dry}");
        // Too fresh for the feed, which is an hour behind.
        let refusal = record(&brand, FIRST, "RET", "IYS_KISAMESAJ", "2025-06-23 09:59:00");
        at_iys(world, &[refusal]).await?;
        let report = job::sent(&world.client, &path).await?;
        ensure!(
            report["sent"] == 1 && report["delivered"] == 1,
            "report: {report}"
        );
        let accepted = world.simulators.accepted().await?;
        ensure!(
            !accepted.contains_key("905321234561"),
            "accepted: {accepted:?}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_eight_days_without_the_feed_everybody_is_asked_before_anybody_is_sent_to()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        // A brand that would rely on an answer for a month.
        let patient = json!({ "freshness_hours": 720 });
        let path = format!("/brands/{}", brand.id);
        world
            .client
            .call(Method::PATCH, &path, Some(&patient), None)
            .await?
            .success()?;
        two_people(world, &brand).await?;
        world
            .client
            .post(&format!("/registry/{}/pull", brand.id), &json!({}))
            .await?;
        world.kill().await?;
        // Refused the same afternoon; in eight days the feed has forgotten it.
        let refusal = record(&brand, SECOND, "RET", "IYS_WEB", "2025-06-23 15:00:00");
        at_iys(world, &[refusal]).await?;
        world.simulators.forward(8 * DAY_S);
        world.restart().await?;
        let path = job::campaign(&world.client, &job::draft(world, &brand, TAG)).await?;
        let report = job::sent(&world.client, &path).await?;
        ensure!(report["sent"] == 1, "report: {report}");
        let accepted = world.simulators.accepted().await?;
        ensure!(
            !accepted.contains_key("905321234562"),
            "accepted: {accepted:?}"
        );
        let seen = until("the end of the comparison", async || {
            let seen = status(world, &brand).await?;
            let is_done = seen["comparison"]["state"] == "done";
            Ok(is_done.then_some(seen))
        })
        .await?;
        ensure!(seen["comparison"]["purpose"] == "gap", "{seen}");
        ensure!(light(&seen, "gap")["ok"] == true, "{seen}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_somebody_unknown_holds_when_a_file_brings_the_address() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let refusal = record(&brand, FIRST, "RET", "IYS_WEB", "2025-06-22 21:30:00");
        at_iys(world, &[refusal]).await?;
        let pulled = world
            .client
            .post(&format!("/registry/{}/pull", brand.id), &json!({}))
            .await?;
        ensure!(pulled["strangers"] == 1, "{pulled}");
        let file = world.write("iki.csv", TWO)?;
        let upload = Upload {
            file_name: "iki.csv".into(),
            meta: json!({ "brand_id": brand.id, "name": TAG, "tag": TAG, "action": "local",
                          "default_recipient_kind": "BIREYSEL" }),
        };
        let id = job::applied(&world.client, &file, &upload).await?;
        let rejected = world
            .client
            .get(&format!("/uploads/{id}/rejections"))
            .await?;
        ensure!(rejected.to_string().contains("R806"), "{rejected}");
        let seen = status(world, &brand).await?;
        ensure!(
            verdicts(&seen, "RET") == 1 && seen["strangers"] == 0,
            "{seen}"
        );
        let recorded = world.simulators.recorded().await?;
        ensure!(recorded.is_empty(), "nothing goes to İYS: {recorded:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_iys_pushes_stops_sending_within_seconds() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        two_people(world, &brand).await?;
        world
            .simulators
            .iys("options", &json!({ "push_allows_http": true }))
            .await?;
        let path = format!("/registry/{}/push-address", brand.id);
        let address = world.client.post(&path, &json!({})).await?;
        let url = address["url"].as_str().context("no address")?;
        let stranger = reqwest::Client::builder().no_proxy().build()?;
        let answer = stranger
            .post(url)
            .json(&json!({ "list": [] }))
            .send()
            .await?;
        ensure!(
            answer.status() == 401,
            "an unknown caller got {}",
            answer.status()
        );
        // As fresh as the feed never is.
        let refusal = record(&brand, FIRST, "RET", "IYS_MOBIL", "2025-06-23 09:59:30");
        at_iys(world, &[refusal]).await?;
        has_refused(world, &brand, 1).await?;
        let campaign = job::campaign(&world.client, &job::draft(world, &brand, TAG)).await?;
        let dry = world
            .client
            .post(&format!("{campaign}/dry-run"), &json!({}))
            .await?;
        ensure!(dry["sendable"] == 1, "dry run: {dry}");
        ensure!(
            job::excluded(&dry["excluded"], "S103") == 1,
            "dry run: {dry}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_that_is_killed_goes_on_and_asks_nobody_twice() -> Result<()> {
    const PEOPLE: u64 = 12_000;
    let setup = Setup {
        settings: vec![
            ("IZINLI__REGISTRY__CALLS_PER_SECOND", "3".to_owned()),
            ("IZINLI__REGISTRY__SWEEP_LISTS_AHEAD", "2".to_owned()),
            ("IZINLI__REGISTRY__CONCURRENCY", "1".to_owned()),
        ],
        ..Setup::default()
    };
    each_database(setup, async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let off = json!({ "registry_mode": "off" });
        world
            .client
            .call(
                Method::PATCH,
                &format!("/brands/{}", brand.id),
                Some(&off),
                None,
            )
            .await?
            .success()?;
        let rule = serde_json::to_value(Population::new(70, 10))?;
        world.simulators.iys("population", &rule).await?;
        let file = job::generated(world, PEOPLE, 0, 5).await?;
        let upload = Upload {
            meta: json!({ "brand_id": brand.id, "name": TAG, "tag": TAG, "action": "local",
                          "default_recipient_kind": "BIREYSEL" }),
            ..job::push(&brand, TAG)
        };
        job::applied(&world.client, &file, &upload).await?;
        let registry = format!("/registry/{}", brand.id);
        let wanted = json!({ "mode": "sync" });
        let preview = world
            .client
            .post(&format!("{registry}/mode/preview"), &wanted)
            .await?;
        let made = json!({ "preview_id": preview["id"] });
        let begun = world
            .client
            .post(&format!("{registry}/mode"), &made)
            .await?;
        ensure!(begun["comparison"]["purpose"] == "first_load", "{begun}");
        let total = begun["comparison"]["total"].as_i64().context("no total")?;
        ensure!(total > 5_000, "{begun}");
        until("forty percent of the first load", async || {
            let seen = world.client.get(&format!("{registry}/compare")).await?;
            let asked = seen["asked"].as_i64().unwrap_or(0);
            Ok((asked * 10 >= total * 4).then_some(()))
        })
        .await?;
        world.restart().await?;
        let done = until("the end of the first load", async || {
            let seen = world.client.get(&format!("{registry}/compare")).await?;
            Ok((seen["state"] == "done").then_some(seen))
        })
        .await?;
        ensure!(done["asked"] == total, "{done}");
        let stats = world.simulators.iys_stats().await?;
        let asked = stats["addresses_asked"].as_i64().context("no count")?;
        // The list that was under way when the process was killed is asked
        // again, and so are lists in which İYS would not hear of an address.
        ensure!((total..total * 2).contains(&asked), "{asked} of {total}");
        let seen = status(world, &brand).await?;
        let confirmed = verdicts(&seen, "ONAY");
        ensure!(confirmed > total / 2, "{seen}");
        // Ends with another code when a single hash differs.
        world
            .program
            .json(["ledger", "verify", "--brand", &brand.id])
            .await?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_confirmed_only_when_both_sides_agree_and_a_difference_names_the_person()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let file = world.write("iki.csv", TWO)?;
        job::imported(&world.client, &file, &job::push(&brand, TAG)).await?;
        world.kill().await?;
        world.simulators.forward(DAY_S);
        world.restart().await?;
        let day = "2025-06-23";
        let drift = format!("/registry/{}/drift", brand.id);
        let path = format!("{drift}/{day}");
        let matching = until("yesterday's agreement", async || {
            let days = world.client.get(&drift).await?;
            let found = days["items"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|one| one["day"] == day && one["state"] != "open");
            Ok(found.cloned())
        })
        .await?;
        ensure!(
            matching["state"] == "matches" && matching["rows"] == 2,
            "{matching}"
        );
        let settled = world.client.post(&path, &json!({})).await?;
        ensure!(settled["day"]["differences"] == 0, "{settled}");
        // One more movement of that day, which no feed has told.
        let mut refusal = record(&brand, FIRST, "RET", "IYS_WEB", "2025-06-23 22:00:00");
        refusal["creationDate"] = "2025-06-23 22:00:01".into();
        at_iys(world, &[refusal]).await?;
        let differs = world.client.post(&path, &json!({})).await?;
        ensure!(differs["day"]["differences"] == 2, "{differs}");
        let named: Vec<&str> = differs["people"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["recipient"].as_str())
            .collect();
        ensure!(named == [FIRST, FIRST], "{differs}");
        // What only İYS had is taken over: the person is refused from now on.
        let seen = status(world, &brand).await?;
        ensure!(verdicts(&seen, "RET") == 1, "{seen}");
        let again = world.client.post(&path, &json!({})).await?;
        ensure!(
            again["day"]["differences"] == 0 && again["day"]["state"] == "matches",
            "{again}"
        );
        let confirmed = world
            .client
            .post(&format!("{path}/confirm"), &json!({}))
            .await?;
        ensure!(confirmed["state"] == "confirmed", "{confirmed}");
        ensure!(confirmed["is_stamped"] == true, "{confirmed}");
        let twice = world
            .client
            .call(
                Method::POST,
                &format!("{path}/confirm"),
                Some(&json!({})),
                None,
            )
            .await?;
        ensure!(twice.status == 409, "{twice:?}");
        let archived = confirmed["archived_at"].as_str().context("no archive")?;
        ensure!(
            std::fs::read_to_string(archived)?.lines().count() == 4,
            "{archived}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mode_is_counted_before_it_is_made_and_a_missing_right_is_a_red_light() -> Result<()>
{
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let file = world.write("iki.csv", TWO)?;
        at_iys(
            world,
            &[record(
                &brand,
                FIRST,
                "ONAY",
                "HS_WEB",
                "2025-06-20 14:05:00",
            )],
        )
        .await?;
        job::imported(&world.client, &file, &job::push(&brand, TAG)).await?;
        let patched = world
            .client
            .call(
                Method::PATCH,
                &format!("/brands/{}", brand.id),
                Some(&json!({ "registry_mode": "integrator" })),
                None,
            )
            .await?;
        ensure!(patched.status == 409, "{patched:?}");
        let registry = format!("/registry/{}", brand.id);
        let preview = world
            .client
            .post(
                &format!("{registry}/mode/preview"),
                &json!({ "mode": "integrator" }),
            )
            .await?;
        ensure!(
            preview["creatable"] == 1 && preview["become_unsendable"] == 0,
            "{preview}"
        );
        ensure!(
            world.simulators.recorded().await?.is_empty(),
            "sync creates nobody"
        );
        let made = json!({ "preview_id": preview["id"] });
        let changed = world
            .client
            .post(&format!("{registry}/mode"), &made)
            .await?;
        ensure!(changed["mode"] == "integrator", "{changed}");
        let again = world
            .client
            .call(Method::POST, &format!("{registry}/mode"), Some(&made), None)
            .await?;
        ensure!(again.status == 409, "{again:?}");
        until("the record that was missing", async || {
            let recorded = world.simulators.recorded().await?;
            Ok((recorded.len() == 1 && recorded[0]["recipient"] == SECOND).then_some(()))
        })
        .await?;

        let barred = world.brand(Mode::Integrator, IYS_CODE + 1).await?;
        let setup = json!({
            "iysCode": IYS_CODE, "brandCode": barred.code, "name": "Örnek",
            "username": system_tests::system::IYS_USER,
            "password": system_tests::system::IYS_PASSWORD,
            "permissions": { "EPOSTA": "write", "ARAMA": "write", "agreementControl": true },
        });
        world.simulators.iys("brands", &setup).await?;
        // Asked again after a start, since rights are asked once a day.
        world.kill().await?;
        world.simulators.forward(DAY_S + 600);
        world.restart().await?;
        until("a red light", async || {
            let seen = status(world, &barred).await?;
            Ok((light(&seen, "mesaj")["ok"] == false).then_some(()))
        })
        .await?;
        let made = world
            .client
            .upload(&file, &job::push(&barred, "Yetkisiz"), None)
            .await?
            .success()?;
        let id = made["id"].as_str().context("no id")?;
        let seen = job::judged(&world.client, id).await?;
        ensure!(
            seen["state"] == "refused" && seen["refusal"]["code"] == "F118",
            "the preview says it: {seen}"
        );
        Ok(())
    })
    .await
}
