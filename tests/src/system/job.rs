//! The steps of the main job as a customer takes them: a file goes in, İYS is
//! asked, a campaign goes out, receipts come back.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Answer, Client, Upload};
use super::wait::until;
use super::world::{Brand, World};

/// A commercial text with everything the law wants in it, the same for everybody.
pub const TEXT: &str =
    "Yaz indirimi basladi. ORNEK SAGLIK AS Mersis 0123456789012345 RET ORNEK yaz 3338";
/// The same with the name in it: whoever has none is not sent to (S401).
pub const TEXT_WITH_NAME: &str = "Sayin {{ad}}, yaz indirimi basladi. ORNEK SAGLIK AS Mersis 0123456789012345 RET ORNEK yaz 3338";

/// Writes a generated file of this many rows, some percent of them dirty.
///
/// # Errors
/// When the command fails.
pub async fn generated(world: &World, rows: u64, dirty: u8, seed: u64) -> Result<PathBuf> {
    let path = world.folder().join(format!("liste-{seed}.csv"));
    let (rows, dirty, seed) = (rows.to_string(), dirty.to_string(), seed.to_string());
    let out = path.to_string_lossy();
    world
        .program
        .json([
            "gen", "contacts", "--rows", &rows, "--dirty", &dirty, "--seed", &seed, "--out", &out,
        ])
        .await?;
    Ok(path)
}

/// What is said about a file that is to be pushed to İYS, under a tag.
pub fn push(brand: &Brand, tag: &str) -> Upload {
    Upload {
        file_name: format!("{tag}.csv"),
        meta: json!({
            "brand_id": brand.id, "name": tag, "tag": tag, "action": "push",
            "default_recipient_kind": "BIREYSEL",
        }),
    }
}

/// Uploads, applies, and waits until İYS has answered about everyone.
///
/// # Errors
/// When any of it fails.
pub async fn imported(client: &Client, file: &Path, upload: &Upload) -> Result<Value> {
    let id = applied(client, file, upload).await?;
    asked(client, &id).await
}

/// Uploads and applies; İYS may still be asked.
///
/// # Errors
/// When any of it fails.
pub async fn applied(client: &Client, file: &Path, upload: &Upload) -> Result<String> {
    let made = client
        .upload(file, upload, None)
        .await?
        .success()
        .context("POST /uploads")?;
    let id = made["id"]
        .as_str()
        .context("the upload has no id")?
        .to_owned();
    judged(client, &id).await?;
    apply(client, &id).await?;
    Ok(id)
}

/// Waits for the verdict on a file.
///
/// # Errors
/// When the file fails; a refusal is a verdict.
pub async fn judged(client: &Client, id: &str) -> Result<Value> {
    until("the verdict on a file", async || {
        let seen = client.get(&format!("/uploads/{id}")).await?;
        match state(&seen) {
            "received" | "judging" => Ok(None),
            "failed" => bail!("the file failed: {seen}"),
            _ => Ok(Some(seen)),
        }
    })
    .await
}

/// Lets a judged file be applied and waits until it is.
///
/// # Errors
/// When it does not end as applied.
pub async fn apply(client: &Client, id: &str) -> Result<Value> {
    client
        .post(&format!("/uploads/{id}/apply"), &json!({}))
        .await?;
    until("the end of applying", async || {
        let seen = client.get(&format!("/uploads/{id}")).await?;
        match state(&seen) {
            "applied" => Ok(Some(seen)),
            "judged" | "waiting_for_person" | "applying" => Ok(None),
            other => bail!("the file ended as {other}: {seen}"),
        }
    })
    .await
}

/// Waits until nothing of a file waits for İYS, but for what it will not decide.
///
/// # Errors
/// When that does not come.
pub async fn asked(client: &Client, id: &str) -> Result<Value> {
    until("the end of asking İYS", async || {
        let seen = client.get(&format!("/uploads/{id}")).await?;
        let open = ["pending", "in_flight", "waiting", "parked"].iter();
        let open: i64 = open
            .filter_map(|part| seen["registry"][part].as_i64())
            .sum();
        Ok((open == 0).then_some(seen))
    })
    .await
}

/// A commercial SMS campaign to everyone with a tag.
pub fn draft(world: &World, brand: &Brand, tag: &str) -> Value {
    json!({
        "brand_id": brand.id, "name": tag, "channel": "MESAJ", "kind": "BIREYSEL", "basis": "COMMERCIAL",
        "purpose": "kampanya", "body": TEXT, "sender": "ORNEK", "connector_id": world.connector,
        "audience": { "type": "tag", "tag": tag },
    })
}

/// Makes a campaign and gives its path.
///
/// # Errors
/// When it is not accepted.
pub async fn campaign(client: &Client, draft: &Value) -> Result<String> {
    let made = client.post("/campaigns", draft).await?;
    path_of(&made)
}

/// The path of a campaign.
///
/// # Errors
/// When the answer names none.
pub fn path_of(made: &Value) -> Result<String> {
    Ok(format!(
        "/campaigns/{}",
        made["id"].as_str().context("the campaign has no id")?
    ))
}

/// Launches a campaign and waits until everything is handed over and reported.
///
/// # Errors
/// When it does not finish.
pub async fn sent(client: &Client, path: &str) -> Result<Value> {
    client.post(&format!("{path}/launch"), &json!({})).await?;
    finished(client, path).await?;
    reported(client, path).await
}

/// Launches a campaign and waits until everything is handed over; receipts may
/// never come, as with e-mail.
///
/// # Errors
/// When it does not finish.
pub async fn sent_without_receipts(client: &Client, path: &str) -> Result<Value> {
    client.post(&format!("{path}/launch"), &json!({})).await?;
    finished(client, path).await?;
    client.get(&format!("{path}/report")).await
}

/// Waits until everything of a campaign is handed over.
///
/// # Errors
/// When it does not finish.
pub async fn finished(client: &Client, path: &str) -> Result<Value> {
    let end = until("the end of a campaign", async || {
        let seen = client.get(path).await?;
        match state(&seen) {
            "finished" => Ok(Some(seen)),
            "paused" | "stopped" => bail!("the campaign ended as {}", state(&seen)),
            _ => Ok(None),
        }
    })
    .await;
    if end.is_err() {
        eprintln!(
            "the report at that moment: {}",
            client.get(&format!("{path}/report")).await?
        );
    }
    end
}

/// Waits until the receipt of every message has come.
///
/// # Errors
/// When one does not come.
pub async fn reported(client: &Client, path: &str) -> Result<Value> {
    let path = format!("{path}/report");
    until("the last receipt", async || {
        let seen = client.get(&path).await?;
        Ok((seen["open"] == 0).then_some(seen))
    })
    .await
}

/// A call under a key, made again until it is through: while the server says
/// that the first one is still being carried out, `meanwhile` decides.
///
/// # Errors
/// When it is refused, or `meanwhile` gives up.
pub async fn keyed(
    client: &Client,
    path: &str,
    body: &Value,
    key: &str,
    mut meanwhile: impl AsyncFnMut() -> Result<()>,
) -> Result<Answer> {
    loop {
        let answer = client
            .call(Method::POST, path, Some(body), Some(key))
            .await?;
        if answer.code() != "STILL_RUNNING" {
            return Ok(answer);
        }
        meanwhile().await?;
    }
}

/// Checks that a report accounts for everybody.
///
/// # Errors
/// Names what does not add up.
pub fn reconciles(report: &Value) -> Result<()> {
    let number = |pointer: &str| {
        report
            .pointer(pointer)
            .and_then(Value::as_i64)
            .unwrap_or(i64::MIN)
    };
    let people = number("/excluded/total") + number("/held/total") + number("/sent");
    ensure!(
        number("/target") == people,
        "target is not excluded + held + sent: {report}"
    );
    let outcomes = number("/delivered") + number("/failed/total") + number("/open");
    ensure!(
        number("/sent") == outcomes,
        "sent is not delivered + failed + open: {report}"
    );
    ensure!(
        report["reconciles"] == true,
        "it says itself that it does not reconcile: {report}"
    );
    Ok(())
}

/// How many people were excluded for a reason.
pub fn excluded(list: &Value, code: &str) -> i64 {
    let reasons = list.as_array().into_iter().flatten();
    reasons
        .filter(|reason| reason["code"] == code)
        .filter_map(|reason| reason["count"].as_i64())
        .sum()
}

fn state(value: &Value) -> &str {
    value["state"].as_str().unwrap_or_default()
}
