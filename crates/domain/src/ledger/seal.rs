//! The seal of a campaign: one digest over everything that was handed over,
//! written into the audit trail when the campaign ends. Sends are chained by
//! it, at one entry a campaign instead of one a batch.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Hash;
use crate::ids::{CampaignId, RecipientId};
use crate::time::Timestamp;

/// Kept apart from leaves of events, nodes and blocks.
const BATCH: u8 = 3;

/// What a seal holds of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch {
    /// The campaign.
    pub campaign: CampaignId,
    /// Number inside the campaign, from 1.
    pub number: i64,
    /// Its first person.
    pub first: RecipientId,
    /// Its last person.
    pub last: RecipientId,
    /// How it ended, as a word.
    pub state: String,
    /// Our name for the request.
    pub request_key: Option<String>,
    /// The provider's name for it.
    pub provider_reference: Option<String>,
    /// When it was handed over.
    pub handed_over_at: Option<Timestamp>,
    /// Digest of the stored request ([`super::redact`]); absent when nothing was sent.
    #[serde(with = "crate::ledger::hexed::maybe")]
    pub content: Option<Hash>,
}

impl SealedBatch {
    /// The leaf of the seal's Merkle tree.
    pub fn leaf(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update([BATCH]);
        for number in [
            self.campaign.as_db(),
            self.number,
            self.first.as_db(),
            self.last.as_db(),
            self.handed_over_at.map_or(-1, Timestamp::as_micros),
        ] {
            hasher.update(number.to_le_bytes());
        }
        for text in [
            Some(self.state.as_str()),
            self.request_key.as_deref(),
            self.provider_reference.as_deref(),
        ] {
            hasher.update([u8::from(text.is_some())]);
            let text = text.unwrap_or_default();
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            hasher.update(length.to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update([u8::from(self.content.is_some())]);
        hasher.update(self.content.unwrap_or_default());
        hasher.finalize().into()
    }
}
