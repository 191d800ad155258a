//! Stop switches (*acil durdurma*) of a brand and of a route. What was claimed
//! when one is pressed, a moment's worth, still leaves; nothing after it.

use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId};
use store::campaign_flow::Left;
use store::campaigns::CampaignState;
use store::sending_rules::{Halt, HaltScope};

use crate::Engine;
use crate::error::EngineError;

/// What a switch is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltOf {
    /// Everything in a brand's name: its running campaigns are paused.
    Brand(BrandId),
    /// Everything over an account: batches wait, or take another allowed route.
    Connector(ConnectorId),
}

impl HaltOf {
    const fn parts(self) -> (HaltScope, i64) {
        match self {
            Self::Brand(id) => (HaltScope::Brand, id.as_db()),
            Self::Connector(id) => (HaltScope::Connector, id.as_db()),
        }
    }

    fn subject(self) -> String {
        match self {
            Self::Brand(id) => id.to_string(),
            Self::Connector(id) => id.to_string(),
        }
    }
}

/// What a pressed switch came upon.
#[derive(Debug, Clone)]
pub struct Halted {
    /// The running campaigns, and how much of each has left.
    pub campaigns: Vec<(CampaignId, String, Left)>,
}

impl Engine {
    /// Presses a switch.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without a reason; [`EngineError::NotFound`] when
    /// the firm has no such brand or account.
    pub async fn halt(
        &self,
        firm: FirmId,
        of: HaltOf,
        reason: &str,
        actor: &str,
    ) -> Result<Halted, EngineError> {
        if reason.trim().is_empty() {
            return Err(EngineError::invalid("reason", "say why in a few words"));
        }
        let mut writer = self.store.write().await?;
        self.owned(&mut writer, firm, of).await?;
        let (scope, subject) = of.parts();
        writer
            .press_halt(firm, scope, subject, reason.trim(), actor)
            .await?;
        let brand = match of {
            HaltOf::Brand(id) => Some(id),
            HaltOf::Connector(_) => None,
        };
        let mut campaigns = Vec::new();
        for id in writer.campaigns_at_work(firm, brand).await? {
            let held = writer.campaign_at_work(id).await?;
            let is_meant = match of {
                HaltOf::Brand(_) => true,
                HaltOf::Connector(account) => {
                    held.connector == account || writer.waiting_routes(id).await?.contains(&account)
                }
            };
            if !is_meant {
                continue;
            }
            if brand.is_some() && held.state == CampaignState::Running {
                let from = [CampaignState::Running];
                writer
                    .move_campaign(firm, id, &from, CampaignState::Paused, None)
                    .await?;
                writer.pause_batches(id, true).await?;
            }
            let left = writer.left_of(id).await?;
            campaigns.push((id, held.name, left));
        }
        let detail = serde_json::json!({ "reason": reason.trim(), "campaigns": campaigns.len() });
        writer
            .append_audit(firm, actor, "sending.halt", &of.subject(), &detail)
            .await?;
        writer.commit().await?;
        tracing::warn!(
            halt.subject = %of.subject(), campaigns = campaigns.len(),
            "sending was stopped by hand"
        );
        Ok(Halted { campaigns })
    }

    /// Releases a switch. Campaigns that it paused are resumed one by one, by
    /// people.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is not pressed.
    pub async fn release(&self, firm: FirmId, of: HaltOf, actor: &str) -> Result<(), EngineError> {
        let (scope, subject) = of.parts();
        let mut writer = self.store.write().await?;
        if !writer.release_halt(firm, scope, subject).await? {
            return Err(EngineError::NotFound {
                what: "the pressed switch",
            });
        }
        writer
            .append_audit(
                firm,
                actor,
                "sending.release",
                &of.subject(),
                &serde_json::Value::Null,
            )
            .await?;
        writer.commit().await?;
        self.wake.dispatch.notify_waiters();
        Ok(())
    }

    /// The switches of a firm that are pressed.
    ///
    /// # Errors
    /// [`EngineError::Store`] when the database is away.
    pub async fn halts(&self, firm: FirmId) -> Result<Vec<Halt>, EngineError> {
        Ok(self.store.read().await?.halts(firm).await?)
    }

    async fn owned(
        &self,
        reader: &mut store::Reader,
        firm: FirmId,
        of: HaltOf,
    ) -> Result<(), EngineError> {
        let found = match of {
            HaltOf::Brand(id) => reader.brand(firm, id).await?.is_some(),
            HaltOf::Connector(id) => reader.connector(firm, id).await?.is_some(),
        };
        found.then_some(()).ok_or(EngineError::NotFound {
            what: "the brand or account",
        })
    }
}
