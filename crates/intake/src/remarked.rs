//! The remarks on a row or a pair, each once: a set of W-codes in one number,
//! because nearly every row carries one and it travels with the pair.

use domain::ReasonCode;
use serde::{Deserialize, Serialize};

/// A set of remarks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Remarked(u64);

/// W101 to W808: eight groups of eight codes.
const GROUP: i64 = 8;
/// The number of W000 in the databases.
const FIRST: i64 = 3_000;

impl Remarked {
    pub(crate) const NONE: Self = Self(0);

    /// The place of a code in the set; `None` for one that is no remark.
    const fn place(code: ReasonCode) -> Option<u32> {
        let number = code.as_db() - FIRST;
        let (group, within) = (number / 100 - 1, number % 100 - 1);
        if number < 0 || group < 0 || group >= GROUP || within < 0 || within >= GROUP {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below 64, as was just checked"
        )]
        Some((group * GROUP + within) as u32)
    }

    pub(crate) const fn clear(&mut self) {
        self.0 = 0;
    }

    /// Adds a code once.
    pub(crate) const fn add(&mut self, code: ReasonCode) {
        if let Some(place) = Self::place(code) {
            self.0 |= 1 << place;
        }
    }

    pub(crate) fn extend(&mut self, codes: impl IntoIterator<Item = ReasonCode>) {
        for code in codes {
            self.add(code);
        }
    }

    /// This set and the codes of another.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The codes, ascending.
    pub(crate) fn iter(self) -> impl Iterator<Item = ReasonCode> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = i64::from(left.trailing_zeros());
            if left == 0 {
                return None;
            }
            left &= left - 1;
            Some(FIRST + (place / GROUP + 1) * 100 + place % GROUP + 1)
        })
        .filter_map(ReasonCode::from_db)
    }
}

#[cfg(test)]
mod tests {
    use domain::reason::ReasonClass;

    use super::*;

    /// The first remark on events, which no file brings.
    const OF_EVENTS: i64 = FIRST + 900;

    #[test]
    fn every_remark_has_a_place_of_its_own_and_comes_back_in_order() {
        let remarks: Vec<ReasonCode> = ReasonCode::all()
            .iter()
            .copied()
            .filter(|code| code.class() == ReasonClass::Remark && code.as_db() < OF_EVENTS)
            .collect();
        let mut all = Remarked::NONE;
        all.extend(remarks.iter().rev().copied());
        assert_eq!(all.iter().collect::<Vec<_>>(), remarks);
        for &code in &remarks {
            let mut one = Remarked::NONE;
            one.add(code);
            assert_eq!(one.iter().collect::<Vec<_>>(), [code]);
        }
    }

    #[test]
    fn what_is_no_remark_is_not_kept() {
        let mut none = Remarked::NONE;
        none.extend([
            ReasonCode::R101,
            ReasonCode::F101,
            ReasonCode::S101,
            ReasonCode::I175,
        ]);
        assert_eq!(none, Remarked::NONE);
    }
}
