//! The whole engine in bad weather: files, consents and refusals by every door,
//! launches with packages, canaries and pauses, a provider that fails before
//! and after it accepted, and processes that die in the middle of a step. A
//! seed decides the order. After every schedule nobody was sent to who had
//! refused before the claim, nobody got one message twice, everybody is
//! accounted for, and the ledger verifies.
//!
//! The seed is printed; `IZINLI_SEED` repeats a run, `IZINLI_SCHEDULES` makes
//! it longer (thousands are no trouble: about a fifth of a second each).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::task::Poll;

use anyhow::{Context, Result, bail, ensure};
use domain::consent::ConsentEvent;
use domain::consent::Origin;
use domain::ids::{BatchKey, CampaignId, MessageRef};
use domain::plan::{Canary, Packages, Plan};
use domain::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use domain::{Recipient, RegistryMode, Source, Status, Timestamp};
use engine::consents::ConsentClaim;
use engine::{EngineError, Step};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use store::campaigns::CampaignState;
use system_tests::house::{BIREYSEL, House, MESAJ};

const PEOPLE: u32 = 16;
const SCHEDULES: u32 = 12;
/// Rounds in which a campaign must come to its end once the weather is fair.
const CALM_ROUNDS: usize = 400;
/// A step is cut at one of its first so many points of waiting.
const CUT_WITHIN: u32 = 60;

#[tokio::test(flavor = "multi_thread")]
async fn after_any_schedule_of_faults_kills_and_refusals_every_message_was_allowed_and_sent_once()
-> Result<()> {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let seed: Option<u64> = number("IZINLI_SEED");
    let seed = seed.unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    let schedules = number("IZINLI_SCHEDULES").and_then(|count| u32::try_from(count).ok());
    let schedules = schedules.unwrap_or(SCHEDULES);
    eprintln!("IZINLI_SEED={seed} IZINLI_SCHEDULES={schedules}");
    let houses = House::each(RegistryMode::Integrator, |settings| {
        settings.registry.lease_seconds = 20;
    })
    .await?;
    for mut house in houses {
        let database = house.database;
        let mut storm = Storm::over(&mut house, seed).await?;
        let outcome = storm.rage(schedules).await;
        if outcome.is_err() {
            eprintln!("--- what happened ---\n{}", storm.log);
        }
        outcome.with_context(|| format!("on {database}, seed {seed}"))?;
        eprintln!("{database}: {}", storm.tally());
        ensure!(
            storm.accepted.len() > 20 && storm.kills > 0,
            "a storm that proves nothing: {}",
            storm.tally()
        );
    }
    Ok(())
}

struct Storm<'h> {
    house: &'h mut House,
    dice: StdRng,
    people: Vec<Recipient>,
    /// Every message that the provider has accepted, by our name for it.
    accepted: BTreeMap<String, String>,
    campaigns: u32,
    refusals: u32,
    faults: u32,
    kills: u32,
    files: u32,
    log: String,
}

impl<'h> Storm<'h> {
    async fn over(house: &'h mut House, seed: u64) -> Result<Self> {
        let phone = |n| Recipient::from_normalised(&format!("+90532{n:07}"));
        let people: Vec<Recipient> = (1..=PEOPLE).filter_map(|n| phone(n).ok()).collect();
        let mut storm = Self {
            house,
            dice: StdRng::seed_from_u64(seed),
            people,
            accepted: BTreeMap::new(),
            campaigns: 0,
            refusals: 0,
            faults: 0,
            kills: 0,
            files: 0,
            log: String::new(),
        };
        storm.everybody_consents().await?;
        Ok(storm)
    }

    fn tally(&self) -> String {
        format!(
            "{} campaigns, {} messages, {} refusals, {} faults, {} kills, {} files",
            self.campaigns,
            self.accepted.len(),
            self.refusals,
            self.faults,
            self.kills,
            self.files
        )
    }

    fn note(&mut self, what: &str) {
        let now = self.house.now().to_registry_text();
        writeln!(self.log, "{now}  {what}").expect("a text takes what is written");
    }

    /// A firm begins with people of whom İYS holds a consent.
    async fn everybody_consents(&mut self) -> Result<()> {
        let at = self.house.now().plus_micros(-2 * DAY_US);
        for person in self.people.clone() {
            self.house.record(&person, "ONAY", "HS_WEB", at).await?;
        }
        self.file(Status::Onay, at).await?;
        self.house.work().await
    }

    async fn rage(&mut self, schedules: u32) -> Result<()> {
        for number in 0..schedules {
            self.log.clear();
            self.schedule()
                .await
                .with_context(|| format!("schedule {number}"))?;
            if number % 10 == 9 || number + 1 == schedules {
                self.ledger_verifies().await?;
            }
        }
        Ok(())
    }

    /// One campaign and what happens around it.
    async fn schedule(&mut self) -> Result<()> {
        self.reach_open_hours();
        if self.dice.random_bool(0.4) {
            self.somebody_consents_anew().await?;
        }
        let plan = self.plan();
        let size = self.dice.random_range(1..8);
        self.note(&format!("launch {plan:?} in batches of {size}"));
        let id = self.house.begin(plan, size).await?;
        self.campaigns += 1;
        for _ in 0..self.dice.random_range(3..14) {
            // Each thing in a second of its own: what came first is certain.
            self.house.pass(SECOND_US);
            self.something(id).await?;
        }
        self.calm(id).await?;
        self.messages_were_allowed_and_single(id).await
    }

    fn plan(&mut self) -> Plan {
        let mut plan = Plan::default();
        match self.dice.random_range(0..6) {
            0 => {
                plan.packages = Some(Packages {
                    size: self.dice.random_range(2..6),
                    every_minutes: 1,
                });
            }
            1 => {
                plan.canary = Some(Canary {
                    percent: 20,
                    wait_minutes: 1,
                    brake_percent: 90,
                    brake_refusal_percent: Some(100),
                    refusal_minutes: None,
                });
            }
            2 => plan.cap = Some(self.dice.random_range(3..12)),
            _ => {}
        }
        plan
    }

    /// Commercial messages leave from nine to eight.
    fn reach_open_hours(&mut self) {
        while !(9..18).contains(&self.house.now().to_turkish().hour()) {
            self.house.pass(HOUR_US);
        }
    }

    async fn something(&mut self, id: CampaignId) -> Result<()> {
        match self.dice.random_range(0..100) {
            0..18 => self.refusal().await,
            18..28 => {
                let at = self.house.now().plus_micros(-SECOND_US);
                self.file(Status::Ret, at).await
            }
            28..44 => self.fault().await,
            44..50 => self.house.simulators.heal().await,
            50..64 => self.kill().await,
            64..72 => {
                let us = self.dice.random_range(1..240) * SECOND_US;
                self.note(&format!("{} seconds pass", us / SECOND_US));
                self.house.pass(us);
                Ok(())
            }
            72..78 => self.pause_or_resume(id).await,
            78 => {
                self.note("stop");
                let stopped = self.house.engine.stop(self.house.firm, id, "test").await;
                allowed(stopped.map(drop))
            }
            _ => self.steps().await,
        }
    }

    fn somebody(&mut self) -> Recipient {
        let at = self.dice.random_range(0..self.people.len());
        self.people[at].clone()
    }

    fn claim(&self, recipient: Recipient, status: Status, at: Timestamp) -> ConsentClaim {
        ConsentClaim {
            recipient,
            channel: MESAJ,
            kind: BIREYSEL,
            status,
            consent_date: whole_second(at),
            source: Source::HS_MOBIL,
            evidence: None,
            retailer: None,
        }
    }

    /// Somebody refuses, here or at İYS.
    async fn refusal(&mut self) -> Result<()> {
        let person = self.somebody();
        let now = self.house.now();
        self.refusals += 1;
        if self.dice.random_bool(0.3) {
            self.note(&format!("{person} refuses at İYS"));
            self.house.simulators.heal().await?;
            return self.house.citizen(&person, "RET", now).await;
        }
        self.note(&format!("{person} refuses"));
        let claim = self.claim(person, Status::Ret, now);
        self.recorded(vec![claim]).await
    }

    async fn somebody_consents_anew(&mut self) -> Result<()> {
        let mut claims = Vec::new();
        for _ in 0..3 {
            let person = self.somebody();
            let now = self.house.now();
            // What İYS confirms is what counts; the citizen says it there too.
            self.house.citizen(&person, "ONAY", now).await?;
            if claims
                .iter()
                .all(|held: &ConsentClaim| held.recipient != person)
            {
                claims.push(self.claim(person, Status::Onay, now));
            }
        }
        self.house.pass(2 * HOUR_US);
        self.reach_open_hours();
        self.recorded(claims).await?;
        self.house.work().await
    }

    async fn recorded(&mut self, claims: Vec<ConsentClaim>) -> Result<()> {
        let (firm, brand) = (self.house.firm, self.house.brand.id);
        let engine = &self.house.engine;
        engine
            .record_consents(firm, brand, Origin::Api, claims, "usr_ayse")
            .await?;
        Ok(())
    }

    async fn file(&mut self, status: Status, at: Timestamp) -> Result<()> {
        let mut text = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n".to_owned();
        let people = if status == Status::Onay {
            self.people.clone()
        } else {
            vec![self.somebody(), self.somebody()]
        };
        let date = whole_second(at).to_registry_text();
        for person in people {
            writeln!(text, "{person};{status};{date};MESAJ;HS_WEB")?;
        }
        self.files += 1;
        self.note(&format!("a file\n{text}"));
        self.house
            .upload(&format!("Liste {}", self.files), &text)
            .await
    }

    async fn fault(&mut self) -> Result<()> {
        let mut fault = match self.dice.random_range(0..6) {
            0 => json!({ "kind": "status", "status": 503 }),
            1 => json!({ "kind": "status", "status": 500, "after_accept": true }),
            2 => json!({ "kind": "drop_before" }),
            3 => json!({ "kind": "malformed" }),
            4 => json!({ "kind": "status", "status": 429, "retry_after_s": 1 }),
            _ => json!({ "kind": "drop_after_accept" }),
        };
        fault["path_prefix"] = "/sms/3/messages".into();
        fault["method"] = "POST".into();
        fault["count"] = self.dice.random_range(1..4_u32).into();
        self.note(&format!("fault {fault}"));
        self.faults += 1;
        self.house.simulators.infobip("faults", &fault).await
    }

    /// A process dies in the middle of a step, and another takes over.
    async fn kill(&mut self) -> Result<()> {
        let points = self.dice.random_range(1..CUT_WITHIN);
        let which = self.dice.random_range(0..4);
        self.note(&format!("a kill at point {points} of step {which}"));
        let engine = self.house.engine.clone();
        match which {
            0 => cut(engine.step_launch(), points).await?,
            1 => cut(engine.step_resolve(), points).await?,
            _ => cut(engine.step_dispatch(), points).await?,
        }
        drop(engine);
        self.kills += 1;
        self.house.restart().await
    }

    async fn pause_or_resume(&mut self, id: CampaignId) -> Result<()> {
        let (engine, firm) = (&self.house.engine, self.house.firm);
        let held = engine.campaign(firm, id).await?;
        let moved = match held.state {
            CampaignState::Running => engine.pause(firm, id, "test").await,
            CampaignState::Paused => engine.resume(firm, id, "test").await,
            _ => return Ok(()),
        };
        self.note(&format!("from {}", held.state));
        allowed(moved.map(drop))
    }

    async fn steps(&mut self) -> Result<()> {
        for _ in 0..self.dice.random_range(1..4) {
            self.house.sending_step().await?;
        }
        Ok(())
    }

    /// The weather clears up, and the campaign comes to its end.
    async fn calm(&mut self, id: CampaignId) -> Result<()> {
        self.note("calm");
        self.house.simulators.heal().await?;
        let (engine, firm) = (self.house.engine.clone(), self.house.firm);
        for _ in 0..CALM_ROUNDS {
            let held = engine.campaign(firm, id).await?;
            match held.state {
                CampaignState::Finished => return Ok(()),
                CampaignState::Paused => {
                    allowed(engine.resume(firm, id, "test").await.map(drop))?;
                }
                CampaignState::Stopped => {
                    let report = engine.report(firm, id).await?;
                    if report.held.uncertain == 0 && report.held.waiting == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
            if self.house.sending_step().await? == Step::Idle {
                self.house.pass(MINUTE_US);
            }
        }
        let report = engine.report(firm, id).await?;
        bail!("{id} does not end: {report:?}")
    }

    async fn messages_were_allowed_and_single(&mut self, id: CampaignId) -> Result<()> {
        let mut seen = BTreeSet::new();
        let mut new = Vec::new();
        for (name, to) in self.house.simulators.messages().await? {
            ensure!(seen.insert(name.clone()), "{name} was accepted twice");
            if !self.accepted.contains_key(&name) {
                new.push((name, to));
            }
        }
        let mut whom = BTreeSet::new();
        for (name, to) in &new {
            let message: MessageRef = name
                .parse()
                .map_err(|error| anyhow::anyhow!("`{name}` is none of our names: {error}"))?;
            ensure!(message.campaign == id, "{name} is of another campaign");
            ensure!(whom.insert(to.clone()), "{to} got {id} twice");
            self.was_allowed(message, to).await?;
        }
        let report = self
            .house
            .engine
            .report(self.house.firm, id)
            .await
            .context("a report")?;
        ensure!(report.reconciles(), "the numbers do not add up: {report:?}");
        ensure!(
            report.held.waiting == 0 && report.held.uncertain == 0,
            "somebody waits for ever: {report:?}"
        );
        let sent = report.sent - report.failed.refused;
        ensure!(
            usize::try_from(sent) == Ok(new.len()),
            "{sent} are said to be sent, the provider has {}",
            new.len()
        );
        self.accepted.extend(new);
        Ok(())
    }

    /// What the ledger held at the claim let the message go.
    async fn was_allowed(&self, message: MessageRef, to: &str) -> Result<()> {
        let mut reader = self.house.engine.store().read().await?;
        let claimed = reader
            .batch_claimed_at(BatchKey {
                campaign: message.campaign,
                number: message.batch_no,
            })
            .await?
            .context("a message of no batch")?;
        let history = reader
            .consent_history(self.house.brand.id, message.recipient, None)
            .await?;
        let known = history.iter().filter(|event| event.recorded_at < claimed);
        let last = known.max_by_key(|event| (event.consent_date, event.status == Status::Ret));
        let said = |event: &ConsentEvent| event.status;
        ensure!(
            last.map(said) == Some(Status::Onay),
            "{to} was sent to at {claimed} on {last:?}"
        );
        Ok(())
    }

    async fn ledger_verifies(&self) -> Result<()> {
        let brand = self.house.brand.id;
        let found = self
            .house
            .engine
            .verify_ledger(brand, false, "test")
            .await?;
        ensure!(found.differs_tr().is_none(), "{found:?}");
        Ok(())
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.as_micros().div_euclid(SECOND_US) * SECOND_US)
}

/// A wish that came too late or too early is none.
fn allowed(outcome: Result<(), EngineError>) -> Result<()> {
    match outcome {
        Ok(()) | Err(EngineError::Conflict { .. }) => Ok(()),
        Err(error) if error.is_passing() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Runs a step until it has waited so often, then lets it die where it is.
async fn cut(step: impl Future<Output = Result<Step, EngineError>>, points: u32) -> Result<()> {
    let mut step = Box::pin(step);
    let mut left = points;
    let ended = std::future::poll_fn(|context| match step.as_mut().poll(context) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await;
    match ended {
        Some(Err(error)) if !error.is_passing() => Err(error.into()),
        _ => Ok(()),
    }
}
