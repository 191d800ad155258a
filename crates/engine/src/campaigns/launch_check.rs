//! What stands against a launch, told before anybody presses the button and
//! refused when somebody does.

use std::fmt;

use domain::segments::Lengths;
use domain::template::MessageText;
use store::campaigns::{Campaign, CampaignState};
use store::sending_rules::HaltScope;

use crate::Engine;
use crate::error::EngineError;
use crate::promotions::{self, CODE};

/// Why a campaign would not be launched now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchObstacle {
    /// Its time for sending is over.
    Expired,
    /// Somebody stopped sending for the brand.
    Halted {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// A second person must approve it; this is what asks for one.
    Approval(String),
    /// What was approved is not what it says now.
    ApprovalVoid,
    /// The brand wants a signature over its content.
    Signature,
    /// It uses this health data, and no owner approved the text (S405).
    Health(String),
    /// Its text uses a promotion code, and no promotion is chosen or the chosen
    /// one is gone.
    PromotionMissing,
    /// The codes of its promotion are of no use any more before it has left.
    PromotionEnds(domain::Timestamp),
}

impl LaunchObstacle {
    /// The word on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Halted { .. } => "halted",
            Self::Approval(_) => "approval",
            Self::ApprovalVoid => "approval_void",
            Self::Signature => "signature",
            Self::Health(_) => "health",
            Self::PromotionMissing => "promotion_missing",
            Self::PromotionEnds(_) => "promotion_ends",
        }
    }
}

impl fmt::Display for LaunchObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("its time for sending is over; give it a later end"),
            Self::Halted { by, reason } => {
                write!(f, "sending for the brand was stopped by {by}: {reason}")
            }
            Self::Approval(why) => write!(f, "somebody else must approve it first: {why}"),
            Self::ApprovalVoid => f.write_str(
                "it was changed after it was approved; its approver must look at it again",
            ),
            Self::Signature => f.write_str(
                "the brand asks for an electronic signature over exactly this content; \
                 record it first",
            ),
            Self::Health(attribute) => write!(
                f,
                "an owner must approve that its text uses health data: {attribute}"
            ),
            Self::PromotionMissing => write!(
                f,
                "its text uses `{{{{{CODE}}}}}`; choose the promotion whose codes people get"
            ),
            Self::PromotionEnds(at) => write!(
                f,
                "the codes of its promotion are of no use from {} on, before everything has left; \
                 move that day, or the sending",
                at.to_turkish_text()
            ),
        }
    }
}

impl Engine {
    /// Refuses a launch that lacks what the brand or the text asks for.
    pub(crate) async fn check_launch(&self, campaign: &Campaign) -> Result<(), EngineError> {
        let obstacle = if campaign.promotion.is_some() {
            // Whether its codes reach people in time depends on how many they are.
            let run = self.dry_run(campaign.firm, campaign.id).await?;
            run.launch_obstacle
        } else {
            self.launch_obstacle(campaign).await?
        };
        match obstacle {
            None => Ok(()),
            Some(obstacle) => Err(EngineError::conflict("the campaign", obstacle.to_string())),
        }
    }

    /// What stands against launching it now; none for what was launched already.
    pub(crate) async fn launch_obstacle(
        &self,
        campaign: &Campaign,
    ) -> Result<Option<LaunchObstacle>, EngineError> {
        use CampaignState::{Approved, Draft, Submitted};
        if !matches!(campaign.state, Draft | Submitted | Approved) {
            return Ok(None);
        }
        if campaign.plan.is_expired(self.now()) {
            return Ok(Some(LaunchObstacle::Expired));
        }
        let mut reader = self.store.read().await?;
        let brand = campaign.brand.as_db();
        if let Some(halt) = reader.halted(HaltScope::Brand, brand).await? {
            let (by, reason) = (halt.by, halt.reason);
            return Ok(Some(LaunchObstacle::Halted { by, reason }));
        }
        let brand = reader.brand_at_work(campaign.brand).await?;
        let rules = reader.sending_rules(campaign.brand).await?;
        let signature = reader.signature(campaign.id).await?;
        drop(reader);
        if let Some(attribute) = self.unapproved_health(campaign).await? {
            return Ok(Some(LaunchObstacle::Health(attribute.label_tr)));
        }
        if let Some(obstacle) = self.promotion_obstacle(campaign).await? {
            return Ok(Some(obstacle));
        }
        let found = super::text::findings(campaign, &brand, Lengths::TURKISH);
        if self.is_approval_void(campaign).await? {
            return Ok(Some(LaunchObstacle::ApprovalVoid));
        }
        if !is_approved(campaign)
            && let Some(why) = super::approval::wanted(campaign, &found, &rules)
        {
            return Ok(Some(LaunchObstacle::Approval(why)));
        }
        if rules.needs_signature && campaign.channel.is_phone() {
            let hash = self.content_hash(campaign).await?;
            if !signature.is_some_and(|signature| signature.content_hash == hash) {
                return Ok(Some(LaunchObstacle::Signature));
            }
        }
        Ok(None)
    }

    /// Whether its brand has a program's campaigns approved, and nobody has
    /// approved this one.
    pub(super) async fn waits_for_approver(
        &self,
        campaign: &Campaign,
    ) -> Result<bool, EngineError> {
        let rules = self
            .store
            .read()
            .await?
            .sending_rules(campaign.brand)
            .await?;
        Ok((rules.api_needs_approval || rules.needs_approval) && !is_approved(campaign))
    }

    /// What can be said of its promotion without counting people.
    async fn promotion_obstacle(
        &self,
        campaign: &Campaign,
    ) -> Result<Option<LaunchObstacle>, EngineError> {
        let mut reader = self.store.read().await?;
        let content = crate::mails::content_of(&mut reader, campaign).await?;
        let mut uses_code = content.as_ref().is_some_and(|content| {
            crate::mails::beside_text(content, campaign).contains(&CODE.into())
        });
        for body in super::text::texts(campaign) {
            uses_code |= MessageText::parse(body)
                .is_ok_and(|text| text.variables().iter().any(|name| name == CODE));
        }
        if !uses_code {
            return Ok(None);
        }
        let Some(found) = promotions::chosen(&mut reader, campaign).await? else {
            // A firm may have an attribute of this name from before.
            let attributes = reader.attributes(campaign.firm).await?;
            let has_own = attributes.iter().any(|one| one.attribute.code == CODE);
            let is_missing = campaign.promotion.is_some() || !has_own;
            return Ok(is_missing.then_some(LaunchObstacle::PromotionMissing));
        };
        let plan = &campaign.plan;
        let planned = [plan.send_at, plan.expires_at].into_iter().flatten();
        let last = planned.fold(self.now(), domain::Timestamp::max);
        Ok(found
            .is_expired(last)
            .then_some(LaunchObstacle::PromotionEnds(found.expires_at)))
    }
}

/// Whether somebody else than its writer approved it.
fn is_approved(campaign: &Campaign) -> bool {
    let approver = campaign.approver.as_ref();
    approver.is_some_and(|approver| *approver != campaign.author)
}
