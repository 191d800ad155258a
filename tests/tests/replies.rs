//! What people write back, on the real program: a refusal counts at once and
//! reaches İYS, and what may mean something else waits for a person (B-02).

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use simulators::{Kind, Running};
use system_tests::system::{Brand, IYS_CODE, Mode, Setup, World, each_database, job, until};
use tokio::net::TcpListener;

const TAG: &str = "Yanıtlar";
const FOUR: &str = "\
Müşteri No;Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Alıcı Tipi
K1;Kişi Bir;+905321234561;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K2;Kişi İki;+905321234562;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K3;Kişi Üç;+905321234563;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
K4;Kişi Dört;+905321234564;Onay;20.06.2025 14:05;Mesaj;HS_WEB;Bireysel
";

/// Four people who said ONAY and whom İYS confirms.
async fn four_people(world: &World, brand: &Brand) -> Result<()> {
    let records: Vec<Value> = (1..=4)
        .map(|n| {
            json!({ "iysCode": IYS_CODE, "brandCode": brand.code,
                    "recipient": format!("+90532123456{n}"), "recipientType": "BIREYSEL",
                    "type": "MESAJ", "status": "ONAY", "source": "HS_WEB",
                    "consentDate": "2025-06-20 14:05:00" })
        })
        .collect();
    let told = json!({ "records": records });
    world.simulators.iys("state", &told).await?;
    let file = world.write("dort.csv", FOUR)?;
    job::imported(&world.client, &file, &job::push(brand, TAG)).await?;
    Ok(())
}

/// A provider that pushes replies, and an account at it.
struct Provider {
    simulator: Running,
    inbound_url: String,
    http: reqwest::Client,
}

impl Provider {
    async fn start(world: &World) -> Result<Self> {
        let options = simulators::Options {
            no_limits: true,
            clock_start: Some(world.simulators.clock.now().to_string()),
            ..simulators::Options::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let simulator = simulators::start(Kind::Netgsm, options, listener).await?;
        let settings = json!({ "base_url": simulator.url(), "timeout_seconds": 5, "username": "8501234567",
                               "password": "gizli-parola" });
        let file = world.write("netgsm.json", settings.to_string())?;
        let file = file.to_string_lossy();
        let made = world
            .program
            .json([
                "connector",
                "create",
                "--firm",
                &world.firm,
                "--kind",
                "netgsm",
                "--name",
                "İki yönlü",
                "--settings",
                &file,
            ])
            .await?;
        let inbound_url = made["inbound_url"]
            .as_str()
            .context("no address for replies")?
            .to_owned();
        let provider = Self {
            simulator,
            inbound_url,
            http: reqwest::Client::builder().no_proxy().build()?,
        };
        provider
            .tell("options", &json!({ "inbound_url": provider.inbound_url }))
            .await?;
        Ok(provider)
    }

    async fn tell(&self, what: &str, told: &Value) -> Result<()> {
        let url = format!("{}/_sim/{what}", self.simulator.url());
        let answer = self.http.post(url).json(told).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{what}: {}", answer.text().await?);
        Ok(())
    }

    /// Somebody writes back.
    async fn writes(&self, person: u8, text: &str) -> Result<()> {
        let told = json!({ "from": format!("90532123456{person}"), "to": "8501234567",
                           "text": text });
        self.tell("inbound", &told).await
    }
}

/// The replies in a state, once there are so many.
async fn replies(world: &World, state: &str, count: usize) -> Result<Vec<Value>> {
    until("replies", async || {
        let seen = world.client.get(&format!("/inbound?state={state}")).await?;
        let items = seen["items"].as_array().cloned().unwrap_or_default();
        Ok((items.len() >= count).then_some(items))
    })
    .await
}

/// The dry run of a new campaign to everybody.
async fn dry_run(world: &World, brand: &Brand) -> Result<Value> {
    let path = job::campaign(&world.client, &job::draft(world, brand, TAG)).await?;
    world
        .client
        .post(&format!("{path}/dry-run"), &json!({}))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_ret_is_refused_at_once_and_iys_is_told() -> Result<()> {
    each_database(Setup::default(), async |world| {
        let brand = world.brand(Mode::Integrator, IYS_CODE).await?;
        four_people(world, &brand).await?;
        let provider = Provider::start(world).await?;
        ensure!(
            dry_run(world, &brand).await?["sendable"] == 4,
            "all consent"
        );

        provider.writes(1, "RET ORNEK").await?;
        provider.writes(2, "fatura nerede").await?;
        provider.writes(3, "İPTAL").await?;
        let refused = replies(world, "refused", 1).await?;
        ensure!(
            refused[0]["address"] == "+905321234561" && refused[0]["brand_id"] == brand.id,
            "refused: {refused:?}"
        );
        let open = replies(world, "open", 1).await?;
        ensure!(open[0]["text"] == "fatura nerede", "open: {open:?}");
        // Nothing was sent to K3: it may as well be an appointment.
        let doubtful = replies(world, "doubtful", 1).await?;
        ensure!(doubtful[0]["text"] == "İPTAL", "doubtful: {doubtful:?}");

        let dry = dry_run(world, &brand).await?;
        ensure!(
            dry["sendable"] == 3 && job::excluded(&dry["excluded"], "S103") == 1,
            "dry run: {dry}"
        );
        // İYS takes no date that its own clock might not have reached (H162).
        world.simulators.forward(120);
        world.restart().await?;
        until("the refusal at İYS", async || {
            let told = world.simulators.recorded().await?;
            let is_there = told.iter().any(|one| {
                one["recipient"] == "+905321234561"
                    && one["status"] == "RET"
                    && one["source"] == "HS_MESAJ"
            });
            Ok(is_there.then_some(()))
        })
        .await?;

        let id = doubtful[0]["id"].as_str().context("no id")?;
        let decision =
            json!({ "is_refusal": true, "brand_id": brand.id, "note": "telefonda sordum" });
        let path = format!("/inbound/{id}/decision");
        let decided = world.client.post(&path, &decision).await?;
        ensure!(decided["state"] == "refused", "decided: {decided}");
        let again = world
            .client
            .call(Method::POST, &path, Some(&decision), None)
            .await?;
        ensure!(again.status == 409, "decided twice: {again:?}");
        let dry = dry_run(world, &brand).await?;
        ensure!(dry["sendable"] == 2, "dry run: {dry}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_comes_twice_or_is_asked_for_counts_once_and_survives_a_kill() -> Result<()> {
    let setup = Setup {
        settings: vec![("IZINLI__RECEIPTS__REPLIES_PULL_SECONDS", "1".to_owned())],
        ..Setup::default()
    };
    each_database(setup, async |world| {
        let brand = world.brand(Mode::Sync, IYS_CODE).await?;
        four_people(world, &brand).await?;
        let provider = Provider::start(world).await?;
        let form = [
            ("mesaj", "iptal örnek"),
            ("ceptel", "5321234561"),
            ("aboneno", "8501234567"),
            ("gorevid", "17"),
            ("tarih", "23.06.2025 09:59:00"),
        ];
        for _ in 0..3 {
            let push = provider.http.post(&provider.inbound_url).form(&form);
            let answer = push.send().await?;
            ensure!(answer.status().is_success(), "not kept: {answer:?}");
        }
        // Kept is kept, whatever happens next.
        world.kill().await?;
        world.restart().await?;
        let told = json!({ "from": "905321234562", "to": "3399", "text": "dur" });
        world.simulators.infobip("inbound", &told).await?;
        let refused = replies(world, "refused", 2).await?;
        ensure!(refused.len() == 2, "refused: {refused:?}");
        let dry = dry_run(world, &brand).await?;
        ensure!(dry["sendable"] == 2, "dry run: {dry}");

        let stranger = format!("{}x", provider.inbound_url);
        let answer = provider.http.post(stranger).form(&form).send().await?;
        ensure!(answer.status() == 404, "a stranger's: {answer:?}");
        Ok(())
    })
    .await
}
