//! A brand's rules for sending, as the gate and the campaigns need them.

use domain::gate::BrandPolicy;
use domain::hours::{SendingRules, midnight_of};
use domain::ids::{BrandId, FirmId};
use store::Reader;
use store::audience_shape::Frequency;
use store::brands::Brand;
use store::campaigns::Campaign;

use super::text;
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

    /// The campaigns that say the same as this one today, where the brand sends
    /// nothing twice a day (S302).
    pub(crate) async fn repeated(
        &self,
        reader: &mut Reader,
        campaign: &Campaign,
        rules: &SendingRules,
    ) -> Result<Option<Frequency>, EngineError> {
        if !rules.same_text_once_a_day || campaign.basis != domain::gate::Basis::Commercial {
            return Ok(None);
        }
        let since = midnight_of(self.now());
        let content = crate::mails::content_of(reader, campaign).await?;
        let mut campaigns = Vec::new();
        for other in reader.campaigns_of_the_day(campaign, since).await? {
            let same = text::texts(&other).any(|said| text::texts(campaign).any(|one| one == said));
            // A mail may have the same text beside another page.
            if same && crate::mails::content_of(reader, &other).await? == content {
                campaigns.push(other.id);
            }
        }
        let limits = vec![(1, since)];
        Ok((!campaigns.is_empty()).then_some(Frequency { limits, campaigns }))
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
        for account in rules.named_routes() {
            if writer.connector(firm, account).await?.is_none() {
                let problem = format!("the firm has no account {account}");
                return Err(EngineError::invalid("route_orders", problem));
            }
        }
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
