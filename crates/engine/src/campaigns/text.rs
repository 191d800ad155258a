//! What a campaign's texts lack and should not hold, and whether somebody else
//! must have looked at it before it leaves.

use connectors::Connector;
use domain::gate::Basis;
use domain::ids::{BrandId, FirmId};
use domain::lettering::{Change, Lettering};
use domain::lint::{self, Found, Speaker, Weight};
use domain::segments::Lengths;
use domain::{Channel, ReasonCode};
use store::brands::Brand;
use store::campaigns::Campaign;

use super::{Obstacle, Route};
use crate::Engine;
use crate::error::EngineError;

/// In whose name a brand's texts speak.
pub(crate) fn speaker(brand: &Brand) -> Speaker<'_> {
    Speaker {
        trade_name: &brand.trade_name,
        mersis: &brand.mersis,
        short_name: &brand.short_name,
    }
}

/// The campaign's texts: its own, and the second of a trial.
pub(crate) fn texts(campaign: &Campaign) -> impl Iterator<Item = &str> {
    let second = campaign
        .plan
        .split
        .as_ref()
        .map(|split| split.body.as_str());
    std::iter::once(campaign.body.as_str()).chain(second)
}

/// A commercial text must tell who sends it and how to refuse (Regulation
/// art. 8); of two texts, both must.
pub(crate) fn is_content_incomplete(campaign: &Campaign, brand: &Brand) -> bool {
    let speaker = speaker(brand);
    texts(campaign)
        .any(|text| lint::is_incomplete(text, &speaker, campaign.basis, campaign.channel))
}

/// Everything found in the texts of a campaign, each finding once.
pub(crate) fn findings(campaign: &Campaign, brand: &Brand, lengths: Lengths) -> Vec<Found> {
    let speaker = speaker(brand);
    let mut found: Vec<Found> = Vec::new();
    for text in texts(campaign) {
        for new in lint::lint(text, &speaker, campaign.basis, campaign.channel, lengths) {
            if !found.contains(&new) {
                found.push(new);
            }
        }
    }
    found
}

/// Why nobody but a second person may let it go; none when nothing asks for one.
pub(crate) fn needs_second_person(campaign: &Campaign, found: &[Found]) -> Option<String> {
    if let Some(found) = found.iter().find(|f| f.weight == Weight::NeedsApproval) {
        return Some(found.text_en.clone());
    }
    campaign
        .plan
        .ignores_limits
        .as_ref()
        .map(|reason| format!("it ignores the frequency limits: {reason}"))
}

/// What that replaces in the campaign's texts, variables aside.
pub(crate) fn changes(campaign: &Campaign, lettering: Lettering) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    for change in texts(campaign).flat_map(|text| lettering.changes(text)) {
        match all.iter_mut().find(|held| held.from == change.from) {
            Some(held) => held.count = held.count.saturating_add(change.count),
            None => all.push(change),
        }
    }
    all
}

/// What is done to the characters of a campaign's texts before they leave over
/// an account: what the campaign says, else what the account does.
pub(crate) fn lettering(campaign: &Campaign, connector: &dyn Connector) -> Lettering {
    if campaign.channel != Channel::Mesaj {
        return Lettering::AsWritten;
    }
    let own = campaign.plan.lettering;
    own.unwrap_or_else(|| connector.capabilities().lettering)
}

/// How a text is counted over an account.
pub(crate) fn lengths_over(campaign: &Campaign, connector: &dyn Connector) -> Lengths {
    let capabilities = connector.capabilities();
    Lengths {
        profile: capabilities.segments,
        suffix_units: capabilities.suffix_units,
        reference: capabilities.reference,
        lettering: lettering(campaign, connector),
    }
}

/// How the first route counts.
pub(crate) fn lengths(campaign: &Campaign, routes: &[Route]) -> Lengths {
    routes.first().map_or(Lengths::TURKISH, |route| {
        lengths_over(campaign, route.connector.as_ref())
    })
}

impl Engine {
    /// What a text would be told, before there is a campaign.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn lint_text(
        &self,
        firm: FirmId,
        brand: BrandId,
        text: &str,
        (basis, channel): (Basis, Channel),
        lettering: Lettering,
    ) -> Result<Vec<Found>, EngineError> {
        let brand = self
            .store
            .read()
            .await?
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let lengths = Lengths {
            lettering,
            ..Lengths::TURKISH
        };
        let speaker = speaker(&brand);
        Ok(lint::lint(text, &speaker, basis, channel, lengths))
    }
}

/// A reason that keeps everyone from getting the message: content, then route,
/// as in the gate.
pub(crate) fn obstacle_for_everyone(
    campaign: &Campaign,
    brand: &Brand,
    routes: &[Route],
) -> Option<ReasonCode> {
    if is_content_incomplete(campaign, brand) {
        return Some(ReasonCode::S404);
    }
    if routes.iter().any(|route| route.obstacle.is_none()) {
        return None;
    }
    // Only the sender stands in the way: another one would do.
    let lacks_sender = |route: &Route| route.obstacle == Some(Obstacle::SenderNotApproved);
    Some(if routes.iter().any(lacks_sender) {
        ReasonCode::S503
    } else {
        ReasonCode::S501
    })
}
