//! A brand's rules for sending, as the gate and the campaigns need them.

use domain::gate::BrandPolicy;
use domain::hours::SendingRules;
use domain::ids::{BrandId, FirmId};
use store::Reader;
use store::audience_shape::Frequency;
use store::brands::Brand;
use store::campaigns::Campaign;

use crate::Engine;
use crate::error::EngineError;

impl Engine {
    /// What the gate needs to know of a brand, its quiet days included.
    pub(crate) async fn policy(
        &self,
        reader: &mut Reader,
        brand: &Brand,
    ) -> Result<(BrandPolicy, SendingRules), EngineError> {
        let rules = reader.sending_rules(brand.id).await?;
        let mut policy = brand.policy();
        policy.closed = rules.closed_days(&self.calendar, self.now());
        Ok((policy, rules))
    }

    /// [`Engine::policy`] for a campaign: its purpose may have hours of its own.
    pub(crate) async fn policy_for(
        &self,
        reader: &mut Reader,
        brand: &Brand,
        purpose: &str,
    ) -> Result<(BrandPolicy, SendingRules), EngineError> {
        let (mut policy, rules) = self.policy(reader, brand).await?;
        if let Some(window) = rules.window_for(purpose) {
            policy.window = window;
        }
        Ok((policy, rules))
    }

    /// The brand's frequency limits for a campaign; none when it is exempt.
    pub(crate) async fn frequency(
        &self,
        reader: &mut Reader,
        campaign: &Campaign,
        rules: &SendingRules,
    ) -> Result<Option<Frequency>, EngineError> {
        let limits = rules.limits(self.now());
        let since = limits.iter().map(|(_, since)| *since).min();
        let (Some(since), None) = (since, &campaign.plan.ignores_limits) else {
            return Ok(None);
        };
        if campaign.basis != domain::gate::Basis::Commercial {
            return Ok(None);
        }
        let campaigns = reader
            .campaigns_that_count(campaign.firm, campaign.brand, since, campaign.id)
            .await?;
        Ok(Some(Frequency { limits, campaigns }))
    }

    /// The rules of a firm's brand.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn sending_rules(
        &self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<SendingRules, EngineError> {
        let mut reader = self.store.read().await?;
        reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        Ok(reader.sending_rules(brand).await?)
    }

    /// Replaces the rules of a brand; they hold from the next claim on.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the rule that cannot be.
    pub async fn set_sending_rules(
        &self,
        firm: FirmId,
        brand: BrandId,
        rules: &SendingRules,
        actor: &str,
    ) -> Result<(), EngineError> {
        rules
            .check()
            .map_err(|fault| EngineError::invalid(fault.field, fault.problem))?;
        let mut writer = self.store.write().await?;
        writer
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        writer.set_sending_rules(brand, rules).await?;
        let detail = serde_json::json!({ "rules": rules });
        writer
            .append_audit(
                firm,
                actor,
                "brand.sending_rules",
                &brand.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(())
    }
}
