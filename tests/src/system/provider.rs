//! Providers of every kind beside the program, in the test's process: they
//! outlive its kills, so their record is the judge of who was messaged.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use simulators::{Clock, Kind, Running};
use tokio::net::TcpListener;

use super::world::World;

/// Rows on one page of a simulator's record.
const PAGE: usize = 10_000;
/// The template of the WhatsApp account, word for word.
pub const WHATSAPP_TEXT: &str = "Randevunuz yarin saat 10:00";

/// One provider.
#[derive(Debug)]
pub struct Provider {
    /// Which.
    pub kind: Kind,
    running: Running,
    http: reqwest::Client,
}

/// How long an account waits for an answer: worlds have short leases.
const TIMEOUT_SECONDS: u32 = 5;

impl Provider {
    /// Starts one on a free port, its clock where the world's is.
    ///
    /// # Errors
    /// When a port cannot be bound or it cannot be set up.
    pub async fn start(kind: Kind, clock: &Clock) -> Result<Self> {
        let options = simulators::Options {
            no_limits: true,
            answer_delay_ms: Some(1),
            clock_start: Some(clock.now().to_string()),
            ..simulators::Options::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let running = simulators::start(kind, options, listener).await?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let provider = Self {
            kind,
            running,
            http,
        };
        match kind {
            Kind::Infobip => {
                let keys = json!({ "keys": ["gizli-anahtar"] });
                provider.tell("keys", &keys).await?;
            }
            Kind::Whatsapp => {
                let template = json!({
                    "name": "randevu", "language": "tr", "category": "UTILITY", "body": WHATSAPP_TEXT,
                });
                let options = json!({ "templates": [template], "senders": ["106"] });
                provider.tell("options", &options).await?;
            }
            _ => {}
        }
        Ok(provider)
    }

    /// The account's form, filled in.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn settings(&self) -> Result<Value> {
        let base_url = match self.kind {
            Kind::Smpp | Kind::Smtp => {
                let place = self.look(&self.kind.to_string()).await?;
                place["url"].as_str().context("no place")?.to_owned()
            }
            _ => self.running.url(),
        };
        let mut form = match self.kind {
            Kind::Brevo => json!({ "api_key": "xkeysib-gizli", "webhook_token": "kanca" }),
            Kind::Iletimerkezi => json!({ "key": "anahtar-1", "hash": "gizli-hash" }),
            Kind::Infobip => json!({ "api_key": "gizli-anahtar" }),
            Kind::Jetsms => {
                json!({ "username": "ornek", "password": "gizli-parola", "iys_code": 600_001 })
            }
            Kind::Mobildev => {
                json!({ "username": "ornek", "password": "gizli-parola", "code": "4321" })
            }
            Kind::Netgsm => json!({ "username": "8501234567", "password": "gizli-parola" }),
            Kind::Smpp => json!({ "system_id": "ornek", "password": "gizli123" }),
            Kind::Smtp => json!({ "timeout_seconds": 2 }),
            Kind::Turatel => json!({
                "username": "ornek", "password": "gizli-parola", "account": "12", "code": "34",
            }),
            Kind::Twilio => {
                json!({ "account_sid": "AC0123456789abcdef", "auth_token": "gizli-belirtec" })
            }
            Kind::Whatsapp => json!({
                "business_account_id": "100", "access_token": "belirtec",
                "app_secret": "uygulama-anahtari", "verify_token": "dogrulama",
                "templates": format!("# randevu tr UTILITY\n{WHATSAPP_TEXT}"),
            }),
            Kind::Figensoft | Kind::Turkcell | Kind::Verimor => {
                json!({ "username": "ornek", "password": "gizli-parola" })
            }
            Kind::Iys => anyhow::bail!("İYS is no provider"),
        };
        form["base_url"] = json!(base_url);
        // A simulator takes what it is given; limits have tests of their own.
        form["requests_per_second"] = json!(0);
        if form.get("timeout_seconds").is_none() {
            form["timeout_seconds"] = json!(TIMEOUT_SECONDS);
        }
        Ok(form)
    }

    /// Makes a tested account of the world's firm at it and gives its id.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn account(&self, world: &World) -> Result<String> {
        let kind = self.kind.to_string();
        let settings = self.settings().await?.to_string();
        let file = world.write(&format!("{kind}.json"), settings)?;
        let file = file.to_string_lossy();
        let mut create = vec!["connector", "create", "--firm", &world.firm];
        create.extend(["--kind", &kind, "--name", &kind, "--settings", &file]);
        let made = world.program.json(create).await?;
        let id = made["id"].as_str().context("no id")?.to_owned();
        world.program.json(["connector", "test", &id]).await?;
        Ok(id)
    }

    /// A control call that must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub async fn tell(&self, what: &str, told: &Value) -> Result<()> {
        let url = format!("{}/_sim/{what}", self.running.url());
        let answer = self.http.post(url).json(told).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{what}: {}", answer.text().await?);
        Ok(())
    }

    /// What a control call shows.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn look(&self, what: &str) -> Result<Value> {
        let url = format!("{}/_sim/{what}", self.running.url());
        let answer = self.http.get(url).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }

    /// Some requests are carried out and then not answered from now on, and
    /// answers take a moment: that is when a kill hurts.
    ///
    /// # Errors
    /// When the simulator does not understand.
    pub async fn hang_up_after_accepting(&self, probability: f64, seed: u64) -> Result<()> {
        if self.kind == Kind::Smtp {
            // It knows no chance; each call makes it hang up a few times more.
            return self
                .tell("break", &json!({ "at": "taken", "times": 3 }))
                .await;
        }
        let faults = json!([
            { "kind": "delay", "delay_ms": 20, "after_accept": true },
            { "kind": "drop_after_accept", "probability": probability, "seed": seed },
        ]);
        self.tell("faults", &faults).await
    }

    /// How many messages it has accepted.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn count(&self) -> Result<u64> {
        let stats = self.look("stats").await?;
        let count = stats["accepted_messages"]
            .as_u64()
            .or(stats["messages"].as_u64());
        count.with_context(|| format!("no count: {stats}"))
    }

    /// Every address that it accepted a message for, with how many.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn accepted(&self) -> Result<BTreeMap<String, u32>> {
        let mut all = BTreeMap::new();
        let mut after = 0;
        loop {
            let what = format!("received?limit={PAGE}&after={after}");
            let page = self.look(&what).await?;
            let list = page["list"].as_array().context("no list")?;
            for message in list {
                let to = message["to"].as_str().context("no address")?;
                *all.entry(to.to_owned()).or_default() += 1;
            }
            let next = page["next"].as_u64().context("no next page is named")?;
            if list.is_empty() || next >= page["total"].as_u64().unwrap_or(0) {
                return Ok(all);
            }
            after = next;
        }
    }
}
