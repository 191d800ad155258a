//! A run of digits as a number and a length, so that leading zeros survive.

/// Up to eighteen decimal digits, leading zeros included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digits {
    value: u64,
    len: u8,
}

impl Digits {
    /// No digit.
    pub(super) const NONE: Self = Self { value: 0, len: 0 };

    /// Fewest digits of an international number that we accept.
    pub(super) const E164_MIN: u8 = 8;

    /// Most digits of an international number (ITU-T E.164).
    pub(super) const E164_MAX: u8 = 15;

    /// Beyond this the value no longer fits and the number is too long for any plan.
    const MOST: u8 = 18;

    /// Reads text that is nothing but 1 to 18 ASCII digits.
    pub(super) fn plain(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > usize::from(Self::MOST) {
            return None;
        }
        let (mut value, mut are_digits) = (0_u64, true);
        for byte in text.bytes() {
            let digit = byte.wrapping_sub(b'0');
            are_digits &= digit < 10;
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        are_digits.then_some(Self {
            value,
            len: u8::try_from(text.len()).unwrap_or(u8::MAX),
        })
    }

    /// Seven digits, as a constant.
    pub(super) const fn of_seven(value: u64) -> Self {
        Self { value, len: 7 }
    }

    /// The digits of a positive number, without leading zeros.
    pub(super) fn of(value: u64) -> Self {
        let len = u8::try_from(value.checked_ilog10().unwrap_or(0) + 1).unwrap_or(u8::MAX);
        Self { value, len }
    }

    /// Appends a digit from 0 to 9. What goes beyond the limit is counted, not kept.
    pub(super) fn push(&mut self, digit: u8) {
        if self.len < Self::MOST {
            self.value = self.value * 10 + u64::from(digit);
        }
        self.len = self.len.saturating_add(1);
    }

    /// How many digits were written; more than 18 are counted but not kept.
    pub(super) const fn len(self) -> u8 {
        self.len
    }

    /// Their value.
    pub(super) const fn value(self) -> u64 {
        self.value
    }

    /// Whether there are more digits than this type keeps.
    pub(super) const fn overflows(self) -> bool {
        self.len > Self::MOST
    }

    /// The first `n` digits as a number; `None` when there are fewer.
    pub(super) fn head(self, n: u8) -> Option<u64> {
        let rest = self.len.checked_sub(n)?;
        Some(self.value / 10_u64.checked_pow(u32::from(rest))?)
    }

    /// What is left behind the first `n` digits.
    pub(super) fn behind(self, n: u8) -> Self {
        let len = self.len.saturating_sub(n);
        match 10_u64.checked_pow(u32::from(len)) {
            Some(width) => Self {
                value: self.value % width,
                len,
            },
            None => self,
        }
    }

    /// Whether there are at least two digits and all are the same.
    pub(super) fn all_the_same(self) -> bool {
        let ones = 10_u64
            .checked_pow(u32::from(self.len))
            .map_or(1, |width| (width - 1) / 9);
        self.len >= 2 && self.value.is_multiple_of(ones) && self.value / ones <= 9
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn head_and_rest_are_the_text_cut_in_two(text in "[0-9]{1,18}", cut in 0_usize..=18) {
            let digits = Digits::plain(&text).unwrap();
            let cut = cut.min(text.len());
            let (head, rest) = text.split_at(cut);
            let n = u8::try_from(cut).unwrap();
            prop_assert_eq!(digits.head(n), Some(head.parse().unwrap_or(0)));
            prop_assert_eq!(digits.behind(n).value(), rest.parse().unwrap_or(0));
            prop_assert_eq!(usize::from(digits.behind(n).len()), rest.len());
            prop_assert_eq!(digits.head(digits.len() + 1), None);
        }

        #[test]
        fn digits_are_all_the_same_when_the_text_says_so(text in "[0-9]{1,18}|(1{2,18})|(0{2,18})|(7{2,18})") {
            let same = text.len() >= 2 && text.bytes().all(|b| b == text.as_bytes()[0]);
            prop_assert_eq!(Digits::plain(&text).unwrap().all_the_same(), same);
        }
    }

    #[test]
    fn only_short_runs_of_ascii_digits_are_plain() {
        for text in ["", "+90", "12a", "1234567890123456789", "１２"] {
            assert_eq!(Digits::plain(text), None, "{text}");
        }
        assert_eq!(Digits::of(905).len(), 3);
        assert_eq!(Digits::of(0).len(), 1);
    }
}
