//! Messages go out: batches are claimed and gated, sent, settled, and what is
//! in doubt is found out.

mod claim;
mod flow;
mod pace;
mod recheck;
mod resolve;
mod send;

use std::sync::Arc;

use crate::Engine;
use crate::attributes::Used;
use crate::error::EngineError;
use connectors::Connector;
use domain::gate::{Basis, BrandPolicy, MessageFacts, RouteFacts};
use domain::ids::{CampaignId, ConnectorId};
use domain::template::MessageText;
use store::brands::Brand;
use store::campaigns::Campaign;
use store::connectors::{Connector as Account, ConnectorState};
use store::person::FactsAbout;

pub(crate) use pace::Paces;
pub(crate) use recheck::Rechecks;

/// What is the same for all batches of a campaign, as it is at this claim.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) campaign: Campaign,
    pub(crate) brand: Brand,
    pub(crate) account: Account,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) text: MessageText,
    /// The attributes it uses.
    pub(crate) attributes: Used,
    pub(crate) policy: BrandPolicy,
    pub(crate) facts: MessageFacts,
    pub(crate) route: RouteFacts,
}

impl Context {
    pub(crate) fn about(&self) -> FactsAbout {
        FactsAbout {
            firm: self.campaign.firm,
            brand: self.campaign.brand,
            channel: self.campaign.channel,
            kind: self.campaign.kind,
        }
    }
}

impl Engine {
    /// Reads what a claim rests on besides the people, inside its transaction.
    pub(crate) async fn context(
        &self,
        reader: &mut store::Reader,
        campaign: CampaignId,
        connector: &Arc<dyn Connector>,
        account: &Account,
    ) -> Result<Context, EngineError> {
        let campaign = reader.campaign_at_work(campaign).await?;
        let brand = reader.brand_at_work(campaign.brand).await?;
        let text = MessageText::parse(&campaign.body).map_err(|error| {
            EngineError::Internal(format!(
                "the text of campaign {} is not valid: {error}",
                campaign.id
            ))
        })?;
        let attributes = Used::by(reader, campaign.firm, &text).await?;
        let facts = MessageFacts {
            channel: campaign.channel,
            kind: campaign.kind,
            basis: campaign.basis,
            content_incomplete: crate::campaigns::is_content_incomplete(&campaign, &brand),
        };
        // A provider that forbids advertisements to Turkey is no route for them.
        let is_allowed =
            campaign.basis != Basis::Commercial || connector.capabilities().commercial_to_turkey;
        let route = RouteFacts {
            available: account.state == ConnectorState::Active && is_allowed,
            ..RouteFacts::CLEAR
        };
        Ok(Context {
            policy: brand.policy(),
            campaign,
            brand,
            account: account.clone(),
            connector: Arc::clone(connector),
            attributes,
            text,
            facts,
            route,
        })
    }

    /// The connector, while it is in order; batches of a broken one wait.
    async fn active(
        &self,
        id: ConnectorId,
    ) -> Result<Option<(Account, Arc<dyn Connector>)>, EngineError> {
        let configured = self.store.read().await?.connector_at_work(id).await?;
        if configured.0.state != ConnectorState::Active {
            return Ok(None);
        }
        let connector = self.connector(&configured)?;
        Ok(Some((configured.0, connector)))
    }
}
