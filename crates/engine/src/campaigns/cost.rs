//! What a campaign has cost so far.

use domain::ids::{CampaignId, ConnectorId, FirmId};

use super::routes;
use crate::Engine;
use crate::error::EngineError;

/// What a campaign has come to, in parts and in money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Parts that the provider took; none while nothing was handed over.
    pub parts: Option<i64>,
    /// Parts in requests of which nobody knows yet whether they arrived.
    pub uncertain_parts: i64,
    /// What one part costs, millionths of a lira, where the brand says so; over
    /// the first route, before anything was taken or where it went over several
    /// at several prices.
    pub part_price_micros: Option<i64>,
    /// The parts that were taken, each at the price of its route; none where one
    /// route has no price.
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
        let rules = reader.sending_rules(campaign.brand).await?;
        // Mails are not billed by parts of text messages.
        let price = |account: ConnectorId| {
            let price = rules.part_price(account);
            price.filter(|_| campaign.channel.is_phone())
        };
        let priced = parts
            .accepted
            .iter()
            .map(|(account, parts)| Some(((*parts)?, price(*account)?)));
        let micros: Option<Vec<i64>> = priced
            .map(|one| one.map(|(parts, price)| parts.saturating_mul(price)))
            .collect();
        let mut used = parts.accepted.keys().map(|account| price(*account));
        let only = used
            .next()
            .filter(|first| used.all(|other| other == *first));
        let counted: Vec<i64> = parts.accepted.values().copied().flatten().collect();
        Ok(Cost {
            parts: (!counted.is_empty()).then(|| counted.iter().sum()),
            uncertain_parts: parts.uncertain,
            part_price_micros: only.unwrap_or_else(|| price(routes::first(&campaign, &rules))),
            micros: micros
                .filter(|costs| !costs.is_empty())
                .map(|costs| costs.into_iter().fold(0, i64::saturating_add)),
        })
    }
}
