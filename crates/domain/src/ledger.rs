//! The ledger's hashes: an event becomes a leaf, the leaves of a block a
//! Merkle root, and a block hashes the one before it in the brand's chain.
//!
//! Change one byte of one event and its leaf, its block's root and every
//! later block hash differ; the verifier names the first row that does.

use sha2::{Digest, Sha256};

use crate::consent::ConsentEvent;
use crate::ids::{BrandId, EventId};
use crate::time::Timestamp;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// The hash "before" the first block of a chain.
pub const GENESIS: Hash = [0; 32];

/// Most events in one block.
pub const BLOCK_EVENTS_MAX: usize = 5_000;

// Different first bytes keep a leaf from ever being read as a node (RFC 6962 §2.1).
const LEAF: u8 = 0;
const NODE: u8 = 1;
const BLOCK: u8 = 2;

/// The leaf of one event: a digest over every field, each with its length.
pub fn leaf(event: &ConsentEvent) -> Hash {
    let mut bytes = Vec::with_capacity(192);
    bytes.push(LEAF);
    for number in [
        event.id.as_db(),
        event.key.brand.as_db(),
        event.key.channel.as_db(),
        event.key.kind.as_db(),
        event.status.as_db(),
        event.consent_date.as_micros(),
        event.recorded_at.as_micros(),
        event.origin.as_db(),
        event.origin_id.unwrap_or(-1),
        event.origin_line.unwrap_or(-1),
    ] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    let address = event.recipient.to_string();
    let evidence = event.evidence.as_deref().unwrap_or("");
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

/// The Merkle root of a block's leaves; an odd last node moves up unchanged.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut level = leaves.to_vec();
    if level.is_empty() {
        return GENESIS;
    }
    while level.len() > 1 {
        let next = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let mut hasher = Sha256::new();
                    hasher.update([NODE]);
                    hasher.update(left);
                    hasher.update(right);
                    hasher.finalize().into()
                }
                rest => rest.first().copied().unwrap_or(GENESIS),
            })
            .collect();
        level = next;
    }
    level.first().copied().unwrap_or(GENESIS)
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
    fn a_root_depends_on_every_leaf_and_on_their_order() {
        let leaves: Vec<Hash> = (0..7_u8).map(|n| [n; 32]).collect();
        let whole = root(&leaves);
        for i in 0..leaves.len() {
            let mut changed = leaves.clone();
            changed[i][31] ^= 1;
            assert_ne!(root(&changed), whole, "leaf {i}");
        }
        let mut swapped = leaves.clone();
        swapped.swap(0, 6);
        assert_ne!(root(&swapped), whole);
        assert_ne!(root(&leaves[..6]), whole);
        assert_eq!(root(&[]), GENESIS);
    }
}
