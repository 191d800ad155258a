//! What a campaign has cost so far.

use domain::ids::{CampaignId, FirmId};

use crate::Engine;
use crate::error::EngineError;

/// What a campaign has come to, in parts and in money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Parts that the provider took; none while nothing was handed over.
    pub parts: Option<i64>,
    /// Parts in requests of which nobody knows yet whether they arrived.
    pub uncertain_parts: i64,
    /// What one part costs, millionths of a lira, where the brand says so.
    pub part_price_micros: Option<i64>,
    /// The parts that were taken at that price.
    pub micros: Option<i64>,
}

impl Engine {
    /// What a campaign has cost so far, at the brand's present price of a part.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn campaign_cost(&self, firm: FirmId, id: CampaignId) -> Result<Cost, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let mut reader = self.store.read().await?;
        let parts = reader.campaign_parts(id).await?;
        let price = reader
            .sending_rules(campaign.brand)
            .await?
            .part_price_micros
            // Mails are not billed by parts of text messages.
            .filter(|_| campaign.channel.is_phone());
        Ok(Cost {
            parts: parts.accepted,
            uncertain_parts: parts.uncertain,
            part_price_micros: price,
            micros: parts
                .accepted
                .zip(price)
                .map(|(parts, price)| parts.saturating_mul(price)),
        })
    }
}
