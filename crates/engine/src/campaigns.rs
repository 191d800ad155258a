//! Campaigns: drafts, dry runs, launch, pause, stop and the report.

mod approval;
mod by_key;
mod cost;
mod credit;
mod dry_run;
mod forecast;
mod go;
mod halt;
mod launch;
mod launch_check;
mod measure;
mod routes;
mod rules;
mod sender;
mod testers;
pub(crate) mod text;
mod watch;

use domain::ids::{CampaignId, FirmId};
use domain::plan::Part;
use domain::template::{self, MessageText};
use serde_json::Value;
use store::campaign_flow::{CanaryEnd, Left};
use store::campaigns::{ADDRESSES_MAX, Audience, Campaign, CampaignState, NewCampaign};
use store::reporting::Report;
use store::sending_rules::HaltScope;

pub use by_key::{Addressee, ApiMessages, Asked, Overrides, Taken};
pub use cost::Cost;
pub use credit::CreditShort;
pub use dry_run::{CodesLeft, DryRun, Fix, FixAction};
pub use forecast::{CreditForecast, ForecastCampaign};
pub use go::NewSignature;
pub use halt::{HaltOf, Halted};
pub(crate) use launch::Refreshed;
pub use launch_check::LaunchObstacle;
pub use measure::{LetterChange, Measured};
pub(crate) use routes::is_foreign;
pub use routes::{Obstacle, Route};
pub(crate) use sender::is_approved as is_sender_approved;
pub use testers::{LeftOut, NewTester, TestSend, TesterAt};
pub(crate) use text::is_content_incomplete;
pub(crate) use watch::next_open;

use crate::error::EngineError;
use crate::{Engine, Step};

/// Longest name of a campaign, characters.
const NAME_CHARS_MAX: usize = 120;
/// Launches worked on in one step.
const LAUNCHES_PER_STEP: usize = 10;

/// An ended campaign, and how much of it had left.
#[derive(Debug, Clone)]
pub struct Stopped {
    /// The campaign.
    pub campaign: Campaign,
    /// How much of it had left.
    pub left: Left,
}

impl Engine {
    /// One campaign of a firm.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn campaign(&self, firm: FirmId, id: CampaignId) -> Result<Campaign, EngineError> {
        let mut reader = self.store.read().await?;
        reader
            .campaign(firm, id)
            .await?
            .ok_or(EngineError::NotFound {
                what: "the campaign",
            })
    }

    /// Makes a draft.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field that cannot be accepted.
    pub async fn create_campaign(
        &self,
        firm: FirmId,
        mut new: NewCampaign,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        sender::check(&new)?;
        self.check_campaign(firm, &mut new).await?;
        self.check_campaign_variables(firm, &new).await?;
        let mut writer = self.store.write().await?;
        let campaign = writer.create_campaign(firm, &new, actor).await?;
        crate::mails::copy_from_template(&mut writer, &campaign).await?;
        let detail = serde_json::json!({ "name": new.name });
        writer
            .append_audit(
                firm,
                actor,
                "campaign.create",
                &campaign.id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(campaign)
    }

    /// Replaces what a draft says.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field; [`EngineError::Conflict`]
    /// when it is no draft any more.
    pub async fn change_campaign(
        &self,
        firm: FirmId,
        id: CampaignId,
        mut new: NewCampaign,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        sender::check(&new)?;
        self.check_campaign(firm, &mut new).await?;
        self.check_campaign_variables(firm, &new).await?;
        let mut writer = self.store.write().await?;
        let campaign = writer.change_campaign(firm, id, &new).await?;
        writer
            .append_audit(
                firm,
                actor,
                "campaign.change",
                &id.to_string(),
                &serde_json::Value::Null,
            )
            .await?;
        writer.commit().await?;
        Ok(campaign)
    }

    async fn check_campaign_variables(
        &self,
        firm: FirmId,
        new: &NewCampaign,
    ) -> Result<(), EngineError> {
        self.check_variables(firm, "body", &new.body).await?;
        if let Some(split) = &new.plan.split {
            self.check_variables(firm, "plan.split", &split.body)
                .await?;
            let subject = split.subject.as_deref().unwrap_or_default();
            self.check_variables(firm, "plan.split.subject", subject)
                .await?;
        }
        Ok(())
    }

    async fn check_campaign(&self, firm: FirmId, new: &mut NewCampaign) -> Result<(), EngineError> {
        if !(1..=NAME_CHARS_MAX).contains(&new.name.trim().chars().count()) {
            return Err(EngineError::invalid(
                "name",
                "must have 1 to 120 characters",
            ));
        }
        // `{@alan}` of another product and spaces in braces become our own form.
        new.body = template::normalise(&new.body).0;
        if new.plan.lettering.is_some() && new.channel != domain::Channel::Mesaj {
            return Err(EngineError::invalid(
                "plan.lettering",
                "only the characters of a text message are replaced",
            ));
        }
        if let Some(split) = &mut new.plan.split {
            split.body = template::normalise(&split.body).0;
            split.subject = split
                .subject
                .take()
                .map(|subject| subject.trim().to_owned())
                .filter(|subject| !subject.is_empty());
            if split.subject.is_some() && new.channel != domain::Channel::Eposta {
                return Err(EngineError::invalid(
                    "plan.split.subject",
                    "only an e-mail has a subject",
                ));
            }
        }
        MessageText::parse(&new.body)
            .map_err(|error| EngineError::invalid("body", error.to_string()))?;
        self.needs_health_approval(firm, new.brand, &new.body)
            .await?;
        if let Some(split) = &new.plan.split {
            self.needs_health_approval(firm, new.brand, &split.body)
                .await?;
        }
        self.segment_rules(firm, &new.audience).await?;
        new.plan
            .check()
            .map_err(|fault| EngineError::invalid(fault.field, fault.problem))?;
        let listed = match &mut new.audience {
            Audience::Addresses { addresses } => addresses.len(),
            Audience::Accounts { codes } => {
                // As they stand with people: files are read without blanks around cells.
                codes
                    .iter_mut()
                    .for_each(|code| *code = code.trim().to_owned());
                codes.len()
            }
            Audience::All | Audience::Tag { .. } | Audience::Segment { .. } => 0,
        };
        if listed > ADDRESSES_MAX {
            return Err(EngineError::invalid(
                "audience",
                format!("at most {ADDRESSES_MAX} addresses or accounts; use a tag"),
            ));
        }
        let mut reader = self.store.read().await?;
        reader
            .brand(firm, new.brand)
            .await?
            .ok_or_else(|| EngineError::invalid("brand_id", "the firm has no such brand"))?;
        if let Some(promotion) = new.promotion {
            let problem = "the firm has no such promotion";
            let found = reader.promotion(firm, promotion).await?;
            found.ok_or_else(|| EngineError::invalid("promotion_id", problem))?;
        }
        let account = reader
            .connector(firm, new.connector)
            .await?
            .ok_or_else(|| {
                EngineError::invalid("connector_id", "the firm has no such connector")
            })?;
        let configured = reader.connector_at_work(account.id).await?;
        let connector = self.connector(&configured)?;
        let mut most = most_recipients(connector.as_ref());
        for fallback in &new.plan.fallbacks {
            let problem = "must be other accounts of the firm";
            let refused = || EngineError::invalid("plan.fallbacks", problem);
            if *fallback == new.connector {
                return Err(refused());
            }
            let other = reader
                .connector(firm, *fallback)
                .await?
                .ok_or_else(refused)?;
            let configured = reader.connector_at_work(other.id).await?;
            let other = self.connector(&configured)?;
            // A request must fit every route that may step in.
            most = most.min(most_recipients(other.as_ref()));
        }
        if let Some(packages) = new.plan.packages {
            most = most.min(packages.size);
        }
        drop(reader);
        new.batch_size = match new.batch_size {
            0 => self.settings.dispatch.batch_recipients.min(most),
            asked => asked.clamp(1, most),
        };
        if !connector.capabilities().channels.contains(&new.channel) {
            return Err(EngineError::invalid(
                "channel",
                "the connector does not carry this channel",
            ));
        }
        Ok(())
    }

    /// Lets a campaign go: its audience is checked at İYS where answers are
    /// old, then frozen, then sent. The same wish twice is one launch.
    ///
    /// # Errors
    /// As [`Engine::launch_with`], to which nobody has answered.
    pub async fn launch(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        self.launch_with(firm, id, None, actor).await
    }

    /// Hands a draft to an approver, with the page that the approver sees.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is no draft.
    pub async fn submit(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        let from = [CampaignState::Draft];
        let held = self.campaign(firm, id).await?;
        if held.state == CampaignState::Draft {
            let page = self.take_go(&held).await?;
            let mut writer = self.store.write().await?;
            writer.keep_go_snapshot(&held, &page).await?;
            writer.commit().await?;
        }
        self.move_campaign(
            firm,
            id,
            &from,
            CampaignState::Submitted,
            actor,
            "campaign.submit",
        )
        .await
    }

    /// Nothing new leaves until it is resumed; requests under way end.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is not running.
    pub async fn pause(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        let from = [CampaignState::Running];
        self.move_campaign(
            firm,
            id,
            &from,
            CampaignState::Paused,
            actor,
            "campaign.pause",
        )
        .await
    }

    /// Goes on after a pause.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is not paused.
    pub async fn resume(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        let from = [CampaignState::Paused];
        let held = self.campaign(firm, id).await?;
        let halt = self
            .store
            .read()
            .await?
            .halted(HaltScope::Brand, held.brand.as_db())
            .await?;
        if let Some(halt) = halt {
            return Err(EngineError::conflict(
                "the campaign",
                format!(
                    "sending for the brand was stopped by {}: {}",
                    halt.by, halt.reason
                ),
            ));
        }
        let moved = self
            .move_campaign(
                firm,
                id,
                &from,
                CampaignState::Running,
                actor,
                "campaign.resume",
            )
            .await?;
        self.wake.dispatch.notify_waiters();
        Ok(moved)
    }

    /// Ends it: what has not left never will. Tells how much had.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it has ended.
    pub async fn stop(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Stopped, EngineError> {
        use CampaignState::{Approved, Draft, Launching, Paused, Running, Submitted};
        let from = [Draft, Submitted, Approved, Launching, Running, Paused];
        let to = CampaignState::Stopped;
        let campaign = self
            .move_campaign(firm, id, &from, to, actor, "campaign.stop")
            .await?;
        let left = self.store.read().await?.left_of(id).await?;
        Ok(Stopped { campaign, left })
    }

    async fn move_campaign(
        &self,
        firm: FirmId,
        id: CampaignId,
        from: &[CampaignState],
        to: CampaignState,
        actor: &str,
        action: &str,
    ) -> Result<Campaign, EngineError> {
        let held = self.campaign(firm, id).await?;
        let mut writer = self.store.write().await?;
        let moved = self
            .move_in(&mut writer, &held, from, to, actor, action, &Value::Null)
            .await?;
        writer.commit().await?;
        Ok(moved)
    }

    /// Moves it in a transaction that may hold more; `detail` goes into the trail.
    #[expect(
        clippy::too_many_arguments,
        reason = "from, to, who and why of one step"
    )]
    async fn move_in(
        &self,
        writer: &mut store::Writer,
        held: &Campaign,
        from: &[CampaignState],
        to: CampaignState,
        actor: &str,
        action: &str,
        detail: &Value,
    ) -> Result<Campaign, EngineError> {
        let (firm, id) = (held.firm, held.id);
        if !from.contains(&held.state) {
            return Err(EngineError::conflict(
                "the campaign",
                format!("it is {}", held.state),
            ));
        }
        let approver = (to == CampaignState::Approved).then_some(actor);
        writer.move_campaign(firm, id, from, to, approver).await?;
        match to {
            CampaignState::Paused => drop(writer.pause_batches(id, true).await?),
            CampaignState::Running => {
                crate::provider_alarms::campaign_is_seen_to(writer, held).await?;
                self.resume_batches(writer, held).await?;
            }
            CampaignState::Stopped => {
                crate::provider_alarms::campaign_is_seen_to(writer, held).await?;
            }
            CampaignState::Launching => {
                writer.start_campaign_at(id, held.plan.send_at).await?;
            }
            _ => {}
        }
        writer
            .append_audit(firm, actor, action, &id.to_string(), detail)
            .await?;
        Ok(writer.campaign_at_work(id).await?)
    }

    /// Batches go on after a pause: portions stay as far apart as they were,
    /// and whoever resumes after a failed canary lets the rest go.
    async fn resume_batches(
        &self,
        writer: &mut store::Writer,
        held: &Campaign,
    ) -> Result<(), EngineError> {
        let now = self.now();
        if held.plan.packages.is_some() {
            let rested = now.since(held.updated_at);
            writer.shift_batches(held.id, rested, now).await?;
        }
        writer.pause_batches(held.id, false).await?;
        if let Some(end @ CanaryEnd { passed: false, .. }) = &held.progress.canary {
            let mut progress = held.progress.clone();
            progress.canary = Some(CanaryEnd {
                passed: true,
                at: now,
                ..end.clone()
            });
            writer.set_progress(held.id, &progress).await?;
            writer
                .release_part(held.id, Part::Whole, &held.plan, held.batch_size, now)
                .await?;
        }
        Ok(())
    }

    /// Ends campaigns whose every batch has an outcome.
    pub async fn step_finish(&self) -> Result<Step, EngineError> {
        let mut writer = self.store.write().await?;
        let ended = writer.finish_campaigns().await?;
        writer.commit().await?;
        Ok(Step::of(usize::try_from(ended).unwrap_or(usize::MAX)))
    }

    /// The reconciled numbers of a campaign.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn report(&self, firm: FirmId, id: CampaignId) -> Result<Report, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let report = self.store.read().await?.report(campaign).await?;
        if !report.reconciles() {
            // Reported, not hidden and not fatal: people must see it.
            tracing::error!(campaign.id = %id, off = report.discrepancy(), "the numbers of campaign {id} do not add up");
        }
        Ok(report)
    }
}

fn most_recipients(connector: &dyn connectors::Connector) -> i64 {
    i64::try_from(connector.capabilities().batch_recipients_max).unwrap_or(i64::MAX)
}
