//! The second person (*onay*): who must approve a campaign, and to what exactly
//! they agreed. An approval holds for the text, the plan, the sender and the
//! audience that its giver saw; whatever else leaves needs another one.

use domain::hours::SendingRules;
use domain::ids::{CampaignId, FirmId};
use domain::lint::Found;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::campaign_flow::{Approval, Progress};
use store::campaigns::{Campaign, CampaignState};

use super::text;
use crate::Engine;
use crate::error::EngineError;

/// What the actors begin with that are programs.
const KEY: &str = "key:";

/// Whether a program did it.
pub(super) fn is_program(actor: &str) -> bool {
    actor.starts_with(KEY)
}

/// Why somebody else must approve a campaign before it is launched: what its
/// text and plan ask for, then what its brand does.
pub(super) fn wanted(campaign: &Campaign, found: &[Found], rules: &SendingRules) -> Option<String> {
    if let Some(why) = text::needs_second_person(campaign, found) {
        return Some(why);
    }
    if rules.needs_approval {
        return Some("the brand has every campaign approved".to_owned());
    }
    (rules.api_needs_approval && is_program(&campaign.author))
        .then(|| "the brand has what programs send approved".to_owned())
}

impl Engine {
    /// Approves a campaign that somebody else wrote, as it is now. With `seen`,
    /// the `content_hash` of the GO page, only if it still says that.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when the approver is the author, it was not
    /// submitted, or it says something else than what was seen.
    pub async fn approve(
        &self,
        firm: FirmId,
        id: CampaignId,
        seen: Option<&str>,
        actor: &str,
    ) -> Result<Campaign, EngineError> {
        use CampaignState::{Approved, Submitted};
        let held = self.campaign(firm, id).await?;
        let conflict = |problem: &str| EngineError::conflict("the campaign", problem);
        if held.author == actor {
            return Err(conflict("its author cannot approve it"));
        }
        let content = hex::encode(self.content_hash(&held).await?);
        if seen.is_some_and(|seen| !seen.eq_ignore_ascii_case(&content)) {
            return Err(conflict(
                "it says something else than what you saw; read its GO page again",
            ));
        }
        let from: &[CampaignState] = if self.is_approval_void(&held).await? {
            &[Submitted, Approved]
        } else {
            &[Submitted]
        };
        let page = match held.state {
            // Approved anew: the page that is kept was another one's.
            Approved if from.contains(&Approved) => Some(self.take_go(&held).await?),
            _ => None,
        };
        let approval = Approval {
            by: actor.to_owned(),
            at: self.now(),
            content_hash: content,
            hash: self.approved_hash(&held).await?,
        };
        let detail = json!({ "content_hash": approval.content_hash, "hash": approval.hash });
        let progress = Progress {
            approval: Some(approval),
            ..held.progress.clone()
        };
        let mut writer = self.store.write().await?;
        if let Some(page) = page {
            writer.keep_go_snapshot(&held, &page).await?;
        }
        writer.set_progress(id, &progress).await?;
        let action = "campaign.approve";
        self.move_in(&mut writer, &held, from, Approved, actor, action, &detail)
            .await?;
        writer.commit().await?;
        self.campaign(firm, id).await
    }

    /// Whether an approval was given to something else than what would leave now.
    pub(super) async fn is_approval_void(&self, campaign: &Campaign) -> Result<bool, EngineError> {
        let Some(approval) = &campaign.progress.approval else {
            return Ok(false);
        };
        Ok(approval.hash != self.approved_hash(campaign).await?)
    }

    /// What an approver agrees to: the content, and to whom it goes over what.
    async fn approved_hash(&self, campaign: &Campaign) -> Result<String, EngineError> {
        let segment = self
            .segment_rules(campaign.firm, &campaign.audience)
            .await?;
        let rule = segment.as_ref().map(|found| &found.rule);
        let about = json!({
            "brand": campaign.brand, "purpose": campaign.purpose,
            "connector": campaign.connector, "audience": campaign.audience, "segment": rule,
        });
        let mut hasher = Sha256::new();
        hasher.update(self.content_hash(campaign).await?);
        hasher.update(about.to_string());
        Ok(hex::encode(hasher.finalize()))
    }

    /// A launched campaign whose approval no longer covers it goes back to its
    /// approver. Whether it did.
    pub(super) async fn goes_back_to_approver(
        &self,
        campaign: &Campaign,
    ) -> Result<bool, EngineError> {
        if !self.is_approval_void(campaign).await? {
            return Ok(false);
        }
        let from = [CampaignState::Launching];
        let mut writer = self.store.write().await?;
        let (to, action) = (CampaignState::Submitted, "campaign.approval_void");
        let worker = self.worker();
        self.move_in(
            &mut writer,
            campaign,
            &from,
            to,
            worker,
            action,
            &json!(null),
        )
        .await?;
        writer.commit().await?;
        tracing::warn!(
            campaign.id = %campaign.id,
            "campaign {} is not what was approved; it waits for its approver", campaign.id
        );
        Ok(true)
    }
}
