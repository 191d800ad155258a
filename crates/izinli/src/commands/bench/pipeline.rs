//! The way of one database through all rows: people in, İYS asked, campaigns
//! frozen and sent, receipts back, the ledger verified.
//!
//! A row that was not asked for is still walked through where a later one
//! rests on it, but neither measured against a baseline nor printed.

use anyhow::Context;
use domain::gate::Basis;
use domain::ids::CampaignId;
use domain::{Channel, Recipient, RecipientKind};
use serde_json::Value;
use store::campaigns::{Audience, NewCampaign};

use super::child::{Job, Measured, float, measure, per_second};
use super::ground::{self, Ground, Place, Surroundings};
use super::lines::{LONG_SECONDS, RUNS, median};
use super::plain_sql::Plain;
use super::table::{Row, Table, Target, rate};
use super::{bare, feed, panel, receipts, smtp};
use crate::session::ACTOR;

const TEXT: &str = "Sayın {{ad}}, yaz indirimi başladı! ORNEK PERAKENDE AS Mersis 0123456789012345. \
                    İstemiyorsanız RET ORNEK yazıp 3338'e gönderin.";
/// Messages of the campaign with one message a request: a tenth of the people, but not fewer or more than this.
const SINGLES_MIN: u64 = 500;
const SINGLES_MAX: u64 = 10_000;
/// Requests that a client has under way, as `dispatch.concurrency` says.
const CONCURRENCY: u32 = 16;
/// Recipients of a request to the slow provider.
const SLOW_BATCH: i64 = 5;
const SLOW_MS: u32 = 20;
/// Bounds, MB.
const IMPORT_MB: f64 = 200.0;
const DISPATCH_MB: f64 = 150.0;

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    /// Names of rows; none means all.
    pub(crate) rows: Vec<String>,
    /// Rows of the file.
    pub(crate) size: u64,
}

impl Wish {
    /// Whether a row is to be measured.
    pub(crate) fn has(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|wanted| wanted == row)
    }

    /// Whether anything behind the import is.
    fn goes_beyond_import(&self) -> bool {
        [
            "panel", "launch", "dispatch", "smtp", "receipts", "registry", "ledger", "pull",
            "drift", "limiter",
        ]
        .iter()
        .any(|row| self.has(row))
    }
}

struct Way<'a> {
    wish: &'a Wish,
    around: &'a Surroundings,
    server: Option<&'a str>,
    database: &'static str,
    table: &'a mut Table,
}

/// Measures the rows asked for on SQLite, or on the server.
pub(crate) async fn run(
    wish: &Wish,
    around: &Surroundings,
    server: Option<&str>,
    table: &mut Table,
) -> anyhow::Result<()> {
    if !wish.has("import") && !wish.goes_beyond_import() {
        return Ok(());
    }
    let database = if server.is_some() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    let mut way = Way {
        wish,
        around,
        server,
        database,
        table,
    };
    let ground = way.import().await.context("import")?;
    let walked = way.campaigns(&ground.place).await;
    ground.drop().await?;
    walked
}

impl Way<'_> {
    fn add(
        &mut self,
        work: &str,
        ours: String,
        baseline: String,
        ratio: f64,
        target: Target,
    ) -> anyhow::Result<()> {
        self.table.add(Row {
            work: work.into(),
            database: self.database,
            ours,
            baseline,
            ratio,
            target,
        })
    }

    async fn job(&self, job: Job, place: &Place) -> anyhow::Result<Measured> {
        measure(&self.around.order(job, Some(place))).await
    }

    /// The first import, and the second with 1 % changed. Leaves the people of
    /// the second behind.
    async fn import(&mut self) -> anyhow::Result<Ground> {
        let is_wanted = self.wish.has("import");
        let mut firsts: Vec<Measured> = Vec::new();
        let ground = loop {
            let name = format!("people{}", firsts.len());
            let ground = Ground::make(self.around, self.server, &name).await?;
            let first = self
                .job(Job::Import(self.around.files.people.clone()), &ground.place)
                .await?;
            let is_long = first.seconds > LONG_SECONDS;
            firsts.push(first);
            if !is_wanted || is_long || firsts.len() == RUNS {
                break ground;
            }
            ground.drop().await?;
        };
        if !is_wanted {
            return Ok(ground);
        }
        let count = firsts.first().map_or(0, |first| first.count);
        let ours = per_second(
            count,
            median(firsts.iter().map(|first| first.seconds).collect()),
        );
        let base = per_second(count, self.plain_import().await?);
        let stages = stages(&firsts);
        self.add(
            "import",
            format!("{} ({stages})", rate(ours, "rows")),
            format!("plain upsert {}", rate(base, "rows")),
            ours / base,
            Target::AtLeast(0.5),
        )?;
        let peak = firsts.iter().map(Measured::peak_mb).fold(0.0, f64::max);
        self.add(
            "import, peak memory",
            format!("{peak:.0} MB"),
            format!("bound {IMPORT_MB:.0} MB"),
            peak / IMPORT_MB,
            Target::AtMost(1.0),
        )?;

        self.settle(&ground.place).await?;
        let second = self
            .job(
                Job::Import(self.around.files.changed.clone()),
                &ground.place,
            )
            .await?;
        let again = second.rate();
        let shown = format!("{} ({})", rate(again, "rows"), stages_of(&second));
        self.add(
            "second import, 1 % changed",
            shown,
            format!("first import {}", rate(ours, "rows")),
            again / ours,
            Target::AtLeast(3.0),
        )?;
        Ok(ground)
    }

    async fn plain_import(&self) -> anyhow::Result<f64> {
        let mut seconds = Vec::new();
        for run in 0..RUNS {
            let name = format!("plain{run}");
            let url = match self.server {
                None => format!(
                    "sqlite:{}",
                    self.around
                        .folder
                        .path()
                        .join(format!("{name}.db"))
                        .display()
                ),
                Some(server) => ground::fresh(server, &name).await?,
            };
            let plain = Plain::open(&url).await?;
            seconds.push(plain.load(&self.around.files.clean).await?);
            plain.close().await;
            if let Some(server) = self.server {
                ground::remove(server, &url).await?;
            }
        }
        Ok(median(seconds))
    }

    async fn settle(&self, place: &Place) -> anyhow::Result<()> {
        let plain = Plain::open(&place.url).await?;
        plain.settle().await?;
        plain.close().await;
        Ok(())
    }

    /// Everything behind the import.
    async fn campaigns(&mut self, place: &Place) -> anyhow::Result<()> {
        if !self.wish.goes_beyond_import() {
            return Ok(());
        }
        self.settle(place).await?;
        if self.wish.has("ledger") {
            self.ledger(place).await.context("ledger")?;
        }
        self.sends(place).await?;
        // What citizens change moves everybody's state.
        feed::rows(self.wish, self.around, place, self.database, self.table).await?;
        if self.wish.has("panel") {
            // Last: its server works at whatever is due, and is gone in the middle of it.
            panel::row(self.around, self.server, place, self.database, self.table)
                .await
                .context("panel")?;
        }
        Ok(())
    }

    /// Everything that is sent, with what it needs.
    async fn sends(&mut self, place: &Place) -> anyhow::Result<()> {
        let campaign = self.campaign(place, Audience::All, 0).await?;
        let needs_campaign = ["registry", "launch", "dispatch", "smtp", "receipts"]
            .iter()
            .any(|row| self.wish.has(row));
        if !needs_campaign {
            return Ok(());
        }
        self.registry(place, campaign).await.context("registry")?;
        self.settle(place).await?;
        if self.wish.has("launch") {
            self.preview(place, campaign).await.context("preview")?;
        }
        let sent = self
            .launch_and_dispatch(place, campaign)
            .await
            .context("launch and dispatch")?;
        self.settle(place).await?;
        if self.wish.has("dispatch") {
            self.single_messages(place)
                .await
                .context("one message a request")?;
            self.slow_provider(place).await.context("slow provider")?;
        }
        if self.wish.has("smtp") {
            smtp::row(self.around, place, self.database, self.table)
                .await
                .context("smtp")?;
        }
        if self.wish.has("receipts") {
            receipts::measure(self.around, place, self.database, sent, self.table)
                .await
                .context("receipts")?;
        }
        Ok(())
    }

    async fn ledger(&mut self, place: &Place) -> anyhow::Result<()> {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            runs.push(self.job(Job::Verify, place).await?);
        }
        let count = runs.first().map_or(0, |run| run.count);
        let ours = median(runs.iter().map(|run| run.seconds).collect());
        let base = median(runs.iter().map(|run| run.stage("hashing")).collect());
        let shown = |seconds| rate(per_second(count, seconds), "events");
        self.add(
            "ledger verify, time",
            shown(ours),
            format!("hashing in memory {}", shown(base)),
            ours / base,
            Target::AtMost(4.0),
        )
    }

    async fn registry(&mut self, place: &Place, campaign: CampaignId) -> anyhow::Result<()> {
        let ours = self.job(Job::Registry(campaign), place).await?;
        if !self.wish.has("registry") {
            return Ok(());
        }
        let plain = Plain::open(&place.url).await?;
        let addresses = plain.addresses(place.brand, true, i64::MAX).await?;
        plain.close().await;
        let concurrency = engine::Settings::default().registry.concurrency;
        let mut bare = Vec::new();
        for _ in 0..RUNS {
            bare.push(bare::ask_registry(&self.around.iys.url, &addresses, concurrency).await?);
        }
        let base = per_second(addresses.len() as u64, median(bare));
        self.add(
            "İYS check of everybody",
            rate(ours.rate(), "addresses"),
            format!("bare client {}", rate(base, "addresses")),
            ours.rate() / base,
            Target::AtLeast(0.8),
        )
    }

    async fn preview(&mut self, place: &Place, campaign: CampaignId) -> anyhow::Result<()> {
        let plain = Plain::open(&place.url).await?;
        let (mut ours, mut agains, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let seen = self.job(Job::Preview(campaign), place).await?;
            agains.push(seen.stage("again"));
            ours.push(seen.seconds);
            counts.push(plain.count_audience(place.firm, place.brand).await?);
        }
        plain.close().await;
        let (ours, again, base) = (median(ours), median(agains), median(counts));
        let bound = 0.3 * (float(self.wish.size) / 1e6).max(0.1);
        let baseline = format!("bound {bound:.2} s; plain count {base:.3} s");
        self.add(
            "audience preview with reasons, first",
            format!("{ours:.3} s"),
            baseline,
            ours / bound,
            Target::AtMost(1.0),
        )?;
        self.add(
            "audience preview, nothing changed",
            format!("{again:.3} s"),
            "bound 0.050 s".into(),
            again / 0.05,
            Target::AtMost(1.0),
        )
    }

    /// Launches and sends to everybody, several times where that is quick;
    /// returns the last campaign.
    async fn launch_and_dispatch(
        &mut self,
        place: &Place,
        first: CampaignId,
    ) -> anyhow::Result<CampaignId> {
        let (mut launches, mut sends) = (Vec::new(), Vec::new());
        let mut campaign = first;
        let wants_repeats = self.wish.has("launch") || self.wish.has("dispatch");
        loop {
            let launched = self.job(Job::Launch(campaign), place).await?;
            self.settle(place).await?;
            let handed = self.provider_count("messages").await?;
            let sent = self.job(Job::Dispatch(campaign), place).await?;
            let arrived = self.provider_count("messages").await? - handed;
            anyhow::ensure!(
                arrived == sent.count,
                "{} were sent, {arrived} arrived",
                sent.count
            );
            let is_long = launched.seconds + sent.seconds > LONG_SECONDS;
            launches.push(launched);
            sends.push(sent);
            if !wants_repeats || is_long || sends.len() == RUNS {
                break;
            }
            campaign = self.campaign(place, Audience::All, 0).await?;
        }
        let plain = Plain::open(&place.url).await?;
        if self.wish.has("launch") {
            let mut base = Vec::new();
            for _ in 0..RUNS {
                base.push(plain.insert_select(place.brand).await?);
            }
            let (ours, base) = (
                median(launches.iter().map(|run| run.seconds).collect()),
                median(base),
            );
            self.add(
                "launch: freeze everybody's decision, time",
                format!("{ours:.2} s"),
                format!("INSERT … SELECT {base:.2} s"),
                ours / base,
                Target::AtMost(3.0),
            )?;
        }
        if self.wish.has("dispatch") {
            let count = sends.first().map_or(0, |run| run.count);
            let base = per_second(count, plain.claim_and_mark(count).await?);
            let ours = per_second(count, median(sends.iter().map(|run| run.seconds).collect()));
            self.add(
                "dispatch in batches of 500",
                rate(ours, "messages"),
                format!("claim + mark rows {}", rate(base, "messages")),
                ours / base,
                Target::AtLeast(1.5),
            )?;
            let peak = sends.iter().map(Measured::peak_mb).fold(0.0, f64::max);
            self.add(
                "dispatch, peak memory",
                format!("{peak:.0} MB"),
                format!("bound {DISPATCH_MB:.0} MB"),
                peak / DISPATCH_MB,
                Target::AtMost(1.0),
            )?;
        }
        plain.close().await;
        Ok(campaign)
    }

    async fn single_messages(&mut self, place: &Place) -> anyhow::Result<()> {
        let audience = self.some_people(place).await?;
        let (mut ours, mut bares, mut count) = (Vec::new(), Vec::new(), 0);
        for _ in 0..RUNS {
            let sent = self.send_to(place, audience.clone(), 1).await?;
            count = sent.count;
            let is_long = sent.seconds > LONG_SECONDS;
            ours.push(sent.seconds);
            let url = format!("{}/sms/3/messages", self.around.provider.url);
            let many = usize::try_from(count)?;
            bares.push(
                bare::post_all(
                    &url,
                    reqwest::header::HeaderMap::new(),
                    many,
                    CONCURRENCY as usize,
                    bare::message,
                )
                .await?,
            );
            if is_long {
                break;
            }
        }
        let (ours, base) = (
            per_second(count, median(ours)),
            per_second(count, median(bares)),
        );
        self.add(
            "dispatch, one request per message",
            rate(ours, "messages"),
            format!("bare client {}", rate(base, "messages")),
            ours / base,
            Target::AtLeast(0.6),
        )
    }

    async fn slow_provider(&mut self, place: &Place) -> anyhow::Result<()> {
        let audience = self.some_people(place).await?;
        self.delay(SLOW_MS).await?;
        let before = self.provider_count("requests").await?;
        let sent = self.send_to(place, audience, SLOW_BATCH).await;
        let requests = self.provider_count("requests").await? - before;
        self.delay(0).await?;
        let ours = per_second(requests, sent?.seconds);
        let most = f64::from(CONCURRENCY) * 1_000.0 / f64::from(SLOW_MS);
        self.add(
            "a provider that answers after 20 ms",
            rate(ours, "requests"),
            format!("concurrency ÷ latency {}", rate(most, "requests")),
            ours / most,
            Target::AtLeast(0.9),
        )
    }

    async fn send_to(
        &self,
        place: &Place,
        audience: Audience,
        batch_size: i64,
    ) -> anyhow::Result<Measured> {
        let campaign = self.campaign(place, audience, batch_size).await?;
        self.job(Job::Launch(campaign), place).await?;
        self.job(Job::Dispatch(campaign), place).await
    }

    async fn some_people(&self, place: &Place) -> anyhow::Result<Audience> {
        let plain = Plain::open(&place.url).await?;
        let most = (self.wish.size / 10).clamp(SINGLES_MIN, SINGLES_MAX);
        let found = plain
            .addresses(place.brand, true, i64::try_from(most)?)
            .await?;
        plain.close().await;
        let addresses = found
            .iter()
            .map(|text| Recipient::from_normalised(text))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Audience::Addresses { addresses })
    }

    async fn campaign(
        &self,
        place: &Place,
        audience: Audience,
        batch_size: i64,
    ) -> anyhow::Result<CampaignId> {
        let engine = place.engine(self.around.clock).await?;
        let new = NewCampaign {
            promotion: None,
            brand: place.brand,
            name: "bench".into(),
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            basis: Basis::Commercial,
            purpose: "kampanya".into(),
            template: None,
            body: TEXT.into(),
            sender: "ORNEK".into(),
            connector: place.connector,
            audience,
            batch_size,
            plan: domain::plan::Plan::default(),
        };
        let made = engine.create_campaign(place.firm, new, ACTOR).await?;
        engine.store().close().await;
        Ok(made.id)
    }

    async fn provider_count(&self, what: &str) -> anyhow::Result<u64> {
        let url = format!("{}/_bench/counts", self.around.provider.url);
        let counts: Value = bare::client()?.get(url).send().await?.json().await?;
        counts[what].as_u64().context("the provider counts nothing")
    }

    async fn delay(&self, ms: u32) -> anyhow::Result<()> {
        let url = format!("{}/_bench/delay/{ms}", self.around.provider.url);
        bare::client()?.post(url).send().await?.error_for_status()?;
        Ok(())
    }
}

/// Where the time of the middle run went.
fn stages(runs: &[Measured]) -> String {
    let mut sorted: Vec<&Measured> = runs.iter().collect();
    sorted.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    sorted
        .get(sorted.len() / 2)
        .map_or_else(String::new, |run| stages_of(run))
}

fn stages_of(run: &Measured) -> String {
    let parts: Vec<String> = run
        .stages
        .iter()
        .map(|(name, seconds)| format!("{name} {seconds:.1} s"))
        .collect();
    parts.join(", ")
}
