//! An SMPP account on the real program: messages leave over a session, and what
//! comes back over it is a receipt, or a refusal that counts at once.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulators::{Kind, Running};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, World, each_database, job, until};
use tokio::net::TcpListener;

const TAG: &str = "SMPP";
const THREE: &str = "\
Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi
K1;Kişi Bir;+905321234561;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K2;Kişi İki;+905321234562;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K3;Kişi Üç;+905321234563;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
";

/// Three people who said ONAY and whom İYS confirms.
async fn three_people(world: &World, brand: &Brand) -> Result<()> {
    let records: Vec<Value> = (1..=3)
        .map(|n| {
            json!({ "iysCode": IYS_CODE, "brandCode": brand.code,
                    "recipient": format!("+90532123456{n}"), "recipientType": "BIREYSEL",
                    "type": "MESAJ", "status": "ONAY", "source": "HS_WEB",
                    "consentDate": "2025-06-20 14:05:00" })
        })
        .collect();
    let told = json!({ "records": records });
    world.simulators.iys("state", &told).await?;
    let file = world.write("uc.csv", THREE)?;
    job::imported(&world.client, &file, &job::push(brand, TAG)).await?;
    Ok(())
}

/// A gateway, and an account at it.
struct Gateway {
    simulator: Running,
    connector: String,
    http: reqwest::Client,
}

impl Gateway {
    async fn start(world: &World) -> Result<Self> {
        let options = simulators::Options {
            no_limits: true,
            answer_delay_ms: Some(1),
            clock_start: Some(world.simulators.clock.now().to_string()),
            ..simulators::Options::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let simulator = simulators::start(Kind::Smpp, options, listener).await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let place = http.get(format!("{}/_sim/smpp", simulator.url())).send();
        let place: Value = place.await?.json().await?;
        let settings = json!({
            "base_url": place["url"], "timeout_seconds": 5, "system_id": "ornek", "password": "gizli123",
            "tlvs": "0x1401 text {{recipient_kind}}",
        });
        let file = world.write("smpp.json", settings.to_string())?;
        let file = file.to_string_lossy();
        let made = world
            .program
            .json([
                "connector",
                "create",
                "--firm",
                &world.firm,
                "--kind",
                "smpp",
                "--name",
                "SMPP",
                "--settings",
                &file,
            ])
            .await?;
        let connector = made["id"].as_str().context("no id")?.to_owned();
        world
            .program
            .json(["connector", "test", &connector])
            .await?;
        Ok(Self {
            simulator,
            connector,
            http,
        })
    }

    async fn tell(&self, what: &str, told: &Value) -> Result<()> {
        let url = format!("{}/_sim/{what}", self.simulator.url());
        let answer = self.http.post(url).json(told).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{what}: {}", answer.text().await?);
        Ok(())
    }

    async fn look(&self, what: &str) -> Result<Value> {
        let url = format!("{}/_sim/{what}", self.simulator.url());
        Ok(self.http.get(url).send().await?.json().await?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_leave_over_a_session_and_receipts_and_refusals_come_back_over_it() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        three_people(world, &brand).await?;
        let gateway = Gateway::start(world).await?;
        let unreached = json!({ "to": "905321234563", "outcome": "undelivered" });
        gateway.tell("script", &unreached).await?;

        let mut draft = job::draft(world, &brand, TAG);
        draft["connector_id"] = json!(gateway.connector);
        let path = job::campaign(&world.client, &draft).await?;
        let report = job::sent(&world.client, &path).await?;
        ensure!(report["delivered"] == 2, "report: {report}");
        let received = gateway.look("received").await?;
        let list = received["list"].as_array().context("no list")?;
        ensure!(
            list.len() == 3 && list.iter().all(|one| one["iys"] == "BIREYSEL"),
            "received: {received}"
        );
        // What is in the database was confirmed to the gateway.
        until("the confirmations", async || {
            let stats = gateway.look("stats").await?;
            Ok((stats["reports_acknowledged"] == 3).then_some(()))
        })
        .await?;

        let told = json!({ "from": "905321234561", "to": "3399", "text": "RET ORNEK" });
        gateway.tell("inbound", &told).await?;
        until("the refusal", async || {
            let path = job::campaign(&world.client, &draft).await?;
            let dry = world
                .client
                .post(&format!("{path}/dry-run"), &json!({}))
                .await?;
            Ok((job::excluded(&dry["excluded"], "S103") == 1).then_some(()))
        })
        .await
    })
    .await
}
