//! Launch: old answers of İYS are asked for once more, then the audience is
//! frozen and its batches may leave.

use domain::gate::Basis;
use domain::ids::CampaignId;
use sha2::{Digest, Sha256};
use store::audience::AudienceQuestion;
use store::campaigns::Campaign;
use store::registry_sweep::{SweepPurpose, SweepState};
use store::sending_rules::HaltScope;

use super::LAUNCHES_PER_STEP;
use crate::error::EngineError;
use crate::{Engine, Step};

impl Engine {
    /// Freezes campaigns that were launched, once İYS has answered about
    /// everyone whose answer had grown old.
    pub async fn step_launch(&self) -> Result<Step, EngineError> {
        let waiting = self
            .store
            .read()
            .await?
            .campaigns_launching(LAUNCHES_PER_STEP)
            .await?;
        let mut step = Step::Idle;
        for id in waiting {
            step = step.or(self.freeze(id).await?);
        }
        Ok(step)
    }

    /// The hash of everything that is said, an e-mail's subject and HTML
    /// included: what a signature is over and what the snapshot keeps.
    pub(crate) async fn content_hash(&self, campaign: &Campaign) -> Result<Vec<u8>, EngineError> {
        let content = crate::mails::content_of(&mut self.store.read().await?, campaign).await?;
        let hash = content_hash(campaign);
        Ok(crate::mails::hashed(hash, content.as_ref()))
    }

    async fn freeze(&self, id: CampaignId) -> Result<Step, EngineError> {
        let campaign = self.store.read().await?.campaign_at_work(id).await?;
        let brand = campaign.brand.as_db();
        let mut reader = self.store.read().await?;
        if reader.halted(HaltScope::Brand, brand).await?.is_some() {
            return Ok(Step::Idle);
        }
        drop(reader);
        if self.goes_back_to_approver(&campaign).await? {
            return Ok(Step::Did);
        }
        let (question, routes, _) = self.question(&campaign).await?;
        if self.is_being_refreshed(&campaign, &question).await? {
            return Ok(Step::Idle);
        }
        let hash = self.content_hash(&campaign).await?;
        let first = routes.first().map(|route| route.account.id);
        let mut writer = self.store.write().await?;
        let frozen = writer
            .freeze_audience(
                id,
                first.unwrap_or(campaign.connector),
                &question,
                campaign.batch_size,
                &hash,
            )
            .await?;
        let rules = question.segment.as_ref();
        let detail = serde_json::json!({
            "segment": rules.map(|rules| rules.rule.text_tr(&rules.attributes)),
            "target": frozen.judged.target,
            "sendable": frozen.judged.sendable,
            "batches": frozen.batches,
            "excluded": frozen.judged.excluded,
        });
        writer
            .append_audit(
                campaign.firm,
                self.worker(),
                "campaign.freeze",
                &id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        self.wake.dispatch.notify_waiters();
        tracing::info!(
            campaign.id = %id, campaign.target = frozen.judged.target, campaign.sendable = frozen.judged.sendable,
            "campaign {id} was frozen"
        );
        Ok(Step::Did)
    }

    /// Asks İYS again about people whose answer has grown old, once per launch,
    /// and waits for the answers, but not for ever: whoever is still
    /// unconfirmed then is excluded with that reason.
    async fn is_being_refreshed(
        &self,
        campaign: &Campaign,
        question: &AudienceQuestion,
    ) -> Result<bool, EngineError> {
        if campaign.basis != Basis::Commercial
            || !question.policy.mode.is_connected()
            || !campaign.channel.is_registered()
        {
            return Ok(false);
        }
        let since = begun(campaign).map_or(0, |at| self.now().since(at));
        let patience = self.settings.registry.launch_wait_seconds * domain::time::SECOND_US;
        let last = self.store.read().await?.last_sweep(campaign.brand).await?;
        let is_compared = last.is_none_or(|sweep| {
            sweep.purpose != SweepPurpose::Gap
                || !matches!(sweep.state, SweepState::Running | SweepState::Queued)
        });
        // Changes at İYS were lost: nobody is asked about on behalf of a
        // campaign before the comparison that follows has ended.
        if question.policy.feed.is_lost(question.now) || !is_compared {
            return Ok(since < patience);
        }
        if self.refreshed.begin(campaign.id) {
            self.recheck_before_launch(campaign, question).await?;
        }
        let mut reader = self.store.read().await?;
        let is_open = reader
            .has_open_asks(campaign.brand, campaign.channel, campaign.kind)
            .await?;
        Ok(is_open && since < patience)
    }

    async fn recheck_before_launch(
        &self,
        campaign: &Campaign,
        question: &AudienceQuestion,
    ) -> Result<(), EngineError> {
        // A refusal minutes before the launch is not in the feed, which is an
        // hour behind; the status query knows it.
        let wanted_us = self.settings.registry.launch_answer_seconds * domain::time::SECOND_US;
        let launched_at = begun(campaign).unwrap_or(question.now);
        let older_than = launched_at.plus_micros(-wanted_us).max(
            question
                .policy
                .oldest_answer(question.now)
                .min(question.now),
        );
        self.queue_rechecks(campaign, question, older_than)
            .await
            .map(drop)
    }

    /// Asks İYS about everyone of the audience whose answer is older. Returns
    /// how many.
    pub(crate) async fn queue_rechecks(
        &self,
        campaign: &Campaign,
        question: &AudienceQuestion,
        older_than: domain::Timestamp,
    ) -> Result<usize, EngineError> {
        let mut after = domain::ids::RecipientId::from_db(0);
        let mut asked = 0;
        loop {
            let mut writer = self.store.write().await?;
            let due = writer
                .audience_due(question, older_than, after, store::registry_work::ITEMS_MAX)
                .await?;
            let Some((last, _)) = due.last() else {
                return Ok(asked);
            };
            after = *last;
            asked += due.len();
            let list = crate::registry::asks::recheck(
                campaign.brand,
                campaign.channel,
                campaign.kind,
                due,
                question.now,
            );
            writer.enqueue_registry(&[list]).await?;
            writer.commit().await?;
            self.wake.registry.notify_waiters();
        }
    }
}

/// When its launch began: by a person, or at the time it was planned for.
fn begun(campaign: &Campaign) -> Option<domain::Timestamp> {
    campaign.launched_at.max(campaign.starts_at)
}

/// What is frozen besides the people: what an approver and a signer agree to.
fn content_hash(campaign: &Campaign) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in [
        campaign.body.as_str(),
        campaign.sender.as_str(),
        campaign.channel.as_str(),
        campaign.kind.as_str(),
        campaign.basis.as_str(),
    ] {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    // Whose codes people get is part of what they are told.
    if let Some(promotion) = campaign.promotion {
        hasher.update(promotion.to_string().as_bytes());
        hasher.update([0]);
    }
    // A campaign without a plan keeps the hash it always had.
    if campaign.plan != domain::plan::Plan::default() {
        let plan = serde_json::to_vec(&campaign.plan).unwrap_or_default();
        hasher.update(plan);
    }
    hasher.finalize().to_vec()
}

/// Campaigns whose old answers were asked for by this process.
#[derive(Debug, Default)]
pub(crate) struct Refreshed(std::sync::Mutex<std::collections::HashSet<CampaignId>>);

impl Refreshed {
    /// Whether this is the first time.
    fn begin(&self, campaign: CampaignId) -> bool {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(campaign)
    }
}
