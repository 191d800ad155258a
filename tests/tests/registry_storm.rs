//! A registry in bad weather: files, alone and several at once, calls of the
//! programming interface, clicks on the links in messages, citizens who change their
//! minds at İYS, outages and jumps of the clock, in an order that a seed decides. In the end both sides hold the same, wherever the
//! rules say so, and nobody was ever sent to without a confirmed ONAY.
//!
//! The seed is printed; `IZINLI_SEED` repeats a run, `IZINLI_STORM_ROUNDS` makes
//! it longer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use domain::consent::Origin;
use domain::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use domain::{LocalState, ReasonCode, Recipient, RegistryMode, Source, Status, Timestamp, Verdict};
use engine::Settings;
use engine::consents::ConsentClaim;
use engine::links::Wish;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use registry::wire::HeldRecord;
use serde_json::json;
use store::consent::KeyState;
use system_tests::house::{BIREYSEL, House, MESAJ};

const PEOPLE: u32 = 24;
const ROUNDS: u32 = 60;
/// What is told within this time was told in time.
const SHORT_US: i64 = 12 * HOUR_US;

#[tokio::test(flavor = "multi_thread")]
async fn in_any_weather_both_sides_end_alike_and_nobody_is_sent_to_unconfirmed() -> Result<()> {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let seed = number("IZINLI_SEED");
    let seed: u64 = seed.unwrap_or_else(|| StdRng::from_os_rng().random_range(0..1_000_000));
    let rounds = number("IZINLI_STORM_ROUNDS").and_then(|rounds| u32::try_from(rounds).ok());
    let rounds = rounds.unwrap_or(ROUNDS);
    eprintln!("IZINLI_SEED={seed} IZINLI_STORM_ROUNDS={rounds}");
    for mode in [RegistryMode::Integrator, RegistryMode::Sync] {
        let houses = House::each(mode, |settings| {
            settings.registry.launch_answer_seconds = 0;
            settings.registry.lease_seconds = 20;
        })
        .await?;
        for house in houses {
            let mut storm = Storm::over(&house, seed);
            let database = house.database;
            storm
                .rage(rounds)
                .await
                .with_context(|| format!("in mode {mode} on {database}, seed {seed}"))?;
        }
    }
    Ok(())
}

struct Storm<'h> {
    house: &'h House,
    dice: StdRng,
    people: Vec<Recipient>,
    /// How many messages the provider has accepted for each.
    sent: BTreeMap<String, u32>,
    /// The links in those messages.
    links: Vec<(Recipient, String)>,
    /// Faults are in force.
    is_stormy: bool,
    /// When long silences began: what was said shortly before may be too old
    /// (H467) by the first chance to tell it.
    silences: Vec<Timestamp>,
    /// The log of what was done, printed when something is wrong.
    log: String,
    files: u32,
}

impl<'h> Storm<'h> {
    fn over(house: &'h House, seed: u64) -> Self {
        let phone = |n| Recipient::from_normalised(&format!("+90532{n:07}"));
        Self {
            house,
            dice: StdRng::seed_from_u64(seed),
            people: (1..=PEOPLE).filter_map(|n| phone(n).ok()).collect(),
            sent: BTreeMap::new(),
            links: Vec::new(),
            is_stormy: false,
            silences: Vec::new(),
            log: String::new(),
            files: 0,
        }
    }

    async fn rage(&mut self, rounds: u32) -> Result<()> {
        let outcome = self.rounds(rounds).await;
        if outcome.is_err() {
            eprintln!("--- what happened ---\n{}", self.log);
        }
        outcome
    }

    async fn rounds(&mut self, rounds: u32) -> Result<()> {
        for _ in 0..rounds {
            self.something().await?;
        }
        self.calm().await?;
        self.both_sides_are_alike().await?;
        self.nothing_was_damaged().await
    }

    fn note(&mut self, what: &str) {
        let now = self.house.now().to_registry_text();
        writeln!(self.log, "{now}  {what}").expect("a text takes what is written");
    }

    /// One thing of those that happen.
    async fn something(&mut self) -> Result<()> {
        match self.dice.random_range(0..100) {
            0..11 => self.file().await?,
            11..18 => self.crowd().await?,
            18..28 => self.click().await?,
            28..42 => self.calls().await?,
            42..55 => self.citizen().await?,
            55..63 => self.fault().await?,
            63..69 => self.heal().await?,
            69..85 => self.jump(),
            _ => self.send().await?,
        }
        // The loops go on meanwhile, never far enough to be done with everything.
        for _ in 0..self.dice.random_range(0..4) {
            let engine = &self.house.engine;
            let (one, two) = tokio::join!(self.house.step(), engine.step_registry());
            one?;
            if let Err(error) = two {
                ensure!(error.is_passing(), "a step: {error:?}");
            }
        }
        Ok(())
    }

    fn status(&mut self) -> Status {
        if self.dice.random_bool(0.65) {
            Status::Onay
        } else {
            Status::Ret
        }
    }

    /// When something was said: mostly today, sometimes days ago.
    fn said_at(&mut self) -> Timestamp {
        let back = match self.dice.random_range(0..10) {
            0..3 => self.dice.random_range(2..90) * SECOND_US,
            3..8 => self.dice.random_range(2..600) * MINUTE_US,
            _ => self.dice.random_range(10..80) * HOUR_US,
        };
        let at = self.house.now().plus_micros(-back);
        // What is said is written in whole seconds.
        Timestamp::from_micros(at.as_micros().div_euclid(SECOND_US) * SECOND_US)
    }

    fn some_people(&mut self, most: usize) -> Vec<Recipient> {
        let count = self.dice.random_range(1..=most);
        let mut chosen: Vec<Recipient> = Vec::new();
        while chosen.len() < count {
            let at = self.dice.random_range(0..self.people.len());
            if !chosen.contains(&self.people[at]) {
                chosen.push(self.people[at].clone());
            }
        }
        chosen
    }

    /// A file about some of the people, and its name.
    fn list(&mut self) -> Result<(String, String)> {
        let people = self.some_people(12);
        let mut text = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n".to_owned();
        for person in people {
            let (status, at) = (self.status(), self.said_at());
            let date = at.to_registry_text();
            writeln!(text, "{person};{status};{date};MESAJ;HS_WEB")?;
        }
        self.files += 1;
        let name = format!("Liste {}", self.files);
        self.note(&format!("file {name}\n{text}"));
        Ok((name, text))
    }

    async fn file(&mut self) -> Result<()> {
        let (name, text) = self.list()?;
        // Two at once: a file is applied while the queue is worked.
        let (file, step) = tokio::join!(self.house.upload(&name, &text), self.house.step());
        step?;
        file
    }

    /// Two files about some of the same people, a click and the queue, all at once.
    async fn crowd(&mut self) -> Result<()> {
        let (one, two) = (self.list()?, self.list()?);
        let link = self.some_link();
        // İYS takes nothing that is dated to the second of what it holds (H178).
        self.house.pass(2 * SECOND_US);
        self.note(&format!("at once with {link:?}"));
        let house = self.house;
        let (one, two, clicked, step) = tokio::join!(
            house.upload(&one.0, &one.1),
            house.upload(&two.0, &two.1),
            refuse_by(house, link.as_ref()),
            house.step()
        );
        step?;
        one?;
        two?;
        clicked
    }

    /// The link in a message that somebody got.
    fn some_link(&mut self) -> Option<(Recipient, String)> {
        let at = self.dice.random_range(0..self.links.len().max(1));
        self.links.get(at).cloned()
    }

    /// Somebody opens the link in a message and wants no more; twice, as impatient people do.
    async fn click(&mut self) -> Result<()> {
        let Some(link) = self.some_link() else {
            return Ok(());
        };
        self.house.pass(2 * SECOND_US);
        self.note(&format!("click of {}", link.0));
        let house = self.house;
        let (one, two, step) = tokio::join!(
            refuse_by(house, Some(&link)),
            refuse_by(house, Some(&link)),
            house.step()
        );
        step?;
        one?;
        two?;
        let state = house.here(&[link.0.clone()]).await?.pop().flatten();
        let said = state.and_then(|state| state.local);
        let status = said.map(|said| said.status);
        ensure!(status == Some(Status::Ret), "{} said: {said:?}", link.0);
        Ok(())
    }

    async fn calls(&mut self) -> Result<()> {
        let claims: Vec<ConsentClaim> = self
            .some_people(6)
            .into_iter()
            .map(|recipient| ConsentClaim {
                recipient,
                channel: MESAJ,
                kind: BIREYSEL,
                status: self.status(),
                consent_date: self.said_at(),
                source: Source::HS_MOBIL,
                evidence: None,
                retailer: None,
            })
            .collect();
        let told: Vec<String> = claims
            .iter()
            .map(|one| format!("{} {} {}", one.recipient, one.status, one.consent_date))
            .collect();
        self.note(&format!("calls {told:?}"));
        let (firm, brand) = (self.house.firm, self.house.brand.id);
        let engine = &self.house.engine;
        let recording = engine.record_consents(firm, brand, Origin::Api, claims, "usr_ayse");
        let (recorded, step) = tokio::join!(recording, self.house.step());
        step?;
        recorded?;
        Ok(())
    }

    async fn citizen(&mut self) -> Result<()> {
        let Some(person) = self.some_people(1).pop() else {
            return Ok(());
        };
        let held = {
            self.heal().await?;
            self.house.at_iys(&person).await?
        };
        // İYS's own page: a refusal where there is a consent, a consent where not.
        let refuses = held
            .as_ref()
            .is_some_and(|held| held.status == Status::Onay);
        let status = if refuses { "RET" } else { "ONAY" };
        // İYS takes nothing that is dated to the second of what it holds (H178).
        let held_at = held.and_then(|held| held.consent_date);
        if held_at.is_some_and(|at| at.plus_micros(SECOND_US) > self.house.now()) {
            self.house.pass(2 * SECOND_US);
        }
        let at = self.house.now();
        self.note(&format!("citizen {person} {status}"));
        self.house.citizen(&person, status, at).await
    }

    async fn fault(&mut self) -> Result<()> {
        let path = ["/sps", "/v2", "/oauth2"][self.dice.random_range(0..3)];
        let kind = match self.dice.random_range(0..6) {
            0 => json!({ "kind": "status", "status": 503 }),
            1 => json!({ "kind": "status", "status": 500, "after_accept": true }),
            2 => json!({ "kind": "drop_before" }),
            3 => json!({ "kind": "drop_after_accept" }),
            4 => json!({ "kind": "malformed" }),
            _ => json!({ "kind": "status", "status": 429, "retry_after_s": 1 }),
        };
        let mut fault = kind;
        fault["path_prefix"] = path.into();
        fault["count"] = self.dice.random_range(1..6_u32).into();
        self.note(&format!("fault {fault}"));
        self.is_stormy = true;
        self.house.simulators.iys("faults", &fault).await
    }

    async fn heal(&mut self) -> Result<()> {
        self.is_stormy = false;
        self.house.simulators.heal().await
    }

    fn jump(&mut self) {
        let us = match self.dice.random_range(0..20) {
            0..8 => self.dice.random_range(1..30) * MINUTE_US,
            8..18 => self.dice.random_range(30..400) * MINUTE_US,
            18 => DAY_US,
            _ => self.dice.random_range(4..9) * DAY_US,
        };
        self.note(&format!("{} minutes pass", us / MINUTE_US));
        if us > SHORT_US {
            self.silences.push(self.house.now());
        }
        self.house.pass(us);
    }

    /// Sends to everybody, and looks at everybody who got something.
    async fn send(&mut self) -> Result<()> {
        let local = self.house.now().to_turkish();
        if !(10..17).contains(&local.hour()) {
            return Ok(());
        }
        self.note("send");
        let was_stormy = self.is_stormy;
        let before = self.house.here(&self.people).await?;
        let launched = self.house.now();
        let campaign = self.house.send().await?;
        self.heal().await?;
        let accepted = self.house.simulators.accepted().await?;
        let mut got = Vec::new();
        for (to, count) in &accepted {
            if self.sent.get(to) != Some(count) {
                let person = Recipient::from_normalised(&format!("+{to}"));
                got.push(person.ok().context("an address that nobody has")?);
            }
        }
        self.sent = accepted;
        let states = self.house.here(&got).await?;
        for (person, state) in got.iter().zip(states) {
            let at = self.people.iter().position(|known| known == person);
            let earlier = at.and_then(|at| before.get(at)).and_then(Option::as_ref);
            let state = state.context("somebody unknown was sent to")?;
            // While İYS is away an answer of today counts; what its feed tells
            // after the hand-over does not undo that.
            ensure!(
                is_confirmed(&state) || was_stormy && earlier.is_some_and(is_confirmed),
                "{person} was sent to: {state:?}, before: {earlier:?}"
            );
            if !was_stormy {
                // İYS answered at the launch or shortly before, and what it held then counts.
                let held = self.house.at_iys(person).await?;
                let is_onay = held
                    .as_ref()
                    .is_some_and(|held| held.status == Status::Onay);
                ensure!(
                    is_onay || came_after_a_young_answer(&state, held.as_ref(), launched),
                    "{person} was sent to: {state:?}, and İYS holds {held:?}"
                );
            }
        }
        self.note(&format!("sent to {}", got.len()));
        let mut reader = self.house.engine.store().read().await?;
        let ids = reader.recipient_ids(self.house.firm, &got).await?;
        let links = self.house.engine.links();
        for (person, id) in got.into_iter().zip(ids) {
            let id = id.context("somebody unknown was sent to")?;
            self.links.push((person, links.token(campaign, id)));
        }
        Ok(())
    }

    /// The weather clears up, and everything that waits gets its turn: feeds
    /// are an hour behind, results come, what rested is tried again.
    async fn calm(&mut self) -> Result<()> {
        self.heal().await?;
        for _ in 0..90 {
            self.house.pass(25 * MINUTE_US);
            self.house.work().await?;
        }
        let mut reader = self.house.engine.store().read().await?;
        let queue = reader.queue_figures(self.house.brand.id, None).await?;
        ensure!(queue.open() == 0, "something still waits: {queue:?}");
        Ok(())
    }

    async fn both_sides_are_alike(&mut self) -> Result<()> {
        let states = self.house.here(&self.people).await?;
        let mut wrong = String::new();
        for (person, state) in self.people.iter().zip(states) {
            let held = self.house.at_iys(person).await?;
            let Some(state) = state else { continue };
            if let Err(why) = self.is_alike(held.as_ref(), &state) {
                writeln!(wrong, "{person}: {why}\n  İYS: {held:?}\n  here: {state:?}")?;
            }
        }
        ensure!(wrong.is_empty(), "the sides differ:\n{wrong}");
        Ok(())
    }

    /// Whether there was a fair chance to tell İYS what was said.
    fn had_its_chance(&self, said: &LocalState) -> bool {
        let age = said.recorded_at.since(said.consent_date);
        let was_silent = self.silences.iter().any(|began| {
            let after = began.since(said.recorded_at);
            (-SECOND_US..SHORT_US).contains(&after)
        });
        !said.citizen && age < 2 * DAY_US && !was_silent
    }

    fn is_alike(&self, held: Option<&HeldRecord>, state: &KeyState) -> Result<(), &'static str> {
        let (local, mirror) = (state.local, &state.registry);
        let too_old = mirror.code == Some(ReasonCode::I606);
        let had_its_chance = local.is_some_and(|said| !too_old && self.had_its_chance(&said));
        match held.map(|held| held.status) {
            Some(Status::Onay) => {
                if mirror.verdict != Verdict::Onay && !too_old {
                    return Err("İYS holds an ONAY that we do not know of");
                }
                let held_at = held.and_then(|held| held.consent_date);
                let refused = local.filter(|said| said.status == Status::Ret && had_its_chance);
                if refused.is_some_and(|said| held_at.is_none_or(|at| said.consent_date > at)) {
                    return Err("a later refusal was not told to İYS");
                }
            }
            Some(Status::Ret) => {
                if matches!(mirror.verdict, Verdict::Onay | Verdict::Pending) {
                    return Err("a refusal at İYS is not known here");
                }
                let held_at = held.and_then(|held| held.consent_date);
                let consents = local.filter(|said| said.status == Status::Onay);
                let is_known = mirror.verdict == Verdict::Ret;
                if is_known && consents.is_some_and(|said| Some(said.consent_date) < held_at) {
                    return Err("an older consent stands over a refusal");
                }
                let is_firms = held
                    .and_then(|held| held.source.as_ref())
                    .is_some_and(|source| !source.is_registry());
                let later = consents.filter(|said| Some(said.consent_date) > held_at);
                if is_firms && had_its_chance && later.is_some() {
                    return Err("a later consent was not told to İYS");
                }
            }
            None => {
                if matches!(
                    mirror.verdict,
                    Verdict::Onay | Verdict::Ret | Verdict::Pending
                ) {
                    return Err("İYS holds nothing");
                }
                let creates = self.house.brand.mode == RegistryMode::Integrator;
                let consents = local.is_some_and(|said| said.status == Status::Onay);
                if creates && consents && had_its_chance {
                    return Err("a consent was not recorded at İYS");
                }
            }
        }
        Ok(())
    }

    async fn nothing_was_damaged(&self) -> Result<()> {
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

/// What the page behind a link does when its button is pressed.
async fn refuse_by(house: &House, link: Option<&(Recipient, String)>) -> Result<()> {
    let Some((person, token)) = link else {
        return Ok(());
    };
    let linked = house.engine.wish(token, &Wish::Channel).await?;
    ensure!(linked.address == *person, "{person} has another's link");
    Ok(())
}

/// Whether İYS's record was made after İYS had answered about the person, no longer before the
/// launch than a launch takes an answer for.
fn came_after_a_young_answer(
    state: &KeyState,
    held: Option<&HeldRecord>,
    launched: Timestamp,
) -> bool {
    let young_us = Settings::default().registry.launch_answer_seconds * SECOND_US;
    let made = held.and_then(|held| held.created);
    match (state.registry.checked_at, made) {
        (Some(answered), Some(made)) => {
            launched.since(answered) <= young_us && made.plus_micros(SECOND_US) > answered
        }
        _ => false,
    }
}

fn is_confirmed(state: &KeyState) -> bool {
    let refuses = state.local.is_some_and(|held| held.status == Status::Ret);
    !refuses && state.registry.verdict == Verdict::Onay
}
