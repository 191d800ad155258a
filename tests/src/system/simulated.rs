//! The services around the program, inside the test's process.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::Value;
use simulators::infobip::{self, InfobipSim};
use simulators::iys::{self, IysSim};
use simulators::{Clock, Running};
use tokio::net::TcpListener;

/// The firm's invented number at İYS.
pub const IYS_CODE: u64 = 650_001;
/// The firm's user at İYS.
pub const IYS_USER: &str = "sistem-denemesi";
/// Its password.
pub const IYS_PASSWORD: &str = "sistem-denemesi-parolasi";
/// The key of the firm's account at the provider.
pub const API_KEY: &str = "sistem-denemesi-anahtari";

/// Monday morning in Turkey, no holiday near.
const CLOCK_START: &str = "2025-06-23T10:00:00+03:00";
/// Rows on one page of a simulator's record.
const PAGE: usize = 10_000;

/// İYS and the provider.
#[derive(Debug)]
pub struct Simulators {
    /// The clock of everything.
    pub clock: Clock,
    iys: Running,
    infobip: Running,
    http: reqwest::Client,
}

impl Simulators {
    /// Starts both on free ports; without their call limits if so wanted.
    ///
    /// # Errors
    /// When a port cannot be bound.
    pub async fn start(limits: bool) -> Result<Self> {
        let clock = Clock::starting_at(CLOCK_START.parse::<Timestamp>()?);
        let mut iys = iys::Config {
            clock: clock.clone(),
            ..iys::Config::default()
        };
        let mut infobip = infobip::Config {
            clock: clock.clone(),
            api_keys: vec![API_KEY.to_owned()],
            ..infobip::Config::default()
        };
        if !limits {
            iys.options.limits = None;
            infobip.options.limits = None;
        }
        Ok(Self {
            clock,
            iys: IysSim::start(iys, free_port().await?).await?,
            infobip: InfobipSim::start(infobip, free_port().await?).await?,
            http: super::client::http()?,
        })
    }

    /// Where İYS answers.
    pub fn iys_url(&self) -> String {
        self.iys.url()
    }

    /// Where the provider answers.
    pub fn infobip_url(&self) -> String {
        self.infobip.url()
    }

    /// Tells the İYS simulator something: `iys("script", …)`.
    ///
    /// # Errors
    /// When the simulator does not understand.
    pub async fn iys(&self, what: &str, told: &Value) -> Result<()> {
        self.tell(&self.iys, what, told).await
    }

    /// Tells the provider's simulator something.
    ///
    /// # Errors
    /// When the simulator does not understand.
    pub async fn infobip(&self, what: &str, told: &Value) -> Result<()> {
        self.tell(&self.infobip, what, told).await
    }

    /// Ends all faults of both.
    ///
    /// # Errors
    /// When a simulator does not answer.
    pub async fn heal(&self) -> Result<()> {
        for one in [&self.iys, &self.infobip] {
            let answer = self
                .http
                .delete(format!("{}/_sim/faults", one.url()))
                .send()
                .await?;
            ensure!(answer.status().is_success(), "the faults did not end");
        }
        Ok(())
    }

    /// The counters of İYS.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn iys_stats(&self) -> Result<Value> {
        self.ask(&self.iys, "stats").await
    }

    /// The open ViA requests at İYS, with the codes that people would read out.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn iys_via(&self) -> Result<Vec<Value>> {
        let told = self.ask(&self.iys, "via").await?;
        Ok(told["list"].as_array().cloned().unwrap_or_default())
    }

    /// The counters of the provider.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn infobip_stats(&self) -> Result<Value> {
        self.ask(&self.infobip, "stats").await
    }

    /// How often each of these calls was made, whatever came of it: the part
    /// of the path that names the call is enough.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn iys_calls(&self, path_part: &str) -> Result<u64> {
        let stats = self.iys_stats().await?;
        Ok(calls_in(&stats, path_part))
    }

    /// How often the provider was called on a path.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn infobip_calls(&self, path_part: &str) -> Result<u64> {
        let stats = self.infobip_stats().await?;
        Ok(calls_in(&stats, path_part))
    }

    /// The messages that the provider accepted, as it keeps them; the first page.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn received(&self) -> Result<Vec<Value>> {
        let page = self
            .ask(&self.infobip, &format!("received?limit={PAGE}"))
            .await?;
        Ok(page["list"].as_array().cloned().unwrap_or_default())
    }

    /// Every phone number that the provider accepted a message for, with how
    /// many: digits as sent.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn accepted(&self) -> Result<BTreeMap<String, u32>> {
        let mut all = BTreeMap::new();
        let mut after = 0;
        loop {
            let page = self
                .ask(
                    &self.infobip,
                    &format!("received?limit={PAGE}&after={after}"),
                )
                .await?;
            for message in page["list"]
                .as_array()
                .context("the provider lists no messages")?
            {
                let to = message["to"]
                    .as_str()
                    .context("a message without an address")?;
                *all.entry(to.to_owned()).or_default() += 1;
            }
            let next = page["next"].as_u64().context("no next page is named")?;
            if next >= page["total"].as_u64().unwrap_or(0) {
                return Ok(all);
            }
            after = next;
        }
    }

    /// Addresses for which İYS recorded an add of ours.
    ///
    /// # Errors
    /// When the simulator does not answer.
    pub async fn recorded(&self) -> Result<Vec<Value>> {
        let page = self
            .ask(&self.iys, &format!("received?limit={PAGE}"))
            .await?;
        Ok(page["list"].as_array().cloned().unwrap_or_default())
    }

    /// Moves everybody's clock forward. A running program keeps its own until
    /// it is started again.
    pub fn forward(&self, seconds: i64) {
        let to = self.clock.now() + jiff::SignedDuration::from_secs(seconds);
        self.clock.move_to(to, false);
    }

    async fn tell(&self, one: &Running, what: &str, told: &Value) -> Result<()> {
        let url = format!("{}/_sim/{what}", one.url());
        let answer = self.http.post(&url).json(told).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{url} answered {status}: {text}");
        Ok(())
    }

    async fn ask(&self, one: &Running, what: &str) -> Result<Value> {
        let url = format!("{}/_sim/{what}", one.url());
        Ok(self
            .http
            .get(&url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }
}

async fn free_port() -> Result<TcpListener> {
    TcpListener::bind("127.0.0.1:0")
        .await
        .context("no port is free")
}

/// Sums the counts of calls; the simulators give them by call, and by status
/// within a call.
fn calls_in(stats: &Value, path_part: &str) -> u64 {
    fn sum(value: &Value) -> u64 {
        match value {
            Value::Object(parts) => parts.values().map(sum).sum(),
            number => number.as_u64().unwrap_or(0),
        }
    }
    let calls = stats["calls"].as_object();
    calls
        .into_iter()
        .flatten()
        .filter(|(call, _)| call.contains(path_part))
        .map(|(_, count)| sum(count))
        .sum()
}
