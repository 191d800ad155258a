//! Transaction ids: 64 hexadecimal characters that cost no memory.
//!
//! The first 16 carry the movement's number, scrambled by a multiplication that
//! can be undone; the rest follow from them. So an id, or a cursor built on
//! one, leads back to its movement without a table.

use std::fmt;

use super::book::MovementNo;
use crate::dice::mix;

/// Odd, hence invertible modulo 2⁶⁴.
const SCRAMBLE: u64 = 0x9E37_79B9_7F4A_7C15;
/// Set in ids of records that exist only by the population rule.
const BY_RULE: u64 = 1 << 63;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TransactionId(u64);

impl TransactionId {
    pub(crate) fn of_movement(at: MovementNo) -> Self {
        Self(u64::from(at.0))
    }

    /// The id of a record that exists only by rule; `hash` tells them apart.
    pub(crate) fn of_rule(hash: u64) -> Self {
        Self(hash | BY_RULE)
    }

    /// The movement an id belongs to, if its text is one of ours.
    pub(crate) fn movement(text: &str) -> Option<MovementNo> {
        let front = u64::from_str_radix(text.get(..16)?, 16).ok()?;
        let id = Self(front.wrapping_mul(inverse(SCRAMBLE)));
        let at = u32::try_from(id.0).ok().map(MovementNo)?;
        (id.to_string() == text).then_some(at)
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let front = self.0.wrapping_mul(SCRAMBLE);
        let second = mix(front);
        let third = mix(second);
        write!(
            f,
            "{front:016x}{second:016x}{third:016x}{:016x}",
            mix(third)
        )
    }
}

/// The multiplicative inverse of an odd number modulo 2⁶⁴, by Newton's method.
fn inverse(odd: u64) -> u64 {
    // Right in the lowest 3 bits; each step doubles the number of right bits.
    (0..5).fold(odd, |guess, _| {
        guess.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(guess)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_64_hexadecimal_characters_and_leads_back_to_its_movement() {
        for number in [0, 1, 2, 4_711, u32::MAX - 1] {
            let text = TransactionId::of_movement(MovementNo(number)).to_string();
            assert_eq!(text.len(), 64);
            assert!(text.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_eq!(TransactionId::movement(&text), Some(MovementNo(number)));
        }
    }

    #[test]
    fn a_foreign_id_leads_nowhere() {
        assert_eq!(TransactionId::movement(&"0".repeat(63)), None);
        assert_eq!(TransactionId::movement(&"ab".repeat(32)), None);
        let by_rule = TransactionId::of_rule(77).to_string();
        assert_eq!(TransactionId::movement(&by_rule), None);
    }
}
