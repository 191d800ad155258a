//! Everybody of a brand is asked about: lists are queued a few ahead of the
//! calls, so that single questions of people still find their turn.

use domain::Timestamp;
use domain::ids::{BrandId, FirmId, RecipientId};
use domain::time::{DAY_US, MINUTE_US};
use serde_json::json;
use store::registry_sweep::{PHASES, Sweep, SweepPurpose, SweepState};

use super::pull::BRANDS_MAX;
use super::{alarms, asks};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Sweeps looked at in one step.
const SWEEPS_MAX: usize = 100;
/// Pages of keys passed in one transaction, whether they need a question or not.
const PAGES_MAX: usize = 20;

/// How often brands are looked through for a walk that is due.
const LOOK_EVERY_US: i64 = 10 * MINUTE_US;

/// When this process last looked for walks that are due.
#[derive(Debug, Default)]
pub(crate) struct Looked(std::sync::Mutex<Option<Timestamp>>);

impl Looked {
    /// Whether the last look was just now; a look that was not is noted.
    fn is_recent(&self, now: Timestamp) -> bool {
        let mut last = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_recent = last.is_some_and(|at| (0..LOOK_EVERY_US).contains(&now.since(at)));
        if !is_recent {
            *last = Some(now);
        }
        is_recent
    }
}

/// What a person may do with a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepWish {
    /// Nothing new is asked until it is resumed.
    Pause,
    /// Goes on.
    Resume,
    /// Ends it.
    Stop,
    /// Whether it lets business hours pass.
    RestInBusinessHours(bool),
}

impl Engine {
    /// Begins the weekly walk of brands whose last one is that long ago: a row
    /// that no feed told is found by it. Business hours pass, unless a person
    /// wants otherwise.
    pub(super) async fn begin_weekly_sweeps(&self) -> Result<Step, EngineError> {
        let days = self.settings.registry.full_check_days;
        let now = self.now();
        if days == 0 || self.weekly_looked.is_recent(now) {
            return Ok(Step::Idle);
        }
        let mut reader = self.store.read().await?;
        let brands = reader.connected_brands(None, BRANDS_MAX).await?;
        let mut due = Vec::new();
        for brand in brands {
            let is_open = reader
                .last_sweep(brand.id)
                .await?
                .is_some_and(|s| is_open(&s));
            let ended = reader.last_sweep_end(brand.id).await?;
            let since = ended.unwrap_or(brand.created_at);
            if !is_open && now.since(since) >= days.saturating_mul(DAY_US) {
                due.push(brand);
            }
        }
        drop(reader);
        let count = due.len();
        for brand in due {
            let purpose = SweepPurpose::Weekly;
            match self
                .begin_sweep(brand.firm, brand.id, purpose, true, self.worker())
                .await
            {
                // Somebody began one meanwhile.
                Ok(_) | Err(EngineError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Step::of(count))
    }

    /// Moves sweeps on.
    pub(super) async fn sweep_due(&self) -> Result<Step, EngineError> {
        let sweeps = self.store.read().await?.sweeps_at_work(SWEEPS_MAX).await?;
        let mut step = Step::Idle;
        for sweep in sweeps {
            if !self.is_stopping() {
                step = step.or(self.move_sweep(&sweep).await?);
            }
        }
        Ok(step)
    }

    async fn move_sweep(&self, seen: &Sweep) -> Result<Step, EngineError> {
        let mut reader = self.store.read().await?;
        let ahead = reader.open_asks(seen.brand, self.now()).await?;
        drop(reader);
        match seen.state {
            SweepState::Running if self.rests_now(seen) => Ok(Step::Idle),
            SweepState::Running if ahead >= self.settings.registry.sweep_lists_ahead => {
                Ok(Step::Idle)
            }
            SweepState::Running => {
                let missing = self.settings.registry.sweep_lists_ahead - ahead;
                self.queue_pages(seen.id, missing).await
            }
            SweepState::Queued if ahead == 0 => self.end_sweep(seen.id).await,
            _ => Ok(Step::Idle),
        }
    }

    /// A comparison after a gap never rests: nobody is sent to before it ends.
    fn rests_now(&self, sweep: &Sweep) -> bool {
        sweep.purpose != SweepPurpose::Gap
            && sweep.rests_in_business_hours
            && self.is_business_time(self.now())
    }

    fn is_business_time(&self, now: Timestamp) -> bool {
        let settings = &self.settings.registry;
        let local = now.to_turkish();
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        self.calendar
            .is_business_day(local.date(), domain::calendar::HalfDays::Count)
            && (settings.business_from_minute..settings.business_to_minute).contains(&minute)
    }

    /// Queues the lists that are `missing` of those ahead; keys that were asked
    /// about since the sweep began are passed over.
    async fn queue_pages(&self, id: i64, missing: i64) -> Result<Step, EngineError> {
        let mut writer = self.store.write().await?;
        let Some(mut sweep) = writer.sweep_to_work(id).await? else {
            return Ok(Step::Idle);
        };
        if sweep.state != SweepState::Running {
            return Ok(Step::Idle);
        }
        let brand = writer.brand_at_work(sweep.brand).await?;
        if !brand.mode.is_connected() {
            sweep.state = SweepState::Stopped;
            writer.save_sweep(&sweep).await?;
            writer.commit().await?;
            return Ok(Step::Did);
        }
        let mut lists = Vec::new();
        for _ in 0..PAGES_MAX {
            if i64::try_from(lists.len()).unwrap_or(i64::MAX) >= missing {
                break;
            }
            let phase = usize::try_from(sweep.phase)
                .ok()
                .and_then(|phase| PHASES.get(phase));
            let Some(phase) = phase else {
                sweep.state = SweepState::Queued;
                break;
            };
            let page = writer.sweep_page(brand.firm, &sweep, phase).await?;
            sweep.asked += page.passed;
            match page.last {
                Some(last) => sweep.after = last,
                None => {
                    sweep.phase += 1;
                    sweep.after = RecipientId::from_db(0);
                }
            }
            if !page.people.is_empty() {
                lists.push(asks::recheck(
                    sweep.brand,
                    phase.channel,
                    phase.kind,
                    page.people,
                    self.now(),
                ));
            }
        }
        writer.enqueue_registry(&lists).await?;
        writer.save_sweep(&sweep).await?;
        writer.commit().await?;
        Ok(Step::Did)
    }

    async fn end_sweep(&self, id: i64) -> Result<Step, EngineError> {
        let mut writer = self.store.write().await?;
        let Some(mut sweep) = writer.sweep_to_work(id).await? else {
            return Ok(Step::Idle);
        };
        if sweep.state != SweepState::Queued {
            return Ok(Step::Idle);
        }
        let brand = writer.brand_at_work(sweep.brand).await?;
        sweep.state = SweepState::Done;
        writer.save_sweep(&sweep).await?;
        alarms::everybody_was_asked(&mut writer, &brand).await?;
        if sweep.purpose == SweepPurpose::Gap {
            writer.close_gaps(sweep.brand).await?;
            alarms::feed_is_whole(&mut writer, &brand).await?;
        }
        let detail = json!({ "purpose": sweep.purpose, "people": sweep.asked });
        let subject = sweep.brand.to_string();
        writer
            .append_audit(
                brand.firm,
                self.worker(),
                "registry.compared",
                &subject,
                &detail,
            )
            .await?;
        writer.commit().await?;
        tracing::info!(brand.id = %sweep.brand, people = sweep.asked, "everybody of the brand was asked about at İYS");
        Ok(Step::Did)
    }

    /// Begins to ask about everybody of a brand.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the brand is not connected, or a
    /// comparison after a gap is under way: that one asks everybody as it is.
    pub async fn begin_sweep(
        &self,
        firm: FirmId,
        brand: BrandId,
        purpose: SweepPurpose,
        rests_in_business_hours: bool,
        actor: &str,
    ) -> Result<Sweep, EngineError> {
        let mut writer = self.store.write().await?;
        let held = writer
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        if !held.mode.is_connected() {
            return Err(EngineError::conflict(
                "the brand",
                "is not connected to İYS; choose sync or integrator first",
            ));
        }
        let open = writer.last_sweep(brand).await?.filter(is_open);
        if let Some(open) = open
            && (open.purpose == SweepPurpose::Gap || open.purpose == purpose)
        {
            return Err(EngineError::conflict(
                "the comparison",
                "one is under way; wait for it, or stop it first",
            ));
        }
        let sweep = writer
            .begin_sweep(firm, brand, purpose, rests_in_business_hours, actor)
            .await?;
        let detail = json!({ "purpose": purpose, "people": sweep.total });
        writer
            .append_audit(firm, actor, "registry.compare", &brand.to_string(), &detail)
            .await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(sweep)
    }

    /// Changes the brand's open sweep.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when none is open, or it follows a gap: that
    /// one cannot be put off, because nobody is sendable before it ends.
    pub async fn change_sweep(
        &self,
        firm: FirmId,
        brand: BrandId,
        wish: SweepWish,
        actor: &str,
    ) -> Result<Sweep, EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let last = writer.last_sweep(brand).await?.filter(is_open);
        let Some(last) = last else {
            return Err(EngineError::conflict("the comparison", "none is under way"));
        };
        let mut sweep = writer
            .sweep_to_work(last.id)
            .await?
            .ok_or(EngineError::NotFound {
                what: "the comparison",
            })?;
        if sweep.purpose == SweepPurpose::Gap && wish != SweepWish::Resume {
            return Err(EngineError::conflict(
                "the comparison",
                "changes at İYS were lost, so nobody is sendable before it ends; it cannot be put off",
            ));
        }
        match wish {
            SweepWish::Pause => sweep.state = SweepState::Paused,
            // A sweep that had queued everybody finds the end of its phases again.
            SweepWish::Resume => sweep.state = SweepState::Running,
            SweepWish::Stop => sweep.state = SweepState::Stopped,
            SweepWish::RestInBusinessHours(rests) => sweep.rests_in_business_hours = rests,
        }
        writer.save_sweep(&sweep).await?;
        let detail = json!({
            "state": sweep.state,
            "rests_in_business_hours": sweep.rests_in_business_hours,
        });
        writer
            .append_audit(
                firm,
                actor,
                "registry.compare_change",
                &brand.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(sweep)
    }

    /// Minutes until a resting sweep goes on; none while it may work.
    pub fn sweep_rests_minutes(&self, sweep: &Sweep) -> Option<i64> {
        let now = self.now();
        if sweep.state != SweepState::Running || !self.rests_now(sweep) {
            return None;
        }
        let local = now.to_turkish();
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        Some(self.settings.registry.business_to_minute - minute)
    }
}

fn is_open(sweep: &Sweep) -> bool {
    matches!(
        sweep.state,
        SweepState::Running | SweepState::Paused | SweepState::Queued
    )
}
