//! A citizen's complaint on the real program: from the second it is filed the
//! number gets nothing, what was sent is found, nothing is closed that is not
//! done, and the evidence holds on another machine.

use anyhow::{Context, Result, ensure};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, World, each_database, job, until};

const TAG: &str = "Kadıköy listesi";
const BRANCH: &str = "Kadıköy";
const NUMBER: &str = "+905321234561";
const THREE: &str = "\
Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi;Şube
K1;Kişi Bir;+905321234561;Onay;20.06.2025 14:05;Mesaj;HS_FIZIKSEL_ORTAM;Bireysel;Kadıköy
K2;Kişi İki;+905321234562;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel;Kadıköy
K3;Kişi Üç;+905321234563;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel;Moda
";
/// The first bytes of a picture, and nothing behind them.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n0000";

/// Three people whom İYS confirms, and a message to each.
async fn sent_before(world: &World, brand: &Brand) -> Result<()> {
    let records: Vec<Value> = (1..=3)
        .map(|n| {
            json!({ "iysCode": IYS_CODE, "brandCode": brand.code,
                    "recipient": format!("+90532123456{n}"), "recipientType": "BIREYSEL",
                    "type": "MESAJ", "status": "ONAY", "source": "HS_WEB",
                    "consentDate": "2025-06-20 14:05:00" })
        })
        .collect();
    world
        .simulators
        .iys("state", &json!({ "records": records }))
        .await?;
    let file = world.write("kadikoy.csv", THREE)?;
    job::imported(&world.client, &file, &job::push(brand, TAG)).await?;
    let path = job::campaign(&world.client, &job::draft(world, brand, TAG)).await?;
    let report = job::sent(&world.client, &path).await?;
    ensure!(report["sent"] == 3, "before the complaint: {report}");
    Ok(())
}

/// Somebody without an account fills the form of a brand.
async fn files(world: &World, brand: &Brand, text: &str) -> Result<reqwest::Response> {
    let form = Form::new()
        .text("telefon", "0532 123 45 61")
        .text("gonderen", "ORNEK")
        .text("zaman", "2025-06-23T10:00")
        .text("metin", text.to_owned())
        .part("goruntu", Part::bytes(PICTURE).file_name("ekran.png"));
    let stranger = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let url = world.client.site(&format!("/sikayet/{}", brand.id));
    Ok(stranger.post(url).multipart(form).send().await?)
}

async fn cases(world: &World) -> Result<Vec<Value>> {
    let page = world.client.get("/complaint-cases").await?;
    Ok(page["items"].as_array().cloned().unwrap_or_default())
}

async fn refused(world: &World, path: &str, body: &Value) -> Result<Value> {
    let answer = world
        .client
        .call(Method::POST, path, Some(body), None)
        .await?;
    ensure!(
        answer.status.is_client_error(),
        "it was not refused: {answer:?}"
    );
    Ok(answer.body)
}

/// The fields that a refusal names.
fn named(refusal: &Value) -> Vec<&str> {
    let faults = refusal["where"].as_array().into_iter().flatten();
    faults.filter_map(|fault| fault["field"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_second_of_a_complaint_the_number_gets_nothing_and_the_evidence_holds_elsewhere()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        sent_before(world, &brand).await?;
        let later = job::campaign(&world.client, &job::draft(world, &brand, TAG)).await?;

        let answer = files(world, &brand, "TC kimlik numaram 10000000146").await?;
        ensure!(
            answer.status() == StatusCode::UNPROCESSABLE_ENTITY,
            "{answer:?}"
        );
        ensure!(
            answer.text().await?.contains("kimlik numarası var"),
            "no word about it"
        );
        ensure!(cases(world).await?.is_empty(), "something was stored");

        let answer = files(world, &brand, "İzin vermedim, neden geldi?").await?;
        ensure!(answer.status() == StatusCode::SEE_OTHER, "{answer:?}");
        let own = answer.headers()[header::LOCATION].to_str()?.to_owned();
        // In the same second.
        let report = job::sent(&world.client, &later).await?;
        ensure!(
            report["sent"] == 2 && job::excluded(&report["excluded"]["reasons"], "S202") == 1,
            "the campaign after it: {report}"
        );
        let got = world.simulators.accepted().await?;
        ensure!(got.get("905321234561") == Some(&1), "what arrived: {got:?}");

        let case = cases(world).await?.into_iter().next().context("a case")?;
        ensure!(
            case["priority"] == "high"
                && case["department"] == "compliance"
                && case["business_day"] == 1
                && case["state"] == "waiting",
            "{case}"
        );
        let path = format!("/complaint-cases/{}", case["id"].as_str().context("an id")?);
        found(world, &path).await?;
        answered(world, &path, &own).await?;
        packed(world, &path).await?;
        closed(world, &path).await?;
        let month = world
            .client
            .get("/complaint-cases/month?month=2025-06")
            .await?;
        ensure!(
            month["complaints"] == 1
                && month["stop_worst_seconds"].as_i64() <= Some(1)
                && month["overdue"] == 0,
            "{month}"
        );
        let file = world
            .client
            .file("/complaint-cases/month.csv?month=2025-06")
            .await?;
        let file = String::from_utf8(file)?;
        ensure!(
            !file.contains("5321234561") && file.contains("Süresi geçen;0"),
            "{file}"
        );
        Ok(())
    })
    .await
}

/// The message, the consent behind it, and where that came from.
async fn found(world: &World, path: &str) -> Result<()> {
    let finding = world.client.get(&format!("{path}/finding")).await?;
    let message = &finding["messages"][0];
    let consent = &message["consent"];
    ensure!(
        message["sender"] == "ORNEK"
            && message["text"] == job::TEXT
            && message["campaign_name"] == TAG
            && message["receipt"] == "delivered",
        "{finding}"
    );
    ensure!(
        consent["status"] == "ONAY"
            && consent["source"] == "HS_FIZIKSEL_ORTAM"
            && consent["line"] == 2
            && consent["branch"] == BRANCH
            && consent["file_name"] == format!("{TAG}.csv"),
        "{finding}"
    );
    ensure!(
        finding["pattern"]["complaints"] == 1 && finding["pattern"]["is_watched"] == false,
        "{finding}"
    );
    Ok(())
}

/// The gate on answers, and the citizen's own page.
async fn answered(world: &World, path: &str, own: &str) -> Result<()> {
    let missing = refused(world, &format!("{path}/solve"), &json!({})).await?;
    ensure!(
        missing["code"] == "UNFINISHED" && named(&missing) == ["refusal", "answer", "branch"],
        "{missing}"
    );
    let answer = format!("{path}/answer");
    for text in [
        "Özür dileriz, size %10 indirim tanımladık.",
        "Ayrıntılar için ornek.com/kampanya adresine bakın.",
        "İzni 0533 765 43 21 numaralı çalışanımız almıştır.",
    ] {
        let refusal = refused(world, &answer, &json!({ "text": text })).await?;
        ensure!(
            refusal["where"][0]["code"] == "TicketAdminReplyValidation",
            "{text}: {refusal}"
        );
    }
    world
        .client
        .post(&format!("{path}/take"), &json!({}))
        .await?;
    let draft = world.client.get(&format!("{path}/finding")).await?["draft"].clone();
    let seen = world
        .client
        .post(&answer, &json!({ "text": draft }))
        .await?;
    ensure!(seen["state"] == "replied", "{seen}");
    let stranger = reqwest::Client::builder().no_proxy().build()?;
    let page = stranger
        .get(world.client.site(own))
        .send()
        .await?
        .text()
        .await?;
    ensure!(
        page.contains("Örnek")
            && page.contains("şikâyetinizi inceledik")
            && page.contains("Yanıtlandı"),
        "{page}"
    );
    Ok(())
}

/// The pack holds in an empty folder, and not with one byte changed.
async fn packed(world: &World, path: &str) -> Result<()> {
    let pack = format!("{path}/pack.zip");
    let early = world.client.call(Method::GET, &pack, None, None).await?;
    ensure!(
        early.status == StatusCode::UNPROCESSABLE_ENTITY,
        "without a date: {early:?}"
    );
    let due = json!({ "answer_due_at": "2025-07-08T17:00:00+03:00", "legal_hold": true });
    let changed = world
        .client
        .call(Method::PATCH, path, Some(&due), None)
        .await?
        .success()?;
    ensure!(changed["legal_hold"] == true, "{changed}");
    let lift = json!({ "address": NUMBER, "cause": "complaint" });
    let held = world
        .client
        .call(Method::DELETE, "/blacklist", Some(&lift), None)
        .await?;
    ensure!(held.status == StatusCode::CONFLICT, "a held stop: {held:?}");
    let bytes = world.client.file(&pack).await?;
    let key = world.client.get("/evidence-key").await?;
    let key = key["public_key"].as_str().context("a key")?;

    let elsewhere = tempfile::tempdir()?;
    let verified = async |bytes: &[u8], key: &str| {
        std::fs::write(elsewhere.path().join("kanit.zip"), bytes)?;
        let arguments = ["--json", "evidence", "verify", "kanit.zip", "--key", key];
        world.program.alone(elsewhere.path(), &arguments).await
    };
    let (said, code) = verified(&bytes, key).await?;
    ensure!(code == Some(0), "as it is: {said}");
    let said: Value = serde_json::from_str(&said)?;
    ensure!(said["messages"] == 1 && said["events"] == 1, "{said}");
    let (said, code) = verified(&bytes, &"0".repeat(64)).await?;
    ensure!(code == Some(3), "with another key: {said}");
    // One byte at the beginning, in the middle, in the directory, in the signature.
    let length = bytes.len();
    for place in [12, length / 2, length - 200, length - 1] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let (said, code) = verified(&changed, key).await?;
        ensure!(code == Some(3), "byte {place} of {length} changed: {said}");
    }
    let trail = world.client.get("/audit?action=evidence.pack").await?;
    ensure!(
        trail["items"].as_array().is_some_and(|all| all.len() == 1),
        "{trail}"
    );
    Ok(())
}

/// Closed when İYS has the refusal and the branch was told.
async fn closed(world: &mut World, path: &str) -> Result<()> {
    let note = json!({ "note": "Müdür arandı, izin formu istendi." });
    world.client.post(&format!("{path}/branch"), &note).await?;
    world
        .client
        .post(&format!("{path}/refusal"), &json!({}))
        .await?;
    // İYS takes no date that its own clock might not have reached (H162).
    world.simulators.forward(120);
    world.restart().await?;
    until("the refusal at İYS", async || {
        let case = world.client.get(path).await?;
        let all = case["checklist"].as_array().cloned().unwrap_or_default();
        let is_done = all.iter().all(|item| item["is_done"] == true);
        Ok((is_done && all.len() == 4).then_some(()))
    })
    .await?;
    let case = world
        .client
        .post(&format!("{path}/solve"), &json!({}))
        .await?;
    let last = case["history"].as_array().and_then(|all| all.last());
    ensure!(
        case["state"] == "solved" && last.is_some_and(|entry| entry["deed"] == "TicketSolved"),
        "{case}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_branch_that_brought_complaints_need_somebody_elses_approval() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let watch = json!({ "brand_id": brand.id, "branch": BRANCH, "reason": "14 şikâyet" });
        world.client.post("/branch-watches", &watch).await?;
        let file = world.write("kadikoy.csv", THREE)?;
        let made = world
            .client
            .upload(&file, &job::push(&brand, TAG), None)
            .await?
            .success()?;
        let id = made["id"].as_str().context("an id")?;
        let judged = job::judged(&world.client, id).await?;
        ensure!(
            judged["state"] == "waiting_for_person" && judged["holds"][0]["code"] == "branch",
            "{judged}"
        );
        let refusal = refused(world, &format!("/uploads/{id}/apply"), &json!({})).await?;
        ensure!(refusal["code"] == "OTHER_PERSON_NEEDED", "{refusal}");

        let end = json!({ "brand_id": brand.id, "branch": BRANCH });
        let ended = world
            .client
            .call(Method::DELETE, "/branch-watches", Some(&end), None)
            .await?;
        ensure!(ended.status == StatusCode::NO_CONTENT, "{ended:?}");
        Ok(())
    })
    .await
}
