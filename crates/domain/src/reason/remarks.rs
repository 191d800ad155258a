//! The remarks on one cell.

use std::fmt;

use super::ReasonCode;

/// A small sorted set of remark codes (`W…`), kept in place: millions of cells
/// carry one or two and none of them should allocate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Remarks {
    codes: [ReasonCode; Remarks::MOST],
    len: u8,
}

impl Remarks {
    /// No remark.
    pub const NONE: Self = Self {
        codes: [ReasonCode::W103; Self::MOST],
        len: 0,
    };

    /// More than the remarks any single cell can collect.
    const MOST: usize = 8;

    /// Adds a code; adding it twice changes nothing.
    pub fn add(&mut self, code: ReasonCode) {
        let Err(position) = self.as_slice().binary_search(&code) else {
            return;
        };
        let len = usize::from(self.len);
        debug_assert!(len < Self::MOST, "a cell collects fewer remarks than this");
        if len < Self::MOST {
            self.codes.copy_within(position..len, position + 1);
            self.codes[position] = code;
            self.len += 1;
        }
    }

    /// Adds a code if the condition holds.
    pub fn add_if(&mut self, condition: bool, code: ReasonCode) {
        if condition {
            self.add(code);
        }
    }

    /// The codes, ascending, without repetition.
    pub fn as_slice(&self) -> &[ReasonCode] {
        &self.codes[..usize::from(self.len)]
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether this code is among them.
    pub fn contains(&self, code: ReasonCode) -> bool {
        self.as_slice().contains(&code)
    }

    /// The codes, ascending.
    pub fn iter(&self) -> impl Iterator<Item = ReasonCode> + '_ {
        self.as_slice().iter().copied()
    }
}

impl Default for Remarks {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Remarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.as_slice()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_sorted_and_never_repeated() {
        let mut remarks = Remarks::NONE;
        assert!(remarks.is_empty());
        for code in [
            ReasonCode::W203,
            ReasonCode::W103,
            ReasonCode::W203,
            ReasonCode::W201,
        ] {
            remarks.add(code);
        }
        assert_eq!(
            remarks.as_slice(),
            [ReasonCode::W103, ReasonCode::W201, ReasonCode::W203]
        );
        assert!(remarks.contains(ReasonCode::W201) && !remarks.contains(ReasonCode::W202));
    }
}
