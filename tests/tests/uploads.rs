//! A judged file and what becomes of it: the preview keeps its word, the same
//! file goes in once, questions and second persons hold it, and each of the
//! three actions does at İYS what it says.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::system::{
    Brand, Client, IYS_CODE, Mode, Setup, Upload, World, each_database, job, until,
};

const HEADER: &str = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı;alıcı tipi\n";

fn about(brand: &Brand, name: &str, action: &str) -> Upload {
    Upload {
        file_name: format!("{name}.csv"),
        meta: json!({
            "brand_id": brand.id, "name": name, "action": action,
            "default_recipient_kind": "BIREYSEL",
        }),
    }
}

async fn judged(client: &Client, file: &Path, upload: &Upload) -> Result<Value> {
    let made = client.upload(file, upload, None).await?.success()?;
    job::judged(client, made["id"].as_str().context("no id")?).await
}

fn id(upload: &Value) -> &str {
    upload["id"].as_str().unwrap_or_default()
}

fn count(of: &Value, what: &str) -> i64 {
    of[what].as_i64().unwrap_or(-1)
}

/// The rejection report of an upload, as a person opens it.
async fn report_of(world: &World, upload: &Value) -> Result<String> {
    let report = world.folder().join("rapor.csv");
    let out = report.to_string_lossy().into_owned();
    world
        .program
        .run(["upload", "report", id(upload), "--out", &out])
        .await?;
    Ok(std::fs::read_to_string(&report)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_preview_of_a_dirty_file_foresees_is_what_is_applied() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        world
            .program
            .json(["brand", "set", &brand.id, "--brake-percent", "100"])
            .await?;
        let file = job::generated(world, 20_000, 20, 7).await?;
        let seen = judged(&world.client, &file, &about(&brand, "kirli", "local")).await?;
        ensure!(seen["state"] == "judged", "{seen}");
        let (foreseen, rejected) = (count(&seen, "records_total"), count(&seen, "rejected"));
        ensure!(foreseen > 10_000 && rejected > 1_000, "{seen}");
        ensure!(
            foreseen + rejected + count(&seen["summary"], "merged") == count(&seen, "pairs_judged"),
            "{seen}"
        );
        let done = job::apply(&world.client, id(&seen)).await?;
        agrees(&seen, &done)?;
        eprintln!(
            "{}: {} pairs: {foreseen} applied as foreseen, {rejected} rejected as foreseen",
            world.database, seen["pairs_judged"]
        );
        // The same people again in another file: all of it foreseen as known.
        let again = [std::fs::read(&file)?, b"\n".to_vec()].concat();
        let again = world.write("kirli-2.csv", again)?;
        let seen = judged(&world.client, &again, &about(&brand, "yine", "local")).await?;
        let done = job::apply(&world.client, id(&seen)).await?;
        agrees(&seen, &done)?;
        ensure!(count(&done, "created") == 0, "{done}");
        ensure!(
            count(&done, "unchanged") > foreseen * 9 / 10,
            "only differences are applied: {done}"
        );
        Ok(())
    })
    .await
}

fn agrees(seen: &Value, done: &Value) -> Result<()> {
    let applied = count(done, "created") + count(done, "updated") + count(done, "unchanged");
    ensure!(
        applied == count(seen, "records_total")
            && count(done, "rejected") == count(seen, "rejected")
            && done["discrepancies"].as_array().is_some_and(Vec::is_empty),
        "the preview promised otherwise: {seen}\n{done}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_question_stops_a_file_and_its_answer_is_remembered_for_the_header() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let rows = |from: u32, count: u32| -> String {
            (from..from + count)
                .map(|n| {
                    format!(
                        "0532 001 {:02} {:02};1;20.06.2025 14:05;HS_WEB\n",
                        n / 100,
                        n % 100
                    )
                })
                .collect()
        };
        let head = "telefon;SMS istemiyor;izin tarihi;izin kaynağı\n";
        let first = world.write("ilk.csv", format!("{head}{}", rows(0, 5)))?;
        let seen = judged(&world.client, &first, &about(&brand, "ilk", "local")).await?;
        ensure!(
            seen["refusal"]["code"] == "F114"
                || seen["summary"]["questions"][0]["code"] == "polarity",
            "{seen}"
        );
        let apply = format!("/uploads/{}/apply", id(&seen));
        let refused = world.client.call(Method::POST, &apply, None, None).await?;
        ensure!(refused.status == 409, "{refused:?}");

        let answer = json!({ "mapping": { "polarity": { "SMS istemiyor": "yes_is_refusal" } } });
        let path = format!("/uploads/{}/answers", id(&seen));
        world.client.post(&path, &answer).await?;
        let seen = job::judged(&world.client, id(&seen)).await?;
        ensure!(
            seen["state"] == "judged" && count(&seen, "records_total") == 5,
            "{seen}"
        );
        agrees(&seen, &job::apply(&world.client, id(&seen)).await?)?;

        // Another file with this header needs no answer, and says whose it uses.
        let second = world.write("ikinci.csv", format!("{head}{}", rows(50, 3)))?;
        let next = judged(&world.client, &second, &about(&brand, "ikinci", "local")).await?;
        ensure!(
            next["state"] == "judged" && next["answers_from"] == seen["id"],
            "{next}"
        );
        ensure!(next["notices"][0]["code"] == "remembered_answers", "{next}");
        agrees(&next, &job::apply(&world.client, id(&next)).await?)?;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brand_may_want_somebody_else_than_the_uploader() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let path = format!("/brands/{}", brand.id);
        let rule = json!({ "needs_other_approver": true, "brake_percent": 10 });
        world
            .client
            .call(Method::PATCH, &path, Some(&rule), None)
            .await?
            .success()?;
        let rows = "0532 001 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n\
                    0212 001 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n";
        let file = world.write("iki.csv", format!("{HEADER}{rows}"))?;
        let seen = judged(&world.client, &file, &about(&brand, "iki", "local")).await?;
        ensure!(seen["state"] == "waiting_for_person", "{seen}");
        ensure!(seen["holds"][0]["code"] == "brake", "{seen}");
        ensure!(
            seen["summary"]["biggest_reasons"][0]["code"] == "R206",
            "{seen}"
        );
        let apply = format!("/uploads/{}/apply", id(&seen));
        let refused = world.client.call(Method::POST, &apply, None, None).await?;
        ensure!(
            refused.status == 403 && refused.code() == "OTHER_PERSON_NEEDED",
            "{refused:?}"
        );
        let other = ["upload", "apply", id(&seen), "--approver", "ikinci kişi"];
        let done = world.program.json(other).await?;
        ensure!(done["state"] == "applied", "{done}");
        let trail = world.client.get("/audit").await?;
        let rows = trail["items"].as_array().context("no trail")?;
        ensure!(
            rows.iter()
                .any(|row| row["action"] == "upload.apply" && row["actor"] == "ikinci kişi"),
            "{trail}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_twice_at_the_same_time_is_applied_once() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let file = job::generated(world, 3_000, 0, 11).await?;
        let upload = about(&brand, "ikiz", "local");
        let client = &world.client;
        let (one, two) = tokio::join!(
            client.upload(&file, &upload, None),
            client.upload(&file, &upload, None)
        );
        let (one, two) = (one?.success()?, two?.success()?);
        let (one, two) = tokio::join!(job::judged(client, id(&one)), job::judged(client, id(&two)));
        let (one, two) = (one?, two?);
        let apply = async |upload: &Value| {
            let path = format!("/uploads/{}/apply", id(upload));
            client.call(Method::POST, &path, None, None).await
        };
        let (first, second) = tokio::join!(apply(&one), apply(&two));
        let answers = [first?, second?];
        let taken = answers.iter().filter(|a| a.status == 202).count();
        let refused: Vec<_> = answers.iter().filter(|a| a.code() == "F116").collect();
        ensure!(taken == 1 && refused.len() == 1, "{answers:?}");
        let text = refused[0].body["title_tr"].as_str().unwrap_or_default();
        ensure!(text.contains("2025"), "F116 names the day: {text}");
        let winner = if answers[0].status == 202 { &one } else { &two };
        let done = until("the end of applying", async || {
            let seen = client.get(&format!("/uploads/{}", id(winner))).await?;
            Ok((seen["state"] == "applied").then_some(seen))
        })
        .await?;
        agrees(winner, &done)?;
        let events = world
            .program
            .json(["ledger", "verify", "--brand", &brand.id])
            .await?;
        let said = events["events"].as_i64().unwrap_or(0);
        ensure!(
            said > 0 && said <= count(winner, "records_total"),
            "twice: {events}"
        );
        // A third time, once it is done: told at once, before it is judged.
        let third = judged(client, &file, &upload).await?;
        ensure!(third["refusal"]["code"] == "F116", "{third}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_does_at_iys_what_it_says() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let row =
            |n: u32| format!("0532 002 00 {n:02};ONAY;23.06.2025 09:00;MESAJ;HS_WEB;BIREYSEL\n");
        let rows = |from: u32| -> String { (from..from + 4).map(row).collect() };
        let asked = async || -> Result<i64> {
            let stats = world.simulators.iys_stats().await?;
            Ok(stats["addresses_asked"].as_i64().unwrap_or(-1))
        };
        // local: no call reaches İYS.
        let file = world.write("yerel.csv", format!("{HEADER}{}", rows(0)))?;
        let done = job::imported(&world.client, &file, &about(&brand, "yerel", "local")).await?;
        ensure!(
            count(&done, "created") == 4 && asked().await? == 0,
            "{done}"
        );
        // pull: İYS is asked and told nothing, and the consent columns are not read.
        let file = world.write("cek.csv", format!("{HEADER}{}", rows(0)))?;
        let seen = judged(&world.client, &file, &about(&brand, "cek", "pull")).await?;
        ensure!(
            seen["notices"].as_array().is_some_and(|notices| notices
                .iter()
                .any(|notice| notice["code"] == "consents_ignored")),
            "{seen}"
        );
        job::apply(&world.client, id(&seen)).await?;
        job::asked(&world.client, id(&seen)).await?;
        ensure!(
            asked().await? >= 4,
            "{}",
            world.simulators.iys_stats().await?
        );
        let stats = world.simulators.iys_stats().await?;
        ensure!(stats["rows_submitted"] == 0, "a pull wrote: {stats}");
        // push without a source column is F117.
        let bare = "telefon;izin durumu;izin tarihi\n0532 002 00 50;ONAY;23.06.2025 09:00\n";
        let file = world.write("eksik.csv", bare)?;
        let seen = judged(&world.client, &file, &about(&brand, "eksik", "push")).await?;
        ensure!(seen["refusal"]["code"] == "F117", "{seen}");
        // Plain addresses: kept, and the preview says that they cannot be sent to.
        let file = world.write("duz.csv", "telefon\n0532 002 00 60\n0532 002 00 61\n")?;
        let seen = judged(&world.client, &file, &about(&brand, "duz", "local")).await?;
        ensure!(seen["notices"][0]["code"] == "no_consent", "{seen}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_tags_and_blacklists_come_from_files_that_name_known_people() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let people: String = (0..10)
            .map(|n| format!("0532 003 00 {n:02};ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n"))
            .collect();
        let file = world.write("kisiler.csv", format!("{HEADER}{people}"))?;
        job::applied(&world.client, &file, &about(&brand, "kisiler", "local")).await?;
        let named = |from: u32, to: u32| -> String {
            let rows: String = (from..to).map(|n| format!("+9053200300{n:02}\n")).collect();
            format!("telefon\n{rows}")
        };
        let purpose = |what: &str, name: &str| {
            let mut upload = about(&brand, name, "local");
            upload.meta["purpose"] = json!(what);
            upload.meta["tag"] = json!(name);
            upload
        };
        world
            .program
            .json(["brand", "set", &brand.id, "--brake-percent", "100"])
            .await?;
        // Ten known and five unknown: a list of ten, and R406 five times.
        let file = world.write("liste.csv", named(0, 15))?;
        let seen = judged(&world.client, &file, &purpose("list", "VIP")).await?;
        ensure!(
            count(&seen, "records_total") == 10 && count(&seen, "rejected") == 5,
            "{seen}"
        );
        ensure!(
            seen["summary"]["codes"].to_string().contains("R406"),
            "{seen}"
        );
        agrees(&seen, &job::apply(&world.client, id(&seen)).await?)?;
        let groups = world.client.get("/groups").await?;
        ensure!(groups["items"][0]["member_count"] == 10, "{groups}");
        let tags = world.client.get("/tags").await?;
        ensure!(
            tags["items"].as_array().is_some_and(Vec::is_empty),
            "{tags}"
        );
        // A tag given and taken.
        for (what, expected) in [("tag_add", 6), ("tag_remove", 4)] {
            let to = if what == "tag_add" { 6 } else { 2 };
            let file = world.write(&format!("{what}.csv"), named(0, to))?;
            let seen = judged(&world.client, &file, &purpose(what, "yaz")).await?;
            agrees(&seen, &job::apply(&world.client, id(&seen)).await?)?;
            let tags = world.client.get("/tags").await?;
            ensure!(
                tags["items"][0]["member_count"] == expected,
                "{what}: {tags}"
            );
        }
        // On the blacklist and off it again; the newest wins.
        for (what, stopped) in [("blacklist", 3), ("whitelist", 0), ("blacklist", 3)] {
            let file = world.write("kara.csv", named(0, 3))?;
            let seen = judged(&world.client, &file, &purpose(what, "kara")).await?;
            let warned = seen["notices"].to_string().contains("blocks_mandatory");
            ensure!(warned == (what == "blacklist"), "{seen}");
            agrees(&seen, &job::apply(&world.client, id(&seen)).await?)?;
            let list = world.client.get("/blacklist").await?;
            let found = list["items"].as_array().map_or(0, Vec::len);
            ensure!(found == stopped, "{what}: {list}");
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_report_is_taken_in_as_it_is() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        world
            .program
            .json(["brand", "set", &brand.id, "--brake-percent", "100"])
            .await?;
        let rows = "0532 004 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n\
                    0532 004 OO 02;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n\
                    0532 004 00 03;BELKİ;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n";
        let file = world.write("hatali.csv", format!("{HEADER}{rows}"))?;
        let seen = judged(&world.client, &file, &about(&brand, "hatali", "local")).await?;
        ensure!(count(&seen, "rejected") == 2, "{seen}");
        let text = report_of(world, &seen).await?;
        let mended = text
            .replace("004 OO 02", "004 00 02")
            .replace("BELKİ", "ONAY");
        let file = world.write("duzeltilmis.csv", mended)?;
        let again = judged(&world.client, &file, &about(&brand, "duzeltilmis", "local")).await?;
        ensure!(
            count(&again, "records_total") == 2 && count(&again, "rejected") == 0,
            "{again}\n{text}"
        );
        agrees(&again, &job::apply(&world.client, id(&again)).await?)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_iys_refuses_of_a_file_stands_in_its_report_with_the_row_and_can_be_corrected()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let refused = json!({
            "recipient": "+905320060002", "add": { "answer": "failure", "code": "H121" },
        });
        let scripts = json!({ "scripts": [refused] });
        world.simulators.iys("script", &scripts).await?;
        let header = format!("ad soyad;{HEADER}");
        let rows = "Ayşe Kaya;0532 006 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n\
                    Can Öz;0532 006 00 02;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;BIREYSEL\n";
        let file = world.write("subat.csv", format!("{header}{rows}"))?;
        let done = job::imported(&world.client, &file, &about(&brand, "subat", "push")).await?;
        ensure!(count(&done, "created") == 2, "{done}");
        job::asked(&world.client, id(&done)).await?;
        let text = report_of(world, &done).await?;
        let lines: Vec<&str> = text.lines().collect();
        ensure!(lines.len() == 2, "one row was refused: {text}");
        for part in ["Can Öz", "0532 006 00 02", "H121", "I120"] {
            ensure!(lines[1].contains(part), "{part} is missing: {text}");
        }
        // A number that exists, in the same row.
        let mended = text.replace("0532 006 00 02", "0532 006 00 03");
        let file = world.write("duzeltilmis.csv", mended)?;
        let again = judged(&world.client, &file, &about(&brand, "duzeltilmis", "push")).await?;
        ensure!(
            count(&again, "records_total") == 1 && count(&again, "rejected") == 0,
            "{again}\n{text}"
        );
        job::apply(&world.client, id(&again)).await?;
        let asked = job::asked(&world.client, id(&again)).await?;
        let text = report_of(world, &asked).await?;
        ensure!(text.lines().count() == 1, "İYS took it: {text}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn three_persons_on_one_phone_get_one_message_and_one_refusal_stops_them_all() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        let head = "müşteri no;telefon;ad soyad;izin durumu;izin tarihi;izin türü;izin kaynağı\n";
        let row = |id: &str, name: &str, status: &str, hour: u32| {
            format!("{id};0532 005 00 01;{name};{status};20.06.2025 {hour}:05;MESAJ;HS_WEB\n")
        };
        let family = [
            row("A1", "Ayşe Öz", "ONAY", 10),
            row("A2", "Ali Öz", "ONAY", 10),
            row("A3", "Can Öz", "ONAY", 10),
        ];
        let file = world.write("aile.csv", format!("{head}{}", family.concat()))?;
        let mut upload = about(&brand, "aile", "local");
        upload.meta["tag"] = json!("aile");
        let seen = judged(&world.client, &file, &upload).await?;
        ensure!(
            seen["summary"]["codes"].to_string().contains("W803"),
            "{seen}"
        );
        agrees(&seen, &job::apply(&world.client, id(&seen)).await?)?;
        let draft = job::draft(world, &brand, "aile");
        let path = job::campaign(&world.client, &draft).await?;
        let dry = async || {
            world
                .client
                .post(&format!("{path}/dry-run"), &json!({}))
                .await
        };
        let before = dry().await?;
        ensure!(before["target"] == 1, "one phone is one message: {before}");
        // One of them refuses; nobody on the phone is sent to.
        let refusal = row("A2", "Ali Öz", "RET", 12);
        let file = world.write("ret.csv", format!("{head}{refusal}"))?;
        job::applied(&world.client, &file, &about(&brand, "ret", "local")).await?;
        let after = dry().await?;
        ensure!(
            after["target"] == 1 && after["excluded"].to_string().contains("S103"),
            "{after}"
        );
        // The source that brought the refusals stands on top.
        let scores = world
            .client
            .get(&format!("/uploads/scores?brand_id={}", brand.id))
            .await?;
        let worst = &scores["items"][0];
        ensure!(
            worst["name"] == "aile" && worst["refused"] == worst["consents"],
            "{scores}"
        );
        Ok(())
    })
    .await
}
