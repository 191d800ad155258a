//! Attributes in the real program: defined by a command, filled by a file,
//! masked by role, and in a message that the provider got.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, Upload, World, each_database, job};

const BODY: &str = "Sayin {{ad}}, {{harcama}} TL puaniniz {{son_gun}} gunu biter. \
    ORNEK SAGLIK AS Mersis 0123456789012345 RET ORNEK yaz 3338";

fn push(brand: &Brand, name: &str) -> Upload {
    let mut upload = job::push(brand, name);
    upload.meta["mapping"] = json!({ "attributes": { "Puan bitişi": "son_gun" } });
    upload
}

async fn define(world: &World, code: &str, more: &[&str]) -> Result<()> {
    let base = [
        "attribute",
        "create",
        "--firm",
        &world.firm,
        "--code",
        code,
        "--label",
    ];
    let all: Vec<&str> = base.into_iter().chain(more.iter().copied()).collect();
    world.program.json(all).await.map(drop)
}

async fn texts(world: &World) -> Result<Vec<String>> {
    let all = world.simulators.received().await?;
    let texts = all.iter().filter_map(|message| message["text"].as_str());
    Ok(texts.map(str::to_owned).collect())
}

async fn person(world: &World) -> Result<Value> {
    let found = world.client.get("/contacts?query=05320060001").await?;
    let id = found["items"][0]["id"]
        .as_str()
        .context("nobody is found")?;
    world.client.get(&format!("/contacts/{id}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_becomes_an_attribute_and_the_attribute_a_word_of_the_message() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        define(
            world,
            "harcama",
            &["Yıllık harcama", "--kind", "number", "--personal"],
        )
        .await?;
        define(world, "son_gun", &["Son gün", "--kind", "date"]).await?;
        let head = "telefon;ad soyad;izin durumu;izin tarihi;izin türü;izin kaynağı;\
                    YILLIK HARCAMA;Puan bitişi\n";
        let row = |n: u32, spent: &str, day: &str| {
            format!("0532 006 00 {n:02};Ali Öz;ONAY;23.06.2025 09:00;MESAJ;HS_WEB;{spent};{day}\n")
        };
        let rows =
            row(1, "1.234,50", "1 Temmuz 2025") + &row(2, "çok", "30.06.2025") + &row(3, "", "");
        let file = world.write("puan.csv", format!("{head}{rows}"))?;
        let done = job::imported(&world.client, &file, &push(&brand, "puan")).await?;
        let (spent, ends) = (
            &done["summary"]["columns"][6],
            &done["summary"]["columns"][7],
        );
        ensure!(
            spent["attribute"] == "harcama" && spent["unread"] == 1,
            "{done}"
        );
        ensure!(
            ends["attribute"] == "son_gun" && ends["unread"] == 0,
            "{done}"
        );
        ensure!(
            done["created"] == 3 && done["rejected"] == 0,
            "no consent was lost: {done}"
        );
        let seen = person(world).await?;
        ensure!(
            seen["attributes"][0]["value"] == "1.234,5"
                && seen["attributes"][1]["value"] == "01.07.2025",
            "{seen}"
        );

        let mut draft = job::draft(world, &brand, "puan");
        draft["body"] = json!(BODY);
        let path = job::campaign(&world.client, &draft).await?;
        let dry = world
            .client
            .post(&format!("{path}/dry-run"), &json!({}))
            .await?;
        ensure!(
            dry["target"] == 3
                && dry["sendable"] == 1
                && job::excluded(&dry["excluded"], "S401") == 2,
            "who lacks a value gets no message with a hole: {dry}"
        );
        let report = job::sent(&world.client, &path).await?;
        ensure!(report["sent"] == 1, "{report}");
        let sent = texts(world).await?;
        ensure!(
            sent.iter()
                .any(|text| text.contains("1.234,5 TL puaniniz 01.07.2025 gunu")),
            "{sent:?}"
        );

        // Another file: what it names changes, what it leaves empty stays.
        let rows = row(1, "", "2 Temmuz 2025") + &row(2, "80", "");
        let file = world.write("puan-2.csv", format!("{head}{rows}"))?;
        let done = job::imported(&world.client, &file, &push(&brand, "puan-2")).await?;
        ensure!(
            done["updated"] == 2 && done["created"] == 0,
            "only what differs: {done}"
        );
        let seen = person(world).await?;
        ensure!(
            seen["attributes"][0]["value"] == "1.234,5"
                && seen["attributes"][1]["value"] == "02.07.2025",
            "{seen}"
        );

        // Health data: no text without an owner's approval.
        define(world, "kan", &["Kan grubu", "--kind", "text", "--health"]).await?;
        draft["body"] = json!(format!("{BODY} {{{{kan}}}}"));
        let refused = world
            .client
            .call(Method::POST, "/campaigns", Some(&draft), None)
            .await?;
        ensure!(refused.code() == "S405", "{refused:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_scored_by_the_form_and_by_the_branch_that_brought_the_consents() -> Result<()>
{
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let head = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı;şube\n";
        let row = |n: u32, status: &str, hour: u32, branch: &str| {
            format!("0532 007 00 {n:02};{status};20.06.2025 {hour:02}:05;MESAJ;HS_WEB;{branch}\n")
        };
        let first: String = (0..4)
            .map(|n| row(n, "ONAY", 9, if n < 2 { "Kadıköy" } else { "Bebek" }))
            .collect();
        let file = world.write("subeler.csv", format!("{head}{first}"))?;
        let mut upload = job::push(&brand, "subeler");
        upload.meta["action"] = json!("local");
        job::applied(&world.client, &file, &upload).await?;
        let file = world.write(
            "subeler-2.csv",
            format!("{head}{}", row(9, "ONAY", 9, "Bebek")),
        )?;
        upload.meta["name"] = json!("subeler-2");
        job::applied(&world.client, &file, &upload).await?;
        // Both people of one branch refuse afterwards, in a file of another form.
        let head = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n";
        let refusals =
            (0..2).map(|n| format!("0532 007 00 {n:02};RET;20.06.2025 12:05;MESAJ;HS_WEB\n"));
        let file = world.write("ret.csv", format!("{head}{}", refusals.collect::<String>()))?;
        upload.meta["name"] = json!("ret");
        job::applied(&world.client, &file, &upload).await?;
        let scores = async |by: &str| {
            let path = format!("/uploads/scores/sources?brand_id={}&by={by}", brand.id);
            world.client.get(&path).await
        };
        let branches = scores("branch").await?;
        let worst = &branches["items"][0];
        ensure!(
            worst["name"] == "Kadıköy"
                && worst["consents"] == 2
                && worst["refused_percent"] == 100.0,
            "{branches}"
        );
        let other = &branches["items"][1];
        ensure!(
            other["name"] == "Bebek"
                && other["consents"] == 3
                && other["uploads"] == 2
                && other["refused"] == 0,
            "{branches}"
        );
        let forms = scores("form").await?;
        let worst = &forms["items"][0];
        ensure!(
            worst["name"] == "subeler-2"
                && worst["uploads"] == 2
                && worst["consents"] == 5
                && worst["refused"] == 2,
            "files of one header are one form, called like its newest file: {forms}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_chooses_whom_a_campaign_is_for_and_the_launch_freezes_it() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        define(world, "sehir", &["Şehir", "--kind", "text"]).await?;
        let head = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı;şehir\n";
        let rows: String = (0..6)
            .map(|n| {
                let city = if n < 4 { "İstanbul" } else { "İzmir" };
                format!("0532 008 00 {n:02};ONAY;23.06.2025 09:00;MESAJ;HS_WEB;{city}\n")
            })
            .collect();
        let file = world.write("sehirler.csv", format!("{head}{rows}"))?;
        let done = job::imported(&world.client, &file, &job::push(&brand, "sehirler")).await?;
        ensure!(done["created"] == 6, "{done}");
        let rule = json!({ "type": "all", "rules": [
            { "type": "attribute", "code": "sehir", "comparison": "is", "value": "İstanbul" },
            { "type": "message", "history": "sent", "days": 90, "happened": false },
        ] });
        let asked =
            json!({ "brand_id": brand.id, "channel": "MESAJ", "kind": "BIREYSEL", "rule": rule });
        let found = world.client.post("/segments/preview", &asked).await?;
        ensure!(
            found["target"] == 4
                && found["sendable"] == 4
                && found["text_tr"] == "Şehir: İstanbul ve son 90 günde ileti gönderilmedi",
            "{found}"
        );
        let new = json!({ "name": "İstanbul", "rule": rule });
        let made = world.client.post("/segments", &new).await?;
        let mut draft = job::draft(world, &brand, "istanbul");
        draft["audience"] = json!({ "type": "segment", "segment_id": made["id"] });
        let path = job::campaign(&world.client, &draft).await?;
        let report = job::sent(&world.client, &path).await?;
        ensure!(report["target"] == 4 && report["sent"] == 4, "{report}");
        job::reconciles(&report)?;
        // Whoever was sent to is not in it any more; the campaign keeps its four.
        let found = world.client.post("/segments/preview", &asked).await?;
        ensure!(found["target"] == 0, "{found}");
        let report = world.client.get(&format!("{path}/report")).await?;
        ensure!(report["target"] == 4, "{report}");
        Ok(())
    })
    .await
}
