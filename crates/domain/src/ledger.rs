//! The ledger's hashes: an event becomes a leaf, the leaves of a block a
//! Merkle root, and a block hashes the one before it in the brand's chain.
//!
//! Change one byte of one event and its leaf, its block's root and every
//! later block hash differ; the verifier names the first row that does.
//!
//! [`chain`] recomputes a chain block by block, whether the blocks come from
//! the database or from an export; [`export`] is the form of the export.

pub mod chain;
pub mod export;
mod hexed;
pub mod merkle;
pub mod proof;
pub mod redact;
pub mod seal;
pub mod trail;

use sha2::{Digest, Sha256};

use crate::consent::ConsentEvent;
use crate::ids::{BrandId, EventId};
use crate::time::Timestamp;

pub use chain::{Chain, Fault};
pub use merkle::{path, root};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The hash "before" the first block of a chain.
pub const GENESIS: Hash = [0; 32];

/// Most events in one block.
pub const BLOCK_EVENTS_MAX: usize = 5_000;

// Different first bytes keep a leaf from ever being read as a node (RFC 6962 §2.1).
const LEAF: u8 = 0;
pub(crate) const NODE: u8 = 1;
const BLOCK: u8 = 2;

/// The leaf of one event: a digest over every field. Texts carry their length
/// and what may be absent says whether it is there, so that no two events
/// share a leaf.
pub fn leaf(event: &ConsentEvent) -> Hash {
    let mut bytes = Vec::with_capacity(224);
    bytes.push(LEAF);
    for number in [
        event.id.as_db(),
        event.key.brand.as_db(),
        event.key.recipient.as_db(),
        event.key.channel.as_db(),
        event.key.kind.as_db(),
        event.status.as_db(),
        event.consent_date.as_micros(),
        event.recorded_at.as_micros(),
        event.origin.as_db(),
    ] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for number in [event.origin_id, event.origin_line] {
        bytes.push(u8::from(number.is_some()));
        bytes.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
    }
    bytes.push(u8::from(event.evidence.is_some()));
    let address = event.recipient.to_string();
    let evidence = event.evidence.as_deref().unwrap_or_default();
    for text in [
        address.as_str(),
        event.source.as_str(),
        evidence,
        event.actor.as_str(),
    ] {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    Sha256::digest(&bytes).into()
}

/// Bytes of a leaf that are kept beside its block.
pub const PRINT_BYTES: usize = 4;

/// The beginnings of a block's leaves, kept so that a verifier can name the
/// one event that was changed. They prove nothing themselves: the root does.
pub fn prints(leaves: &[Hash]) -> Vec<u8> {
    leaves
        .iter()
        .flat_map(|leaf| leaf.iter().take(PRINT_BYTES))
        .copied()
        .collect()
}

/// The place of the first leaf that does not begin as it once did; `None` when
/// the prints do not tell.
pub fn first_changed(leaves: &[Hash], prints: &[u8]) -> Option<usize> {
    let kept = prints.chunks_exact(PRINT_BYTES);
    if kept.len() != leaves.len() {
        return None;
    }
    leaves
        .iter()
        .zip(kept)
        .position(|(leaf, print)| !leaf.starts_with(print))
}

/// The head of one block of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The brand whose chain this is.
    pub brand: BrandId,
    /// Position in the chain, from 1.
    pub number: i64,
    /// Smallest event number inside.
    pub first: EventId,
    /// Greatest event number inside.
    pub last: EventId,
    /// How many events are inside.
    pub count: i64,
    /// Merkle root of the leaves in the order of their numbers.
    pub root: Hash,
    /// Hash of the block before, [`GENESIS`] for the first.
    pub previous: Hash,
    /// When the block was written.
    pub created_at: Timestamp,
}

impl Block {
    /// The hash that the next block carries.
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update([BLOCK]);
        for number in [
            self.brand.as_db(),
            self.number,
            self.first.as_db(),
            self.last.as_db(),
            self.count,
            self.created_at.as_micros(),
        ] {
            hasher.update(number.to_le_bytes());
        }
        hasher.update(self.root);
        hasher.update(self.previous);
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prints_name_the_leaf_that_was_changed() {
        let leaves: Vec<Hash> = (0..7_u8).map(|n| [n; 32]).collect();
        let kept = prints(&leaves);
        assert_eq!(first_changed(&leaves, &kept), None);
        let mut changed = leaves.clone();
        changed[5] = [99; 32];
        assert_eq!(first_changed(&changed, &kept), Some(5));
        assert_eq!(first_changed(&changed[..6], &kept), None);
    }
}
