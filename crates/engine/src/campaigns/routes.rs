//! The routes of a campaign (*gönderim yolu*): its own account and those that
//! may step in, and what stands against each.

use std::sync::Arc;

use connectors::Connector;
use domain::gate::Basis;
use domain::hours::SendingRules;
use domain::ids::ConnectorId;
use store::Reader;
use store::campaigns::Campaign;
use store::connectors::{Connector as Account, ConnectorState};
use store::sending_rules::HaltScope;

use super::sender;
use crate::Engine;
use crate::error::EngineError;

/// One account that a campaign may leave over.
#[derive(Debug, Clone)]
pub struct Route {
    /// The account.
    pub account: Account,
    /// What it can do.
    pub connector: Arc<dyn Connector>,
    /// Why nothing of the campaign may leave over it now.
    pub obstacle: Option<Obstacle>,
    /// Whether it sends from abroad, where texts with a link are not delivered.
    pub is_foreign: bool,
}

/// What stands against a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// It was not tested, or is broken.
    NotActive,
    /// Somebody pressed its stop switch.
    Halted,
    /// It does not carry the channel.
    OtherChannel,
    /// It takes no commercial messages to Turkey.
    NoCommercial,
    /// A request of the campaign is larger than it takes.
    BatchTooLarge,
    /// It must not stand in for another account.
    NoFailOver,
    /// Its provider listed its senders, and the campaign's is none of them (S503).
    SenderNotApproved,
}

impl Obstacle {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotActive => "not_active",
            Self::Halted => "halted",
            Self::OtherChannel => "other_channel",
            Self::NoCommercial => "no_commercial",
            Self::BatchTooLarge => "batch_too_large",
            Self::NoFailOver => "no_fail_over",
            Self::SenderNotApproved => "sender_not_approved",
        }
    }
}

impl Engine {
    /// The campaign's routes in their order.
    pub(crate) async fn routes(
        &self,
        reader: &mut Reader,
        campaign: &Campaign,
    ) -> Result<Vec<Route>, EngineError> {
        let rules = reader.sending_rules(campaign.brand).await?;
        let mut routes = Vec::new();
        for id in ordered(campaign, &rules) {
            let is_first = routes.is_empty();
            routes.push(self.route(reader, campaign, id, is_first).await?);
        }
        // An account that stands in for no other is not stood in for either: its
        // sender is its own.
        if let Some((first, others)) = routes.split_first_mut()
            && !first.connector.capabilities().in_fail_over
        {
            for other in others {
                other.obstacle.get_or_insert(Obstacle::NoFailOver);
            }
        }
        Ok(routes)
    }

    async fn route(
        &self,
        reader: &mut Reader,
        campaign: &Campaign,
        id: ConnectorId,
        is_first: bool,
    ) -> Result<Route, EngineError> {
        let configured = reader.connector_at_work(id).await?;
        let is_halted = reader
            .halted(HaltScope::Connector, id.as_db())
            .await?
            .is_some();
        let connector = self.connector(&configured)?;
        let account = configured.0;
        let capabilities = connector.capabilities();
        let most = i64::try_from(capabilities.batch_recipients_max).unwrap_or(i64::MAX);
        let obstacle = if account.state != ConnectorState::Active {
            Some(Obstacle::NotActive)
        } else if is_halted {
            Some(Obstacle::Halted)
        } else if !capabilities.channels.contains(&campaign.channel) {
            Some(Obstacle::OtherChannel)
        } else if campaign.basis == Basis::Commercial && !capabilities.commercial_to_turkey {
            Some(Obstacle::NoCommercial)
        } else if campaign.batch_size > most {
            Some(Obstacle::BatchTooLarge)
        } else if !is_first && !capabilities.in_fail_over {
            Some(Obstacle::NoFailOver)
        } else if !sender::is_approved(campaign, &account) {
            Some(Obstacle::SenderNotApproved)
        } else {
            None
        };
        let is_foreign = campaign.channel.is_phone() && is_foreign(connector.as_ref());
        Ok(Route {
            account,
            connector,
            obstacle,
            is_foreign,
        })
    }
}

/// The accounts of a campaign in the order in which they are taken: the brand's
/// for its ground, else the campaign's own.
fn ordered(campaign: &Campaign, rules: &SendingRules) -> Vec<ConnectorId> {
    let own = std::iter::once(campaign.connector);
    let accounts = own.chain(campaign.plan.fallbacks.iter().copied());
    rules.ordered(campaign.basis, accounts.collect())
}

/// The account that a campaign leaves over when nothing stands in the way.
pub(super) fn first(campaign: &Campaign, rules: &SendingRules) -> ConnectorId {
    let accounts = ordered(campaign, rules);
    accounts.first().copied().unwrap_or(campaign.connector)
}

/// Whether an account sends from outside Turkey.
pub(crate) fn is_foreign(connector: &dyn Connector) -> bool {
    let country = &connector.capabilities().route_country;
    !country.is_empty() && !country.eq_ignore_ascii_case("TR")
}
