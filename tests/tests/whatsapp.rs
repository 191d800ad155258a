//! WhatsApp on the real program: local consent alone decides, only approved
//! templates leave, statuses and replies come to one signed address.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulators::{Kind, Running};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, World, each_database, job, until};
use tokio::net::TcpListener;

const TAG: &str = "WhatsApp";
/// K3 consented to text messages only, K4 refused.
const FOUR: &str = "\
Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi
K1;Ayşe Bir;+905321234561;Onay;20.06.2025 14:05;WhatsApp;HS_WEB;Bireysel
K2;Şükrü İki;+905321234562;Onay;20.06.2025 14:05;WhatsApp;HS_WEB;Bireysel
K3;Kişi Üç;+905321234563;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K4;Kişi Dört;+905321234564;Ret;20.06.2025 14:05;WhatsApp;HS_WEB;Bireysel
";

/// Meta, and an account at it.
struct Meta {
    simulator: Running,
    connector: String,
    receipts_url: String,
    http: reqwest::Client,
}

impl Meta {
    async fn start(world: &World) -> Result<Self> {
        let options = simulators::Options {
            no_limits: true,
            answer_delay_ms: Some(1),
            clock_start: Some(world.simulators.clock.now().to_string()),
            ..simulators::Options::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let simulator = simulators::start(Kind::Whatsapp, options, listener).await?;
        let body = job::TEXT_WITH_NAME.replace("{{ad}}", "{{1}}");
        let settings = json!({
            "base_url": simulator.url(), "timeout_seconds": 5, "business_account_id": "100", "access_token": "belirtec",
            "app_secret": "uygulama-anahtari", "verify_token": "dogrulama",
            "templates": format!("# yaz tr MARKETING ret=0\n{body}"),
        });
        let file = world.write("whatsapp.json", settings.to_string())?;
        let mut create = vec!["connector", "create", "--firm", &world.firm];
        let file = file.to_string_lossy();
        create.extend([
            "--kind",
            "whatsapp",
            "--name",
            "WhatsApp",
            "--settings",
            &file,
        ]);
        let made = world.program.json(create).await?;
        let word = |name: &str| {
            made[name]
                .as_str()
                .map(str::to_owned)
                .context("no such word")
        };
        let meta = Self {
            simulator,
            connector: word("id")?,
            receipts_url: word("receipts_url")?,
            http: reqwest::Client::builder().no_proxy().build()?,
        };
        let template = json!({ "name": "yaz", "language": "tr", "category": "MARKETING", "body": body, "quick_replies": 1 });
        let options = json!({ "templates": [template], "senders": ["106"], "push_secret": "uygulama-anahtari",
            "push_url": meta.receipts_url, "inbound_url": meta.receipts_url });
        meta.tell("options", &options).await?;
        world
            .program
            .json(["connector", "test", &meta.connector])
            .await?;
        Ok(meta)
    }

    async fn tell(&self, what: &str, told: &Value) -> Result<String> {
        let url = format!("{}/_sim/{what}", self.simulator.url());
        let answer = self.http.post(url).json(told).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{what}: {text}");
        Ok(text)
    }

    async fn received(&self) -> Result<Vec<Value>> {
        let url = format!("{}/_sim/received", self.simulator.url());
        let seen: Value = self.http.get(url).send().await?.json().await?;
        Ok(seen["list"].as_array().cloned().unwrap_or_default())
    }

    fn draft(&self, world: &World, brand: &Brand, body: &str) -> Value {
        let mut draft = job::draft(world, brand, TAG);
        draft["channel"] = json!("WHATSAPP");
        draft["connector_id"] = json!(self.connector);
        draft["sender"] = json!("106");
        draft["body"] = json!(body);
        draft
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_consented_to_whatsapp_gets_the_template_and_a_button_ends_it() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let file = world.write("dort.csv", FOUR)?;
        job::imported(&world.client, &file, &job::push(&brand, TAG)).await?;
        let meta = Meta::start(world).await?;
        for (token, passed) in [("dogrulama", true), ("baska", false)] {
            let asked = json!({ "url": meta.receipts_url, "verify_token": token });
            let said = meta.tell("handshake", &asked).await?;
            ensure!(
                said == json!({ "passed": passed }).to_string(),
                "{token}: {said}"
            );
        }

        let draft = meta.draft(world, &brand, job::TEXT_WITH_NAME);
        let path = job::campaign(&world.client, &draft).await?;
        let report = job::sent(&world.client, &path).await?;
        ensure!(report["delivered"] == 2, "report: {report}");
        let mut received = meta.received().await?;
        received.sort_by_key(|message| message["to"].to_string());
        ensure!(received.len() == 2, "received: {received:?}");
        for (message, to) in received.iter().zip(["905321234561", "905321234562"]) {
            let text = message["text"].as_str().unwrap_or_default();
            ensure!(
                message["to"] == to && message["sender"] == "106",
                "{message}"
            );
            ensure!(text.starts_with("Sayin ") && !text.contains("{{"), "{text}");
        }

        // The button under the template, and the "stop" of WhatsApp itself.
        for (from, text) in [("905321234561", "#RET"), ("905321234562", "!stop")] {
            let told = json!({ "from": from, "to": "908501234567", "text": text });
            meta.tell("inbound", &told).await?;
        }
        until("both refusals", async || {
            let path = job::campaign(&world.client, &draft).await?;
            let dry = world
                .client
                .post(&format!("{path}/dry-run"), &json!({}))
                .await?;
            Ok((job::excluded(&dry["excluded"], "S103") == 3).then_some(()))
        })
        .await?;
        let told = world.simulators.recorded().await?;
        ensure!(
            told.iter().all(|one| one["recipient"] != "+905321234561"),
            "İYS knows no WhatsApp: {told:?}"
        );
        let unsigned = meta
            .http
            .post(&meta.receipts_url)
            .body("{\"entry\":[]}")
            .send()
            .await?;
        ensure!(unsigned.status() == 401, "unsigned: {unsigned:?}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_meta_refuses_because_the_person_stopped_is_their_refusal() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        let file = world.write("dort.csv", FOUR)?;
        job::imported(&world.client, &file, &job::push(&brand, TAG)).await?;
        let meta = Meta::start(world).await?;
        meta.tell("refuse", &json!({ "code": "131050" })).await?;
        let draft = meta.draft(world, &brand, job::TEXT_WITH_NAME);
        let path = job::campaign(&world.client, &draft).await?;
        let report = job::sent(&world.client, &path).await?;
        ensure!(
            report["failed"]["refused"] == 1 && report["delivered"] == 1,
            "report: {report}"
        );
        let failed = world
            .client
            .get(&format!("{path}/messages?state=failed"))
            .await?;
        let failed = &failed["items"][0];
        ensure!(failed["code"] == "S508", "{failed}");
        let path = job::campaign(&world.client, &draft).await?;
        let dry = world
            .client
            .post(&format!("{path}/dry-run"), &json!({}))
            .await?;
        ensure!(
            job::excluded(&dry["excluded"], "S103") == 2 && dry["sendable"] == 1,
            "K4 had refused, and one more has now: {dry}"
        );
        Ok(())
    })
    .await
}
