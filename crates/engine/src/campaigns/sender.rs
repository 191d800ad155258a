//! Under which name a campaign comes (*gönderici adı*), over each of its routes.

use domain::sender;
use store::campaigns::{Campaign, NewCampaign};
use store::connectors::Connector as Account;

use crate::error::EngineError;

/// Refuses senders that no provider takes: every request would fail when it is
/// written.
pub(super) fn check(new: &NewCampaign) -> Result<(), EngineError> {
    sender::check(new.channel, &new.sender)
        .map_err(|error| EngineError::invalid("sender", error.to_string()))?;
    for other in new.plan.fallback_senders.values() {
        sender::check(new.channel, other)
            .map_err(|error| EngineError::invalid("plan.fallback_senders", error.to_string()))?;
    }
    Ok(())
}

/// Whether the campaign's sender stands on the list that the account's provider
/// gave when it was last tried; where there is none, nobody knows better.
pub(crate) fn is_approved(campaign: &Campaign, account: &Account) -> bool {
    let sender = campaign.sender_over(account.id);
    let listed = account.senders.as_deref().unwrap_or_default();
    // A text that is measured before there is a campaign has none yet.
    sender.is_empty() || sender::is_listed(campaign.channel, sender, listed)
}
