//! What stands against a launch, told before anybody presses the button and
//! refused when somebody does.

use std::fmt;

use domain::lint::Lengths;
use store::campaigns::{Campaign, CampaignState};
use store::sending_rules::HaltScope;

use crate::Engine;
use crate::error::EngineError;

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
    /// The brand wants a signature over its content.
    Signature,
    /// It uses this health data, and no owner approved the text (S405).
    Health(String),
}

impl LaunchObstacle {
    /// The word on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Halted { .. } => "halted",
            Self::Approval(_) => "approval",
            Self::Signature => "signature",
            Self::Health(_) => "health",
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
            Self::Signature => f.write_str(
                "the brand asks for an electronic signature over exactly this content; \
                 record it first",
            ),
            Self::Health(attribute) => write!(
                f,
                "an owner must approve that its text uses health data: {attribute}"
            ),
        }
    }
}

impl Engine {
    /// Refuses a launch that lacks what the brand or the text asks for.
    pub(crate) async fn check_launch(&self, campaign: &Campaign) -> Result<(), EngineError> {
        match self.launch_obstacle(campaign).await? {
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
        let found = super::text::findings(campaign, &brand, Lengths::TURKISH);
        let is_approved = campaign
            .approver
            .as_ref()
            .is_some_and(|approver| *approver != campaign.author);
        if !is_approved && let Some(why) = super::text::needs_second_person(campaign, &found) {
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
}
