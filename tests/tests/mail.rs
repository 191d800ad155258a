//! E-mail on the real program: a campaign goes out by SMTP with a way out for
//! each person, who takes it with one click; a dead mailbox is not tried again.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulators::{Kind, Running};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, World, each_database, job, until};
use tokio::net::TcpListener;

const PEOPLE: [&str; 3] = [
    "ayse@ornek.com.tr",
    "mehmet@ornek.com.tr",
    "zeynep@ornek.com.tr",
];
const HTML: &str = "<html><body><p>Yaz indirimi başladı!</p><p>ORNEK SAGLIK AS Mersis \
     0123456789012345</p></body></html>";

/// A mail server, and an account at it.
struct Post {
    simulator: Running,
    connector: String,
    receipts_url: String,
    http: reqwest::Client,
}

impl Post {
    async fn start(world: &World) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let options = simulators::Options::default();
        let simulator = simulators::start(Kind::Smtp, options, listener).await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let place = format!("{}/_sim/smtp", simulator.url());
        let place: Value = http.get(place).send().await?.json().await?;
        let settings = json!({
            "base_url": place["url"], "bounce_address": "donus@ornek.com.tr", "timeout_seconds": 5,
        });
        let file = world.write("smtp.json", settings.to_string())?;
        let file = file.to_string_lossy();
        let made = world
            .program
            .json([
                "connector",
                "create",
                "--firm",
                &world.firm,
                "--kind",
                "smtp",
                "--name",
                "E-posta",
                "--settings",
                &file,
            ])
            .await?;
        let text = |name: &str| made[name].as_str().map(str::to_owned).context("no answer");
        let post = Self {
            simulator,
            connector: text("id")?,
            receipts_url: text("receipts_url")?,
            http,
        };
        world
            .program
            .json(["connector", "test", &post.connector])
            .await?;
        let pushed = json!({ "push_url": post.receipts_url });
        post.tell("options", &pushed).await?;
        Ok(post)
    }

    async fn tell(&self, what: &str, told: &Value) -> Result<()> {
        let url = format!("{}/_sim/{what}", self.simulator.url());
        let answer = self.http.post(url).json(told).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{what}: {}", answer.text().await?);
        Ok(())
    }

    /// Whom the last message to an address came from on its envelope.
    async fn envelope_sender(&self, address: &str) -> Result<String> {
        let url = format!("{}/_sim/received", self.simulator.url());
        let page: Value = self.http.get(url).send().await?.json().await?;
        let list = page["list"].as_array().cloned().unwrap_or_default();
        let mail = list.iter().rfind(|mail| mail["to"] == address);
        let from = mail.and_then(|mail| mail["from"].as_str());
        Ok(from.context("no mail")?.to_owned())
    }

    /// What it took for an address.
    async fn received(&self, address: &str) -> Result<Vec<String>> {
        let url = format!("{}/_sim/received", self.simulator.url());
        let page: Value = self.http.get(url).send().await?.json().await?;
        let list = page["list"].as_array().cloned().unwrap_or_default();
        Ok(list
            .iter()
            .filter(|mail| mail["to"] == address)
            .filter_map(|mail| mail["data"].as_str().map(str::to_owned))
            .collect())
    }
}

/// Three people whose consent to e-mail İYS confirms.
async fn three_people(world: &World, brand: &Brand) -> Result<()> {
    let records: Vec<Value> = PEOPLE
        .iter()
        .map(|address| {
            json!({ "iysCode": IYS_CODE, "brandCode": brand.code, "recipient": address,
                    "recipientType": "BIREYSEL", "type": "EPOSTA", "status": "ONAY",
                    "source": "HS_WEB", "consentDate": "2025-06-20 14:05:00" })
        })
        .collect();
    let told = json!({ "records": records });
    world.simulators.iys("state", &told).await?;
    let items: Vec<Value> = PEOPLE
        .iter()
        .map(|address| {
            json!({ "brand_id": brand.id, "address": address, "channel": "EPOSTA",
                    "kind": "BIREYSEL", "status": "ONAY", "source": "HS_WEB",
                    "consent_at": "2025-06-20T14:05:00+03:00" })
        })
        .collect();
    world
        .client
        .post("/consents", &json!({ "items": items }))
        .await?;
    Ok(())
}

async fn campaign(world: &World, post: &Post, brand: &Brand, purpose: &str) -> Result<String> {
    let draft = json!({
        "brand_id": brand.id, "name": "Yaz", "channel": "EPOSTA", "kind": "BIREYSEL",
        "basis": "COMMERCIAL", "purpose": purpose,
        "body": "Yaz indirimi başladı! ORNEK SAGLIK AS Mersis 0123456789012345",
        "sender": "Örnek <kampanya@ornek.com.tr>", "connector_id": post.connector,
        "audience": { "type": "addresses", "addresses": PEOPLE },
    });
    let path = job::campaign(&world.client, &draft).await?;
    let bare = dry_run(world, &path).await?;
    ensure!(bare["sendable"] == 0, "without a subject: {bare}");
    let mail = json!({ "subject": "Yaz indirimi başladı", "html": HTML });
    let set = world
        .client
        .call(
            reqwest::Method::PUT,
            &format!("{path}/mail"),
            Some(&mail),
            None,
        )
        .await?;
    set.success()?;
    Ok(path)
}

async fn dry_run(world: &World, path: &str) -> Result<Value> {
    world
        .client
        .post(&format!("{path}/dry-run"), &json!({}))
        .await
}

/// A header's value, unfolded.
fn header(mail: &str, name: &str) -> Result<String> {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
        .with_context(|| format!("no {name} in {head}"))
}

/// The first of the ways out: the link.
fn way_out(mail: &str) -> Result<String> {
    let ways = header(mail, "List-Unsubscribe")?;
    let link = ways.split(',').next().unwrap_or_default();
    Ok(link.trim_matches(['<', '>']).to_owned())
}

/// The second: the address that a mail goes to.
fn way_out_by_mail(mail: &str) -> Result<String> {
    let ways = header(mail, "List-Unsubscribe")?;
    let (_, address) = ways.split_once("<mailto:").context("no address")?;
    Ok(address.trim_end_matches('>').to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_e_mail_campaign_goes_out_and_who_clicks_stop_is_not_sent_to_again() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        three_people(world, &brand).await?;
        let post = Post::start(world).await?;
        let path = campaign(world, &post, &brand, "kampanya").await?;
        let sendable = until("İYS's confirmation", async || {
            let dry = dry_run(world, &path).await?;
            Ok((dry["sendable"] == 3).then_some(dry))
        })
        .await;
        if sendable.is_err() {
            eprintln!("dry run: {}", dry_run(world, &path).await?);
        }
        sendable?;
        world
            .client
            .post(&format!("{path}/launch"), &json!({}))
            .await?;
        job::finished(&world.client, &path).await?;
        let mails = post.received(PEOPLE[0]).await?;
        ensure!(mails.len() == 1, "mails: {mails:?}");
        let link = way_out(&mails[0])?;
        let subject = header(&mails[0], "Subject")?;
        ensure!(subject.starts_with("=?UTF-8?B?"), "subject: {subject}");

        let log = world
            .client
            .get(&format!("/messages?address={}", PEOPLE[0]))
            .await?;
        let id = log["items"][0]["id"].as_str().context("no message")?;
        let proof = world.client.get(&format!("/messages/{id}/proof")).await?;
        ensure!(
            proof["text"]
                .as_str()
                .is_some_and(|text| text.contains("Yaz indirimi")),
            "the proof shows no text: {proof}"
        );

        // A scanner follows the link: nothing happens, and nobody is named.
        let page = post.http.get(&link).send().await?;
        let policy = page.headers().get("content-security-policy").cloned();
        ensure!(
            policy.is_some_and(|policy| policy.as_bytes().starts_with(b"default-src 'none'")),
            "the page may load things"
        );
        let text = page.text().await?;
        ensure!(
            text.contains("Tümünü durdur") && text.contains("neden geldi"),
            "{text}"
        );
        ensure!(
            !text.contains(PEOPLE[0]) && text.contains("a***@ornek.com.tr"),
            "{text}"
        );
        ensure!(!text.contains("key:") && !text.contains("user:"), "{text}");
        let second = campaign(world, &post, &brand, "kampanya").await?;
        ensure!(
            dry_run(world, &second).await?["sendable"] == 3,
            "a look changed something"
        );

        // The mailbox provider's one click.
        let one_click = [("List-Unsubscribe", "One-Click")];
        for _ in 0..2 {
            let answer = post.http.post(&link).form(&one_click).send().await?;
            ensure!(answer.status() == 200, "one click: {answer:?}");
        }
        let dry = dry_run(world, &second).await?;
        ensure!(
            dry["sendable"] == 2 && job::excluded(&dry["excluded"], "S103") == 1,
            "dry run: {dry}"
        );
        // İYS takes no date that its own clock might not have reached (H162).
        world.simulators.forward(120);
        world.restart().await?;
        until("the refusal at İYS", async || {
            let told = world.simulators.recorded().await?;
            let is_there = told.iter().any(|one| {
                one["recipient"] == PEOPLE[0] && one["status"] == "RET" && one["type"] == "EPOSTA"
            });
            Ok(is_there.then_some(()))
        })
        .await?;
        let forged = link.replace("/u/0", "/u/1");
        let answer = post
            .http
            .post(format!("{forged}x"))
            .form(&one_click)
            .send()
            .await?;
        ensure!(answer.status() == 404, "a forged link: {answer:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_mailbox_is_stopped_a_full_one_is_not_and_a_muted_topic_leaves_the_consent()
-> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        three_people(world, &brand).await?;
        let post = Post::start(world).await?;
        let dead = json!({ "to": PEOPLE[0], "reply": "550 5.1.1 User unknown" });
        post.tell("script", &dead).await?;
        let path = campaign(world, &post, &brand, "kampanya").await?;
        until("İYS's confirmation", async || {
            let dry = dry_run(world, &path).await?;
            Ok((dry["sendable"] == 3).then_some(()))
        })
        .await?;
        world
            .client
            .post(&format!("{path}/launch"), &json!({}))
            .await?;
        job::finished(&world.client, &path).await?;
        // Reported later, by the server of the recipient.
        let full = json!({ "to": PEOPLE[1], "status": "5.2.2", "text": "552 mailbox full" });
        post.tell("bounce", &full).await?;
        let report = until("the receipt", async || {
            let seen = world.client.get(&format!("{path}/report")).await?;
            Ok((seen["failed"]["total"] == 2 || seen["failed"] == 2).then_some(seen))
        })
        .await;
        if report.is_err() {
            eprintln!(
                "report: {}",
                world.client.get(&format!("{path}/report")).await?
            );
        }
        job::reconciles(&report?)?;

        let mail = post.received(PEOPLE[2]).await?;
        let link = way_out(&mail[0])?;
        let muted = [("istek", "tercih"), ("dil", "tr")];
        let answer = post.http.post(&link).form(&muted).send().await?;
        ensure!(answer.status() == 200, "muting: {answer:?}");

        let same = campaign(world, &post, &brand, "Kampanya").await?;
        let dry = dry_run(world, &same).await?;
        ensure!(
            dry["sendable"] == 1
                && job::excluded(&dry["excluded"], "S204") == 1
                && job::excluded(&dry["excluded"], "S106") == 1,
            "the same topic: {dry}"
        );
        let other = campaign(world, &post, &brand, "etkinlik").await?;
        let dry = dry_run(world, &other).await?;
        ensure!(dry["sendable"] == 2, "another topic: {dry}");
        let report = job::sent_without_receipts(&world.client, &same).await?;
        ensure!(report["sent"] == 1, "report: {report}");
        ensure!(
            post.received(PEOPLE[0]).await?.is_empty(),
            "the dead mailbox was tried again"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_to_the_way_out_and_a_complaint_at_the_mailbox_provider_are_refusals() -> Result<()>
{
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        three_people(world, &brand).await?;
        let post = Post::start(world).await?;
        let path = campaign(world, &post, &brand, "kampanya").await?;
        until("İYS's confirmation", async || {
            let dry = dry_run(world, &path).await?;
            Ok((dry["sendable"] == 3).then_some(()))
        })
        .await?;
        job::sent_without_receipts(&world.client, &path).await?;

        // Somebody's mail program writes to the address behind "unsubscribe".
        let mails = post.received(PEOPLE[0]).await?;
        let address = way_out_by_mail(&mails[0])?;
        let written = format!(
            "From: <baska@ornek.com.tr>\r\nTo: <{address}>\r\nSubject: unsubscribe\r\n\r\n"
        );
        // Somebody else says "spam", and their provider tells without their name.
        let mails = post.received(PEOPLE[1]).await?;
        let came_from = post.envelope_sender(PEOPLE[1]).await?;
        ensure!(!mails.is_empty(), "no mail");
        let complaint = format!(
            "From: <fbl@posta.test>\r\nTo: <donus@ornek.com.tr>\r\nSubject: FW\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\
             Version: 1\r\nUser-Agent: FBL/1\r\nOriginal-Mail-From: <{came_from}>\r\n\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Yaz\r\n\r\n--b--\r\n"
        );
        for mail in [&written, &complaint, &complaint] {
            let answer = post.http.post(&post.receipts_url).body(mail.clone()).send();
            let answer = answer.await?;
            ensure!(answer.status().is_success(), "{answer:?}");
        }
        let second = campaign(world, &post, &brand, "kampanya").await?;
        let seen = until("both refusals", async || {
            let dry = dry_run(world, &second).await?;
            Ok((job::excluded(&dry["excluded"], "S103") == 2).then_some(dry))
        })
        .await;
        if seen.is_err() {
            eprintln!("{}", world.client.get("/inbound?limit=20").await?);
        }
        ensure!(seen?["sendable"] == 1, "the third is still sent to");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_subjects_are_tried_and_one_with_a_name_that_nobody_knows_is_refused() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        three_people(world, &brand).await?;
        let post = Post::start(world).await?;
        let path = campaign(world, &post, &brand, "kampanya").await?;
        for (mail, field) in [
            (json!({ "subject": "Merhaba {{adi}}" }), "subject"),
            (
                json!({ "subject": "Yaz", "html": "<p>{{musteri_n}}</p>" }),
                "html",
            ),
        ] {
            let place = format!("{path}/mail");
            let answer = world
                .client
                .call(reqwest::Method::PUT, &place, Some(&mail), None)
                .await?;
            let said = answer.body.to_string();
            ensure!(answer.status == 422 || answer.status == 400, "{said}");
            let meant = if field == "html" { "musteri_no" } else { "ad" };
            ensure!(
                said.contains(field) && said.contains(&format!("did you mean `{{{{{meant}}}}}`")),
                "{said}"
            );
        }
        let plan = |subject: &str| {
            json!({ "plan": { "split": {
                "body": "Yazın son günleri! ORNEK SAGLIK AS Mersis 0123456789012345",
                "first_percent": 50, "second_percent": 50, "subject": subject,
            }}})
        };
        let change = async |plan: &Value| {
            let patch = reqwest::Method::PATCH;
            world.client.call(patch, &path, Some(plan), None).await
        };
        let said = change(&plan("Son günler, {{ad_}}")).await?.body.to_string();
        ensure!(
            said.contains("plan.split.subject") && said.contains("did you mean `{{ad}}`"),
            "{said}"
        );
        change(&plan("Son günler")).await?.success()?;
        until("İYS's confirmation", async || {
            let dry = dry_run(world, &path).await?;
            Ok((dry["sendable"] == 3).then_some(()))
        })
        .await?;
        job::sent_without_receipts(&world.client, &path).await?;
        let mut subjects = Vec::new();
        for person in PEOPLE {
            for mail in post.received(person).await? {
                let is_second = mail.contains("son g=C3=BCnleri");
                subjects.push((header(&mail, "Subject")?, is_second));
            }
        }
        ensure!(subjects.len() == 3, "{subjects:?}");
        let second: Vec<&String> = subjects
            .iter()
            .filter(|(_, is_second)| *is_second)
            .map(|(subject, _)| subject)
            .collect();
        let first: Vec<&String> = subjects
            .iter()
            .filter(|(_, is_second)| !*is_second)
            .map(|(subject, _)| subject)
            .collect();
        ensure!(!second.is_empty() && !first.is_empty(), "{subjects:?}");
        ensure!(
            first.iter().all(|subject| !second.contains(subject)),
            "{subjects:?}"
        );
        Ok(())
    })
    .await
}
