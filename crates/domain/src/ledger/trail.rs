//! The hash of one entry of the audit trail, which is chained like the ledger.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Hash;
use crate::ids::{AuditId, FirmId};
use crate::time::Timestamp;

/// One entry as it is hashed and exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEntry {
    /// Its number in the installation.
    pub id: AuditId,
    /// Whose trail it is.
    pub firm: FirmId,
    /// Where it stands in the firm's chain, from 1.
    pub number: i64,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else matters: the text of a JSON value, byte for byte.
    pub detail: String,
    /// Hash of the entry before.
    #[serde(with = "crate::ledger::hexed")]
    pub previous: Hash,
    /// Its own hash.
    #[serde(with = "crate::ledger::hexed")]
    pub hash: Hash,
}

impl TrailEntry {
    /// The hash that its fields give: every text with its length, and the entry before.
    pub fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        for number in [
            self.id.as_db(),
            self.firm.as_db(),
            self.number,
            self.at.as_micros(),
        ] {
            hasher.update(number.to_le_bytes());
        }
        for text in [&self.actor, &self.action, &self.subject, &self.detail] {
            let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
            hasher.update(length.to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(self.previous);
        hasher.finalize().into()
    }
}
