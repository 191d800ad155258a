//! Merkle trees: one digest for many leaves, and the short path that proves
//! that a leaf is among them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{GENESIS, Hash, NODE};

/// One step from a leaf towards the root: the digest beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// It stands to the left.
    Left(#[serde(with = "crate::ledger::hexed")] Hash),
    /// It stands to the right.
    Right(#[serde(with = "crate::ledger::hexed")] Hash),
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([NODE]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

fn level_above(level: &[Hash]) -> Vec<Hash> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(left, right),
            rest => rest.first().copied().unwrap_or(GENESIS),
        })
        .collect()
}

/// The Merkle root of leaves in their order; an odd last node moves up unchanged.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut level = level_above(leaves);
    while level.len() > 1 {
        level = level_above(&level);
    }
    level.first().copied().unwrap_or(GENESIS)
}

/// The steps from the leaf at `place` to the root; `None` when there is no such leaf.
pub fn path(leaves: &[Hash], place: usize) -> Option<Vec<Beside>> {
    leaves.get(place)?;
    let (mut level, mut at) = (leaves.to_vec(), place);
    let mut steps = Vec::new();
    while level.len() > 1 {
        if at % 2 == 1 {
            steps.push(Beside::Left(*level.get(at - 1)?));
        } else if let Some(right) = level.get(at + 1) {
            steps.push(Beside::Right(*right));
        }
        level = level_above(&level);
        at /= 2;
    }
    Some(steps)
}

/// The root that a leaf and its path lead to.
pub fn climb(leaf: Hash, steps: &[Beside]) -> Hash {
    steps.iter().fold(leaf, |below, step| match step {
        Beside::Left(left) => node(left, &below),
        Beside::Right(right) => node(&below, right),
    })
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

    #[test]
    fn every_leaf_of_a_block_of_any_size_has_a_path_that_leads_to_its_root_and_no_other_leaf_has() {
        for size in 1..=33_u8 {
            let leaves: Vec<Hash> = (0..size).map(|n| [n; 32]).collect();
            let whole = root(&leaves);
            for (place, leaf) in leaves.iter().enumerate() {
                let steps = path(&leaves, place).unwrap();
                assert_eq!(climb(*leaf, &steps), whole, "{place} of {size}");
                assert_ne!(climb([200; 32], &steps), whole);
            }
            assert_eq!(path(&leaves, leaves.len()), None);
        }
    }
}
