//! The credit at the provider does not reach everybody (S502): nothing leaves
//! before a person has said what becomes of the others, and then exactly that.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, Upload, World, each_database, job, until,
};

const PEOPLE: i64 = 12;
const REACHED: i64 = 10;
const TAG: &str = "Kredi";

/// A lira a message, and credit for ten.
async fn credit(world: &World, messages: i64) -> Result<()> {
    let account = json!({ "balance_hundredths": 100 * messages, "price_hundredths": 100 });
    world.simulators.infobip("balance", &account).await
}

async fn people(world: &World, brand: &Brand) -> Result<()> {
    let mut list = "müşteri no;telefon\n".to_owned();
    for n in 1..=PEOPLE {
        writeln!(list, "K{n};+90532{n:07}")?;
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
    let rules = json!({ "part_price_micros": 1_000_000 });
    let path = format!("/brands/{}/sending-rules", brand.id);
    let set = world.client.call(Method::PUT, &path, Some(&rules), None);
    set.await?.success()?;
    Ok(())
}

async fn drafted(world: &World, brand: &Brand, batch_size: i64) -> Result<String> {
    let draft = json!({
        "brand_id": brand.id, "name": "Randevu", "channel": "MESAJ", "kind": "BIREYSEL",
        "basis": "INFORMATIONAL", "purpose": "randevu", "body": "Randevunuz yarin saat 10:00",
        "sender": "ORNEK", "connector_id": world.connector,
        "audience": { "type": "tag", "tag": TAG }, "batch_size": batch_size,
    });
    job::campaign(&world.client, &draft).await
}

async fn launched(world: &World, path: &str, choice: &str) -> Result<Value> {
    let wish = json!({ "when_credit_short": choice });
    world.client.post(&format!("{path}/launch"), &wish).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_credit_does_not_reach_is_asked_about_and_left_out_with_a_reason() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        people(world, &brand).await?;
        credit(world, REACHED).await?;
        let path = drafted(world, &brand, 4).await?;
        let page = world.client.get(&format!("{path}/go")).await?;
        let short = json!({ "code": "S502", "people": 2, "parts": 2, "reached": REACHED });
        ensure!(page["credit_short"] == short, "{page}");

        let place = format!("{path}/launch");
        for body in [json!({}), json!({ "when_credit_short": null })] {
            let refused = world.client.call(Method::POST, &place, Some(&body), None);
            let refused = refused.await?;
            ensure!(
                refused.status == 422 && refused.code() == "S502",
                "{refused:?}"
            );
        }
        let held = world.client.get(&path).await?;
        ensure!(held["state"] == "draft", "{held}");

        let moved = launched(world, &path, "cut").await?;
        let chosen = &moved["progress"]["credit"];
        ensure!(
            chosen["choice"] == "cut" && chosen["reached"] == REACHED && chosen["short"] == 2,
            "{moved}"
        );
        job::finished(&world.client, &path).await?;
        let report = job::reported(&world.client, &path).await?;
        job::reconciles(&report)?;
        ensure!(
            job::excluded(&report["excluded"]["reasons"], "S502") == 2,
            "{report}"
        );
        ensure!(report["sent"] == REACHED, "{report}");
        ensure!(world.simulators.accepted().await?.len() == 10);
        let left_out = format!("{path}/messages?state=excluded&code=S502");
        let left_out = world.client.get(&left_out).await?;
        let rows = left_out["items"].as_array().context("no rows")?;
        ensure!(rows.len() == 2, "{left_out}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_credit_gets_the_message_after_a_top_up_and_nobody_fails() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        people(world, &brand).await?;
        credit(world, REACHED).await?;
        // Ten are five requests of two.
        let path = drafted(world, &brand, 2).await?;
        launched(world, &path, "wait").await?;
        until("the end of the credit", async || {
            let account = format!("/connectors/{}", world.connector);
            let account = world.client.get(&account).await?;
            Ok((account["state"] == "broken").then_some(()))
        })
        .await?;
        let report = world.client.get(&format!("{path}/report")).await?;
        ensure!(
            report["held"]["waiting"] == 2 && report["failed"]["total"] == 0,
            "{report}"
        );
        credit(world, REACHED).await?;
        let account = format!("/connectors/{}/test", world.connector);
        world.client.post(&account, &json!({})).await?;
        job::finished(&world.client, &path).await?;
        let report = job::reported(&world.client, &path).await?;
        job::reconciles(&report)?;
        ensure!(
            report["sent"] == PEOPLE && report["failed"]["total"] == 0,
            "{report}"
        );
        let accepted = world.simulators.accepted().await?;
        ensure!(accepted.len() == 12 && accepted.values().all(|count| *count == 1));
        Ok(())
    })
    .await
}
