//! The main job: files in, İYS asked, a campaign out, receipts back.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use domain::Clock as _;
use intake::generate::{self, Generate};
use serde_json::{Value, json};

use super::check::{self, Checks};
use super::client::Client;
use super::world::World;
use crate::cli;
use crate::output::{Exit, Output};

/// The sample file that goes to the second brand, as Turkish Excel writes it.
const SAMPLE: &str = "magaza-haziran.csv";
const TEXT: &str = "Sayın {{ad}}, yaz indirimi başladı! ORNEK PERAKENDE AS Mersis 0123456789012345. İstemiyorsanız RET ORNEK yazıp 3338'e gönderin.";
const TEXT_CLINIC: &str = "Sayın {{ad}}, kontrol kampanyamız başladı. ORNEK PERAKENDE AS Mersis 0123456789012345. RET ORNEKKLINIK yaz 3338";

/// Runs it and says whether every number reconciles.
pub(crate) async fn run(args: &cli::Demo, world: &World, out: Output) -> anyhow::Result<Exit> {
    let client = Client::new(world)?;
    let mut checks = Checks::new(out);
    let generated = generate_file(args, world)?;
    main_brand(args, world, &client, &generated, &mut checks, out).await?;
    let sample = args.fixtures.join(SAMPLE);
    if sample.is_file() {
        second_brand(world, &client, &sample, &mut checks, out).await?;
    } else {
        out.line(
            format!("{} yok; ikinci marka atlandı.", sample.display()),
            format!(
                "{} is not there; the second brand was left out.",
                sample.display()
            ),
        );
    }
    ledger(world, &mut checks).await?;
    Ok(if checks.all_hold() {
        Exit::Done
    } else {
        Exit::Mismatch
    })
}

fn generate_file(args: &cli::Demo, world: &World) -> anyhow::Result<PathBuf> {
    let path = world.data.join("musteri-listesi.csv");
    let mut file = BufWriter::new(std::fs::File::create(&path)?);
    generate::contacts(
        &mut file,
        &Generate::new(args.contacts, args.dirty, args.seed, world.clock.now()),
    )?;
    file.flush()?;
    Ok(path)
}

async fn main_brand(
    args: &cli::Demo,
    world: &World,
    client: &Client,
    file: &Path,
    checks: &mut Checks,
    out: Output,
) -> anyhow::Result<()> {
    out.line(
        format!(
            "\n1. Dosya: {} satır, %{} kirli (senkronizasyon)",
            args.contacts, args.dirty
        ),
        format!(
            "\n1. File: {} rows, {} % dirty (sync)",
            args.contacts, args.dirty
        ),
    );
    let upload = import(
        client,
        world.sync_brand.to_string(),
        file,
        "Yaz listesi",
        out,
    )
    .await?;
    let registry = client
        .get(&format!("/registry/{}", world.sync_brand))
        .await?;
    print_verdicts(&registry, out);
    out.line("\n2. Kampanya", "\n2. Campaign");
    let body = json!({
        "brand_id": world.sync_brand, "name": "Yaz indirimi", "channel": "MESAJ", "kind": "BIREYSEL",
        "basis": "COMMERCIAL", "purpose": "kampanya", "body": TEXT, "sender": "ORNEK",
        "connector_id": world.connector, "audience": { "type": "tag", "tag": "Yaz listesi" },
    });
    let report = campaign(client, &body, out).await?;
    checks.upload(&upload);
    checks.report(&report);
    check::against_simulators(world, client, &upload, &report, file, checks).await
}

async fn second_brand(
    world: &World,
    client: &Client,
    file: &Path,
    checks: &mut Checks,
    out: Output,
) -> anyhow::Result<()> {
    out.line(
        format!("\n3. {SAMPLE}: Windows-1254, noktalı virgül (entegratör)"),
        format!("\n3. {SAMPLE}: Windows-1254, semicolons (integrator)"),
    );
    let upload = import(
        client,
        world.integrator_brand.to_string(),
        file,
        "Haziran",
        out,
    )
    .await?;
    let registry = client
        .get(&format!("/registry/{}", world.integrator_brand))
        .await?;
    print_verdicts(&registry, out);
    let body = json!({
        "brand_id": world.integrator_brand, "name": "Kontrol kampanyası", "channel": "MESAJ",
        "kind": "BIREYSEL", "basis": "COMMERCIAL", "purpose": "kampanya", "body": TEXT_CLINIC,
        "sender": "ORNEK", "connector_id": world.connector,
        "audience": { "type": "tag", "tag": "Haziran" },
    });
    let report = campaign(client, &body, out).await?;
    checks.upload(&upload);
    checks.report(&report);
    let pending = upload["registry"]["pending"].as_i64().unwrap_or(-1);
    checks.add(
        "entegratör kuyruğu boş",
        "the integrator queue is empty",
        pending == 0,
    );
    Ok(())
}

/// Uploads, waits for the verdict, applies, and waits for İYS.
async fn import(
    client: &Client,
    brand: String,
    file: &Path,
    tag: &str,
    out: Output,
) -> anyhow::Result<Value> {
    let began = Instant::now();
    let meta = json!({
        "brand_id": brand, "name": tag, "tag": tag, "action": "push", "default_recipient_kind": "BIREYSEL",
    });
    let received = client.upload(file, &meta).await?;
    let path = format!(
        "/uploads/{}",
        received["id"].as_str().context("the upload has no id")?
    );
    let judged = client
        .wait(&path, |seen| match state(seen) {
            "received" | "judging" => Ok(false),
            "judged" | "waiting" | "waiting_for_person" => Ok(true),
            other => bail!("the file ended as {other}: {seen}"),
        })
        .await?;
    let judged_s = began.elapsed().as_secs_f64();
    client.post(&format!("{path}/apply"), &json!({})).await?;
    client
        .wait(&path, |seen| match state(seen) {
            "applied" => Ok(true),
            "failed" | "cancelled" | "refused" => {
                bail!("the file ended as {}: {seen}", state(seen))
            }
            _ => Ok(false),
        })
        .await?;
    let applied_s = began.elapsed().as_secs_f64() - judged_s;
    let done = client
        .wait(&path, |seen| {
            let queue = &seen["registry"];
            let open: i64 = ["pending", "in_flight", "waiting"]
                .iter()
                .filter_map(|k| queue[*k].as_i64())
                .sum();
            Ok(open == 0)
        })
        .await?;
    let asked_s = began.elapsed().as_secs_f64() - judged_s - applied_s;
    out.line(
        format!("   değerlendirme {judged_s:.1} s, uygulama {applied_s:.1} s, İYS sorgusu {asked_s:.1} s"),
        format!("   judged in {judged_s:.1} s, applied in {applied_s:.1} s, İYS asked in {asked_s:.1} s"),
    );
    print_upload(&judged, &done, out);
    Ok(done)
}

fn state(value: &Value) -> &str {
    value["state"].as_str().unwrap_or("")
}

fn print_upload(judged: &Value, done: &Value, out: Output) {
    if out.is_json() {
        return;
    }
    println!(
        "   {}: {}  {}: {}  {}: {}  {}: {}",
        out.pick("satır", "rows"),
        done["rows_read"],
        out.pick("yeni", "created"),
        done["created"],
        out.pick("güncellenen", "updated"),
        done["updated"],
        out.pick("reddedilen", "rejected"),
        done["rejected"],
    );
    let empty = Vec::new();
    let codes = judged["summary"]["codes"].as_array().unwrap_or(&empty);
    for code in codes
        .iter()
        .filter(|c| c["code"].as_str().is_some_and(|c| c.starts_with('R')))
    {
        println!(
            "   {:>9}  {} {}",
            code["count"],
            code["code"].as_str().unwrap_or(""),
            code[out.pick("text_tr", "text_en")].as_str().unwrap_or(""),
        );
    }
}

fn print_verdicts(registry: &Value, out: Output) {
    if out.is_json() {
        return;
    }
    println!("   {}", out.pick("İYS'nin yanıtı:", "What İYS says:"));
    for row in registry["verdicts"].as_array().unwrap_or(&Vec::new()) {
        println!(
            "   {:>9}  {} {} {}",
            row["count"],
            row["channel"].as_str().unwrap_or(""),
            row["kind"].as_str().unwrap_or(""),
            row["verdict"].as_str().unwrap_or(""),
        );
    }
}

/// Creates, dry-runs and launches a campaign, and waits until it and its
/// receipts are through.
async fn campaign(client: &Client, body: &Value, out: Output) -> anyhow::Result<Value> {
    let made = client.post("/campaigns", body).await?;
    let path = format!(
        "/campaigns/{}",
        made["id"].as_str().context("the campaign has no id")?
    );
    let dry = client.post(&format!("{path}/dry-run"), &json!({})).await?;
    out.line(
        format!(
            "   deneme: hedef {}, gönderilebilir {}",
            dry["target"], dry["sendable"]
        ),
        format!(
            "   dry run: target {}, sendable {}",
            dry["target"], dry["sendable"]
        ),
    );
    let began = Instant::now();
    client.post(&format!("{path}/launch"), &json!({})).await?;
    client
        .wait(&path, |seen| match state(seen) {
            "finished" => Ok(true),
            "stopped" | "paused" => bail!("the campaign ended as {}", state(seen)),
            _ => Ok(false),
        })
        .await?;
    let sent_s = began.elapsed().as_secs_f64();
    let report = client
        .wait(&format!("{path}/report"), |seen| {
            Ok(seen["open"].as_i64() == Some(0))
        })
        .await?;
    let receipts_s = began.elapsed().as_secs_f64() - sent_s;
    out.line(
        format!("   gönderim {sent_s:.1} s, raporlar {receipts_s:.1} s"),
        format!("   sent in {sent_s:.1} s, receipts in {receipts_s:.1} s"),
    );
    print_report(&report, out);
    if dry["sendable"] != report["sent"] {
        out.line(
            format!(
                "   (deneme ile gönderim farklı: {} / {})",
                dry["sendable"], report["sent"]
            ),
            format!(
                "   (dry run and sending differ: {} / {})",
                dry["sendable"], report["sent"]
            ),
        );
    }
    Ok(report)
}

fn print_report(report: &Value, out: Output) {
    if out.is_json() {
        return;
    }
    println!(
        "   {:>9}  {}",
        report["target"],
        out.pick("hedef", "target")
    );
    for reason in report["excluded"]["reasons"]
        .as_array()
        .unwrap_or(&Vec::new())
    {
        println!(
            "   {:>9}  {} {}",
            format!("−{}", reason["count"]),
            reason["code"].as_str().unwrap_or(""),
            reason[out.pick("text_tr", "text_en")]
                .as_str()
                .unwrap_or(""),
        );
    }
    for (count, tr, en) in [
        (&report["held"]["total"], "bekleyen", "held"),
        (&report["sent"], "gönderildi", "sent"),
        (&report["delivered"], "  iletildi", "  delivered"),
        (&report["failed"]["total"], "  başarısız", "  failed"),
        (&report["open"], "  kesinleşmedi", "  not final yet"),
    ] {
        println!("   {count:>9}  {}", out.pick(tr, en));
    }
}

async fn ledger(world: &World, checks: &mut Checks) -> anyhow::Result<()> {
    for brand in [world.sync_brand, world.integrator_brand] {
        let verified = check::ledger(world, brand).await?;
        checks.add(
            "izin defteri doğrulandı",
            "the consent ledger verifies",
            verified,
        );
    }
    Ok(())
}
