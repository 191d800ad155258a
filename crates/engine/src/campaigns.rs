//! Campaigns: drafts, dry runs, launch, pause, stop and the report.

mod launch;

use std::collections::BTreeMap;

use domain::gate::Basis;
use domain::ids::{CampaignId, FirmId};
use domain::segments::{self, Count};
use domain::template::MessageText;
use domain::{Channel, ReasonCode, Timestamp};
use store::audience::{AudienceQuestion, Judged};
use store::brands::Brand;
use store::campaigns::{ADDRESSES_MAX, Audience, Campaign, CampaignState, NewCampaign};
use store::connectors::ConnectorState;
use store::reporting::Report;

pub(crate) use launch::Refreshed;

use crate::error::EngineError;
use crate::{Engine, Step};

/// Longest name of a campaign, characters.
const NAME_CHARS_MAX: usize = 120;
/// Launches worked on in one step.
const LAUNCHES_PER_STEP: usize = 10;

/// What a campaign would come to now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DryRun {
    /// When it was judged.
    pub at: Timestamp,
    /// People in the audience.
    pub target: i64,
    /// Of them, the gate would let pass now.
    pub sendable: i64,
    /// Of them, sendable but for the hour.
    pub held: i64,
    /// When the sending window opens, while it is closed.
    pub held_until: Option<Timestamp>,
    /// Of them, excluded, by headline reason.
    pub excluded: BTreeMap<ReasonCode, i64>,
    /// Length of the text as written, before variables are filled.
    pub length: Count,
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
        self.check_campaign(firm, &mut new).await?;
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
        self.check_campaign(firm, &mut new).await?;
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

    async fn check_campaign(&self, firm: FirmId, new: &mut NewCampaign) -> Result<(), EngineError> {
        if !(1..=NAME_CHARS_MAX).contains(&new.name.trim().chars().count()) {
            return Err(EngineError::invalid(
                "name",
                "must have 1 to 120 characters",
            ));
        }
        if new.sender.trim().is_empty() {
            return Err(EngineError::invalid(
                "sender",
                "must name an approved sender",
            ));
        }
        MessageText::parse(&new.body)
            .map_err(|error| EngineError::invalid("body", error.to_string()))?;
        self.needs_health_approval(firm, new.brand, &new.body)
            .await?;
        self.segment_rules(firm, &new.audience).await?;
        if let Audience::Addresses { addresses } = &new.audience
            && addresses.len() > ADDRESSES_MAX
        {
            return Err(EngineError::invalid(
                "audience",
                format!("at most {ADDRESSES_MAX} addresses; use a tag"),
            ));
        }
        let mut reader = self.store.read().await?;
        reader
            .brand(firm, new.brand)
            .await?
            .ok_or_else(|| EngineError::invalid("brand_id", "the firm has no such brand"))?;
        let account = reader
            .connector(firm, new.connector)
            .await?
            .ok_or_else(|| {
                EngineError::invalid("connector_id", "the firm has no such connector")
            })?;
        let configured = reader.connector_at_work(account.id).await?;
        drop(reader);
        let connector = self.connector(&configured)?;
        let most = i64::try_from(connector.capabilities().batch_recipients_max).unwrap_or(i64::MAX);
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

    /// What the campaign would come to if it left now. Freezes nothing.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn dry_run(&self, firm: FirmId, id: CampaignId) -> Result<DryRun, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let question = self.question(&campaign).await?;
        let judged = self.store.read().await?.judge_audience(&question).await?;
        let configured = self
            .store
            .read()
            .await?
            .connector_at_work(campaign.connector)
            .await?;
        let connector = self.connector(&configured)?;
        let capabilities = connector.capabilities();
        let length = segments::count(
            &campaign.body,
            capabilities.segments,
            capabilities.suffix_units,
        );
        let held_until = (campaign.basis == Basis::Commercial)
            .then(|| question.policy.window.opens_after(question.now))
            .flatten();
        Ok(dry_run(judged, question.now, held_until, length))
    }

    /// Everything the decision over the campaign's audience rests on, now.
    async fn question(&self, campaign: &Campaign) -> Result<AudienceQuestion, EngineError> {
        let mut reader = self.store.read().await?;
        let brand = reader.brand_at_work(campaign.brand).await?;
        let (account, _) = reader.connector_at_work(campaign.connector).await?;
        let content = crate::mails::content_of(&mut reader, campaign).await?;
        let muted_purpose = crate::mails::muted_purpose(&mut reader, campaign).await?;
        drop(reader);
        let text = MessageText::parse(&campaign.body)
            .map_err(|error| EngineError::invalid("body", error.to_string()))?;
        Ok(AudienceQuestion {
            firm: campaign.firm,
            brand: campaign.brand,
            channel: campaign.channel,
            kind: campaign.kind,
            basis: campaign.basis,
            policy: brand.policy(),
            now: self.now(),
            audience: campaign.audience.clone(),
            segment: self
                .segment_rules(campaign.firm, &campaign.audience)
                .await?,
            variables: crate::mails::variables(campaign, &text, content.as_ref()),
            for_everyone: obstacle_for_everyone(campaign, &brand, account.state).or_else(|| {
                crate::mails::is_incomplete(campaign, content.as_ref(), &brand)
                    .then_some(ReasonCode::S404)
            }),
            muted_purpose,
        })
    }

    /// Lets a campaign go: its audience is checked at İYS where answers are
    /// old, then frozen, then sent. The same wish twice is one launch.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it was stopped or has ended.
    pub async fn launch(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        use CampaignState::{Approved, Draft, Finished, Launching, Paused, Running, Submitted};
        let held = self.campaign(firm, id).await?;
        if matches!(held.state, Launching | Running | Paused | Finished) {
            return Ok(held);
        }
        self.needs_health_approval(firm, held.brand, &held.body)
            .await?;
        self.refuse_health_beside_text(&held).await?;
        let from = [Draft, Submitted, Approved];
        let moved = self
            .move_campaign(firm, id, &from, Launching, actor, "campaign.launch")
            .await?;
        self.wake.dispatch.notify_waiters();
        Ok(moved)
    }

    /// Hands a draft to an approver.
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

    /// Approves a campaign that somebody else wrote.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the approver is the author, or it was not submitted.
    pub async fn approve(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        let held = self.campaign(firm, id).await?;
        if held.author == actor {
            return Err(EngineError::conflict(
                "the campaign",
                "its author cannot approve it",
            ));
        }
        let from = [CampaignState::Submitted];
        self.move_campaign(
            firm,
            id,
            &from,
            CampaignState::Approved,
            actor,
            "campaign.approve",
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

    /// Ends it: what has not left never will.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it has ended.
    pub async fn stop(
        &self,
        firm: FirmId,
        id: CampaignId,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        use CampaignState::{Approved, Draft, Launching, Paused, Running, Stopped, Submitted};
        let from = [Draft, Submitted, Approved, Launching, Running, Paused];
        self.move_campaign(firm, id, &from, Stopped, actor, "campaign.stop")
            .await
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
        if !from.contains(&held.state) {
            return Err(EngineError::conflict(
                "the campaign",
                format!("it is {}", held.state),
            ));
        }
        let approver = (to == CampaignState::Approved).then_some(actor);
        let mut writer = self.store.write().await?;
        let moved = writer.move_campaign(firm, id, from, to, approver).await?;
        match to {
            CampaignState::Paused => drop(writer.pause_batches(id, true).await?),
            CampaignState::Running => drop(writer.pause_batches(id, false).await?),
            _ => {}
        }
        writer
            .append_audit(
                firm,
                actor,
                action,
                &id.to_string(),
                &serde_json::Value::Null,
            )
            .await?;
        writer.commit().await?;
        Ok(moved)
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

fn dry_run(judged: Judged, at: Timestamp, held_until: Option<Timestamp>, length: Count) -> DryRun {
    let (sendable, held) = if held_until.is_some() {
        (0, judged.sendable)
    } else {
        (judged.sendable, 0)
    };
    DryRun {
        at,
        target: judged.target,
        sendable,
        held,
        held_until,
        excluded: judged.excluded,
        length,
    }
}

/// A reason that keeps everyone from getting the message: content, then route,
/// as in the gate.
pub(crate) fn obstacle_for_everyone(
    campaign: &Campaign,
    brand: &Brand,
    state: ConnectorState,
) -> Option<ReasonCode> {
    if is_content_incomplete(campaign, brand) {
        return Some(ReasonCode::S404);
    }
    (state != ConnectorState::Active).then_some(ReasonCode::S501)
}

/// A commercial text must tell who sends it and how to refuse (Regulation
/// art. 8): the trade name or MERSİS number, and the refusal word with the
/// brand's short name or a link.
pub(crate) fn is_content_incomplete(campaign: &Campaign, brand: &Brand) -> bool {
    if campaign.basis != Basis::Commercial {
        return false;
    }
    let text = domain::fold_text::name_fold(&campaign.body);
    let has = |needle: &str| {
        !needle.trim().is_empty() && text.contains(&domain::fold_text::name_fold(needle))
    };
    let names_sender = has(&brand.trade_name) || has(&brand.mersis);
    // The way out of an e-mail is added to each.
    let names_refusal = has(&format!("ret {}", brand.short_name))
        || text.contains("http")
        || campaign.channel == Channel::Eposta;
    !(names_sender && names_refusal)
}
