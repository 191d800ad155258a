//! Promotion codes through the whole program: a list with fewer codes than
//! people, a campaign, and a process that is killed while the codes are given
//! and while they leave. The judge is the provider's own record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::system::{
    Brand, IYS_CODE, Mode, Setup, Upload, World, each_database, job, until,
};

const PEOPLE: usize = 300;
/// Codes that are kept for the first people.
const MEANT: usize = 20;
/// Codes that anybody may get.
const POOL: usize = 180;
const TAG: &str = "Kupon";
const LIST: &str = "Yaz kuponu";
const KILLS: usize = 6;

fn phone(n: usize) -> String {
    format!("90532{n:07}")
}

async fn people(world: &World, brand: &Brand) -> Result<()> {
    let mut list = "müşteri no;telefon\n".to_owned();
    for n in 1..=PEOPLE {
        writeln!(list, "K{n};+{}", phone(n))?;
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
    Ok(())
}

fn codes_upload(brand: &Brand) -> Upload {
    Upload {
        file_name: "kodlar.csv".to_owned(),
        meta: json!({
            "brand_id": brand.id, "name": "Kodlar", "tag": LIST, "purpose": "promotion",
            "action": "local", "expires_on": "2099-12-31",
        }),
    }
}

/// Uploads the codes and gives the promotion.
async fn codes(world: &World, brand: &Brand) -> Result<Value> {
    let mut list = "externalid;promotionvalue\n".to_owned();
    for n in 1..=MEANT {
        writeln!(list, "K{n};OZEL-{n:04}")?;
    }
    for n in 1..=POOL {
        writeln!(list, ";HAVUZ-{n:04}")?;
    }
    // Nobody has this number, and this code is another person's.
    list.push_str("YOK-1;BOSA-0001\nK99;OZEL-0001\n");
    let file = world.write("kodlar.csv", &list)?;
    let id = job::applied(&world.client, &file, &codes_upload(brand)).await?;
    let upload = world.client.get(&format!("/uploads/{id}")).await?;
    ensure!(upload["created"] == MEANT + POOL, "{upload}");
    ensure!(
        upload["rejected"] == 2 && upload["expires_on"] == "2099-12-31",
        "{upload}"
    );
    let refused = world
        .client
        .get(&format!("/uploads/{id}/rejections"))
        .await?;
    let refused: BTreeSet<&str> = refused["items"]
        .as_array()
        .context("no rows")?
        .iter()
        .filter_map(|row| row["code"].as_str())
        .collect();
    ensure!(refused == BTreeSet::from(["R406", "R809"]), "{refused:?}");

    // The same file again changes nothing.
    let upload = codes_upload(brand);
    let again = world.client.upload(&file, &upload, None).await?.success()?;
    let path = format!("/uploads/{}", again["id"].as_str().context("no id")?);
    let again = until("the same file again", async || {
        let seen = world.client.get(&path).await?;
        Ok((seen["state"] == "refused").then_some(seen))
    });
    ensure!(again.await?["refusal"]["code"] == "F116");
    promotion(world).await
}

async fn promotion(world: &World) -> Result<Value> {
    let list = world.client.get("/promotions").await?;
    let found = list["items"].as_array().and_then(|items| items.first());
    found.cloned().context("no promotion")
}

async fn drafted(world: &World, brand: &Brand, promotion: &Value) -> Result<String> {
    let draft = json!({
        "brand_id": brand.id, "name": "Kuponunuz", "channel": "MESAJ", "kind": "BIREYSEL",
        "basis": "INFORMATIONAL", "purpose": "kupon", "body": "Kodunuz: {{promosyon_kodu}}",
        "sender": "ORNEK", "connector_id": world.connector, "promotion_id": promotion["id"],
        "audience": { "type": "tag", "tag": TAG }, "batch_size": 10,
    });
    let path = job::campaign(&world.client, &draft).await?;
    approved(world, &path).await?;
    Ok(path)
}

/// A code is a promotion, whatever the ground: somebody else must have looked.
async fn approved(world: &World, path: &str) -> Result<()> {
    world
        .client
        .post(&format!("{path}/submit"), &json!({}))
        .await?;
    let key = json!({ "name": "onay", "role": "approver" });
    let key = world.client.post("/api-keys", &key).await?;
    let place = world.client.site(&format!("/api/v1{path}/approve"));
    let answer = reqwest::Client::new()
        .post(place)
        .bearer_auth(key["key"].as_str().context("no key")?)
        .json(&json!({}))
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

/// What each phone got, text by text.
async fn texts(world: &World) -> Result<BTreeMap<String, Vec<String>>> {
    let mut got: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in world.simulators.received().await? {
        let to = message["to"].as_str().context("no number")?.to_owned();
        let text = message["text"].as_str().context("no text")?;
        let code = text.strip_prefix("Kodunuz: ").context("another text")?;
        got.entry(to).or_default().push(code.to_owned());
    }
    Ok(got)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_fewer_codes_than_people_nobody_gets_a_second_one_and_no_code_a_second_person_however_often_the_program_dies()
-> Result<()> {
    let given = std::env::var("IZINLI_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    eprintln!("IZINLI_SEED={seed}");
    let setup = Setup {
        settings: vec![("IZINLI__DISPATCH__CONCURRENCY", "2".to_owned())],
        ..Setup::default()
    };
    each_database(setup, async |world| {
        let mut dice = StdRng::seed_from_u64(seed);
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        people(world, &brand).await?;
        let list = codes(world, &brand).await?;
        ensure!(list["left"] == MEANT + POOL && list["pool_left"] == POOL);
        let slow = json!({ "kind": "delay", "delay_ms": 40, "after_accept": true, "path_prefix": "/sms/3/messages" });
        world.simulators.infobip("faults", &slow).await?;

        let path = drafted(world, &brand, &list).await?;
        let run = world.client.post(&format!("{path}/dry-run"), &json!({})).await?;
        let short = PEOPLE - MEANT - POOL;
        ensure!(run["sendable"] == MEANT + POOL, "{run}");
        ensure!(job::excluded(&run["excluded"], "S406") == i64::try_from(short)?, "{run}");
        ensure!(run["promotion"]["pool"] == POOL && run["promotion"]["short"] == short, "{run}");

        // Counted with a code that is none, as long as the longest.
        let measured = world
            .client
            .post(&format!("{path}/measure"), &json!({}))
            .await?;
        ensure!(measured["longest"] == "Kodunuz: ORNEKKODOR", "{measured}");

        // Killed while the codes are given and while they leave.
        world.client.post(&format!("{path}/launch"), &json!({})).await?;
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(dice.random_range(5..=250))).await;
            world.kill().await?;
            world.spawn()?;
            world.ready().await?;
        }
        job::finished(&world.client, &path).await?;
        let report = job::reported(&world.client, &path).await?;
        job::reconciles(&report)?;
        ensure!(report["sent"] == MEANT + POOL, "{report}");
        ensure!(
            job::excluded(&report["excluded"]["reasons"], "S406") == i64::try_from(short)?,
            "{report}"
        );

        let got = texts(world).await?;
        ensure!(got.len() == MEANT + POOL, "{} people", got.len());
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for (to, codes) in &got {
            ensure!(codes.len() == 1, "{to} got {codes:?}");
            let before = owners.insert(&codes[0], to);
            ensure!(before.is_none(), "{} went to {before:?} and {to}", codes[0]);
        }
        for n in 1..=MEANT {
            ensure!(got[&phone(n)] == [format!("OZEL-{n:04}")], "{:?}", got[&phone(n)]);
        }
        let list = promotion(world).await?;
        ensure!(list["given"] == MEANT + POOL && list["left"] == 0, "{list}");

        same_code_again(world, &brand, &list, &got).await?;
        exported(world, &list, &got).await
    })
    .await
}

/// A second campaign finds everybody with the code they have, and nobody else
/// with one; a list with given codes is not forgotten.
async fn same_code_again(
    world: &World,
    brand: &Brand,
    list: &Value,
    got: &BTreeMap<String, Vec<String>>,
) -> Result<()> {
    let path = drafted(world, brand, list).await?;
    job::sent(&world.client, &path).await?;
    let now = texts(world).await?;
    ensure!(now.len() == got.len(), "{} people", now.len());
    for (to, codes) in &now {
        ensure!(codes.len() == 2 && codes[0] == codes[1], "{to}: {codes:?}");
    }
    let place = format!("/promotions/{}", list["id"].as_str().context("no id")?);
    let refused = world
        .client
        .call(Method::DELETE, &place, None, None)
        .await?;
    ensure!(refused.status == 409, "{refused:?}");

    // What a person was told can be proved.
    let messages = world.simulators.messages().await?;
    let (id, to) = messages.last().context("nobody got anything")?;
    let proof = world.client.get(&format!("/messages/{id}/proof")).await?;
    let code = &got[to][0];
    ensure!(proof.to_string().contains(code.as_str()), "{code}: {proof}");
    Ok(())
}

/// The export says of every code whose it is, and stands in the trail.
async fn exported(world: &World, list: &Value, got: &BTreeMap<String, Vec<String>>) -> Result<()> {
    let place = format!(
        "/promotions/{}/codes",
        list["id"].as_str().context("no id")?
    );
    let file = String::from_utf8(world.client.file(&place).await?)?;
    let mut told = 0;
    for line in file.lines().skip(1) {
        let cells: Vec<&str> = line.split(';').collect();
        let [code, number, address, ..] = cells.as_slice() else {
            anyhow::bail!("a row without a person: {line}");
        };
        let number: usize = number.trim_start_matches('K').parse()?;
        ensure!(got[&phone(number)][0] == *code, "{line}");
        ensure!(address.contains(&phone(number)), "{line}");
        told += 1;
    }
    ensure!(told == got.len(), "{told} rows");
    let trail = world.client.get("/audit?action=promotion.export").await?;
    let entry = trail["items"].as_array().and_then(|items| items.first());
    ensure!(entry.is_some(), "{trail}");
    Ok(())
}
