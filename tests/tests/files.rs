//! Files that are not what they say: a code for the whole file, nothing
//! applied, and memory that does not grow with the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use reqwest::{Body, Method};
use serde_json::{Value, json};
use system_tests::Repository;
use system_tests::fixtures::Expected;
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, Upload, World, each_database, job};

const MEGABYTE: u64 = 1 << 20;
/// What a file of gigabytes may add to the server's memory.
const GROWTH_MOST: u64 = 60 * MEGABYTE;
const HUGE: u64 = 3 * 1_024 * MEGABYTE;
/// Allowed by the big setup, so that the whole file is stored and read.
const LIMIT_FOR_HUGE: u64 = 4 * 1_024 * MEGABYTE;
const SMALL_LIMIT: u64 = 8 * MEGABYTE;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn about(brand: &Brand, name: &str) -> Upload {
    Upload {
        file_name: name.to_owned(),
        meta: json!({ "brand_id": brand.id, "name": "Deneme", "action": "push",
                      "default_recipient_kind": "BIREYSEL" }),
    }
}

/// Nothing of any file has reached the ledger or the contacts.
async fn nothing_was_applied(world: &World, brand: &Brand) -> Result<()> {
    let contacts = world.client.get("/contacts?query=").await?;
    ensure!(
        contacts["items"].as_array().is_some_and(Vec::is_empty),
        "somebody came in: {contacts}"
    );
    let ledger = world
        .program
        .json(["ledger", "verify", "--brand", &brand.id])
        .await?;
    ensure!(ledger["events"] == 0, "something was written: {ledger}");
    let asked = world.simulators.iys_stats().await?["addresses_asked"].clone();
    ensure!(asked == 0, "İYS was asked about {asked}");
    Ok(())
}

async fn is_refused_with(world: &World, file: &Path, upload: &Upload, code: &str) -> Result<()> {
    let made = world.client.upload(file, upload, None).await?.success()?;
    let id = made["id"].as_str().context("no id")?;
    let seen = job::judged(&world.client, id).await?;
    ensure!(
        seen["state"] == "refused" && seen["refusal"]["code"] == code,
        "not {code}: {seen}"
    );
    for text in ["text_tr", "text_en", "next_tr", "next_en"] {
        ensure!(
            seen["refusal"][text]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{text} is missing: {seen}"
        );
    }
    let path = format!("/uploads/{id}/apply");
    let applied = world
        .client
        .call(Method::POST, &path, Some(&json!({})), None)
        .await?;
    ensure!(
        applied.status == 409,
        "a refused file could be applied: {applied:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_fixture_is_refused_with_its_code_and_nothing_of_it_is_applied() -> Result<()>
{
    let expected = Expected::read(&Repository::here()?)?;
    let broken: Vec<&Expected> = expected
        .iter()
        .filter(|one| one.file.starts_with("bozuk/"))
        .collect();
    ensure!(broken.len() >= 10, "the broken fixtures are gone");
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        for one in &broken {
            let [code] = one.codes.as_slice() else {
                anyhow::bail!("{} has no single code", one.file)
            };
            let name = one.file.trim_start_matches("bozuk/");
            let upload = about(&brand, name);
            is_refused_with(world, &fixtures().join(&one.file), &upload, code)
                .await
                .with_context(|| one.file.clone())?;
        }
        nothing_was_applied(world, &brand).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_lie_about_themselves_are_refused_whatever_their_name_says() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let header = "Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı\n";
        let row = "0532 001 23 45;Onay;20.06.2025 14:05;Mesaj;HS_WEB\n";
        let text = |times: usize| format!("{header}{}", row.repeat(times)).into_bytes();
        let with = |times: usize, more: &[u8]| [text(times), more.to_vec()].concat();
        let cases: [(&str, Vec<u8>, &str); 7] = [
            ("yok.csv", Vec::new(), "F101"),
            ("bosluk.csv", b"\n\n   \n".to_vec(), "F101"),
            (
                "program.csv",
                with(0, &[0x7F, b'E', b'L', b'F', 0, 1, 2, 0, 0xFF, 0]),
                "F107",
            ),
            ("sonradan-ikili.csv", with(40_000, &[0, 1, 2, 0]), "F107"),
            (
                "kitap.csv",
                b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00[Content_Types].xml".to_vec(),
                "F107",
            ),
            (
                "kesik.csv",
                with(500, "0532 001 23 45;\"Onay;20.06.2025\n".as_bytes()),
                "F105",
            ),
            (
                "iki-kodlama.csv",
                with(
                    50,
                    b"0532 001 23 45;Onay;20.06.2025 14:05;Mesaj;ma\xF0aza \xDD\xFE\n",
                ),
                "F103",
            ),
        ];
        for (name, bytes, code) in cases {
            let file = world.write(name, bytes)?;
            is_refused_with(world, &file, &about(&brand, name), code)
                .await
                .with_context(|| name.to_owned())?;
        }
        nothing_was_applied(world, &brand).await
    })
    .await
}

/// A file of this many bytes, made while it is sent.
fn stream(head: &'static [u8], piece: &'static [u8], bytes: u64) -> Body {
    let mut left = bytes;
    let mut is_first = true;
    let pieces = std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let next = if std::mem::take(&mut is_first) {
            head
        } else {
            piece
        };
        let next = &next[..next.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        left -= next.len() as u64;
        Some(Ok::<_, std::io::Error>(next))
    });
    Body::wrap_stream(futures_util::stream::iter(pieces))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_three_gigabytes_without_a_line_end_is_refused_and_memory_stays_flat()
-> Result<()> {
    static ZEROS: [u8; 1 << 20] = [b'0'; 1 << 20];
    const HEAD: &[u8] = "Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı\n".as_bytes();
    let settings = vec![(
        "IZINLI__UPLOADS__FILE_BYTES_MAX",
        LIMIT_FOR_HUGE.to_string(),
    )];
    let setup = Setup {
        settings,
        ..Setup::default()
    };
    each_database(setup, async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let before = world.memory_peak()?;
        let upload = about(&brand, "buyuk.csv");
        let made = world
            .client
            .upload_stream(stream(HEAD, &ZEROS, HUGE), &upload)
            .await?
            .success()?;
        ensure!(
            made["size_bytes"].as_u64() == Some(HUGE),
            "not all of it arrived: {made}"
        );
        let seen = job::judged(&world.client, made["id"].as_str().context("no id")?).await?;
        ensure!(seen["state"] == "refused", "it was not refused: {seen}");
        ensure!(
            seen["refusal"]["code"]
                .as_str()
                .is_some_and(|code| code.starts_with('F')),
            "no F code: {seen}"
        );
        let grown = world.memory_peak()?.saturating_sub(before);
        eprintln!(
            "{}: 3 GB → {}, memory +{} MB",
            world.database,
            seen["refusal"]["code"],
            grown / MEGABYTE
        );
        ensure!(
            grown < GROWTH_MOST,
            "memory grew by {} MB",
            grown / MEGABYTE
        );
        nothing_was_applied(world, &brand).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_the_limit_is_refused_before_it_is_through() -> Result<()> {
    const ROW: &[u8] = b"0532 001 23 45;Onay;20.06.2025 14:05;Mesaj;HS_WEB\n";
    const ANNOUNCED: u64 = 40 * SMALL_LIMIT;
    let settings = vec![("IZINLI__UPLOADS__FILE_BYTES_MAX", SMALL_LIMIT.to_string())];
    let setup = Setup {
        settings,
        ..Setup::default()
    };
    each_database(setup, async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let before = world.memory_peak()?;
        let rows = ROW.repeat(4_096);
        let (answer, sent) = world
            .client
            .upload_until_answered(&about(&brand, "cok.csv"), ANNOUNCED, || rows.clone())
            .await?;
        ensure!(answer.code() == "F102", "not refused with F102: {answer:?}");
        ensure!(answer.status.is_client_error(), "{answer:?}");
        ensure!(
            sent < ANNOUNCED / 2,
            "{} MB were taken in first",
            sent / MEGABYTE
        );
        let list = world.client.get("/uploads").await?;
        ensure!(
            list["items"].as_array().is_some_and(Vec::is_empty),
            "an upload came of it: {list}"
        );
        let left =
            std::fs::read_dir(world.folder().join("uploads/incoming")).map_or(0, Iterator::count);
        ensure!(left == 0, "{left} pieces were left behind");
        let grown = world.memory_peak()?.saturating_sub(before);
        ensure!(
            grown < GROWTH_MOST,
            "memory grew by {} MB",
            grown / MEGABYTE
        );
        nothing_was_applied(world, &brand).await
    })
    .await
}

/// The kind and answers under which `expected.tsv` holds.
fn options_of(file: &str) -> Vec<&'static str> {
    match file {
        "klinik-hasta.csv" => vec![
            "--default-kind",
            "BIREYSEL",
            "--mapping",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/klinik-hasta.json"),
        ],
        "perakende-musteri.csv" => vec![
            "--mapping",
            concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../fixtures/perakende-musteri.json"
            ),
        ],
        "iys-yukleme-araci.csv" => vec!["--default-kind", "BIREYSEL"],
        "iys-hareket.csv" => vec!["--action", "local"],
        "marka-bayi.csv" => vec![
            "--mapping",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/marka-bayi.json"),
        ],
        list if list.starts_with("liste/") => {
            vec!["--action", "local", "--default-kind", "BIREYSEL"]
        }
        _ => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_every_fixture_prints_the_codes_that_its_table_states() -> Result<()> {
    let expected = Expected::read(&Repository::here()?)?;
    let mut by_file: BTreeMap<&str, Vec<&Expected>> = BTreeMap::new();
    for one in &expected {
        by_file.entry(&one.file).or_default().push(one);
    }
    each_database(Setup::default(), async |world| {
        for (file, lines) in &by_file {
            dry_run_agrees(world, file, lines)
                .await
                .with_context(|| (*file).to_owned())?;
        }
        Ok(())
    })
    .await
}

async fn dry_run_agrees(world: &World, file: &str, lines: &[&Expected]) -> Result<()> {
    let path = fixtures().join(file);
    let path = path.to_string_lossy();
    let mut arguments = vec!["import", &path, "--dry-run"];
    arguments.extend(options_of(file));
    let (lines_said, exit) = world.program.lines(arguments).await?;
    let said = lines_said.last().context("nothing is printed")?;
    if file.starts_with("bozuk/") {
        ensure!(exit == Some(4), "it ended with {exit:?}");
        ensure!(
            said["refusal"]["code"].as_str() == Some(lines[0].codes[0].as_str()),
            "{}",
            said["refusal"]
        );
        return Ok(());
    }
    ensure!(exit == Some(0), "it ended with {exit:?}");
    type Refused = BTreeSet<(u64, String, String)>;
    let wanted: Refused = lines
        .iter()
        .filter_map(|one| {
            let code = one.codes.iter().find(|code| code.starts_with('R'))?;
            Some((
                one.line? as u64,
                one.channel.clone().unwrap_or_default(),
                code.clone(),
            ))
        })
        .collect();
    let refused: Refused = lines_said
        .iter()
        .filter(|one| one["fate"] == "rejected")
        .map(|one| {
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (
                one["line"].as_u64().unwrap_or(0),
                word(&one["channel"]),
                word(&one["codes"][0]),
            )
        })
        .collect();
    ensure!(
        refused == wanted,
        "refused {:?}, but the table does not say so; it says {:?}",
        refused.difference(&wanted).collect::<Vec<_>>(),
        wanted.difference(&refused).collect::<Vec<_>>()
    );
    let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
    for code in lines.iter().flat_map(|one| &one.codes) {
        *wanted.entry(code).or_default() += 1;
    }
    let counted = |value: &Value| -> BTreeMap<String, u64> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(|one| Some((one["code"].as_str()?.to_owned(), one["count"].as_u64()?)))
            .collect()
    };
    let found = counted(&said["summary"]["codes"]);
    for (code, count) in wanted {
        let has = found.get(code).copied().unwrap_or(0);
        let is_told = if code.starts_with('R') {
            has == count
        } else {
            has >= 1
        };
        ensure!(
            is_told,
            "{code}: {has} times, {count} in the table; {}",
            said["summary"]["codes"]
        );
    }
    Ok(())
}
