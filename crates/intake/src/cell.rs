//! What single cells say: dates, closed vocabularies, identifiers, names.

pub(crate) mod date;
pub(crate) mod identity;
pub(crate) mod name;
pub(crate) mod word;

use domain::ReasonCode;
use domain::fold_text::cell::{CleanCell, clean_cell};

use crate::field::Field;
use crate::verdict::Args;

/// Why a cell, or the row around it, is refused for one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) field: Field,
    pub(crate) code: ReasonCode,
    pub(crate) args: Args,
    /// The cell as it was read.
    pub(crate) value: String,
}

impl Fault {
    pub(crate) fn new(field: Field, code: ReasonCode) -> Self {
        Self {
            field,
            code,
            args: Vec::new(),
            value: String::new(),
        }
    }

    /// A fault of a cell; its content fills `{value}` too. A national id is not
    /// shown, whatever cell it was written into (W405).
    pub(crate) fn of_cell(field: Field, code: ReasonCode, value: &str) -> Self {
        if !field.holds_numbers_of_firm() && holds_national_id(value) {
            return Self::new(field, code).with("value", HIDDEN);
        }
        Self::new(field, code).with("value", value).showing(value)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn showing(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }
}

/// Stands in a text for a value that is not shown.
const HIDDEN: &str = "***";

/// Whether a cell holds a national id and nothing else.
pub(crate) fn holds_national_id(text: &str) -> bool {
    identity::is_national_id(clean(text).text.as_bytes())
}

/// A cell without what surrounds its value. The usual cell, which begins and
/// ends with an ordinary character, is recognised by its two ends.
pub(crate) fn clean(text: &str) -> CleanCell<'_> {
    let is_ordinary = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'=');
    match text.as_bytes() {
        [] => CleanCell { text, remark: None },
        [only] if is_ordinary(only) => CleanCell { text, remark: None },
        [first, .., last] if is_ordinary(first) && is_ordinary(last) => {
            CleanCell { text, remark: None }
        }
        _ => clean_cell(text),
    }
}

/// What a cell says that empties the value on record: an empty cell changes
/// nothing, so that a file which does not know a value cannot erase it.
const EMPTIES: [&str; 2] = ["[sil]", "[clear]"];

/// Whether the cell asks for the value on record to be emptied.
pub(crate) fn empties(text: &str) -> bool {
    EMPTIES.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Reads an İYS retailer code: eight digits, the first of them no zero.
pub(crate) fn retailer_code(text: &str) -> Option<u32> {
    let is_code = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let code = text.parse().ok().filter(|_| is_code)?;
    (code >= 10_000_000).then_some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_whole_words_empty_a_value() {
        assert!(empties("[sil]") && empties("[SIL]") && empties("[clear]"));
        for text in ["", "sil", "[sil", "[sil] x", "-", "yok"] {
            assert!(!empties(text), "{text}");
        }
    }

    #[test]
    fn a_retailer_code_has_eight_digits() {
        assert_eq!(retailer_code("66438915"), Some(66_438_915));
        for text in [
            "",
            "6643891",
            "664389150",
            "06643891",
            "B6643891",
            "+6643891",
        ] {
            assert_eq!(retailer_code(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_quick_way_cleans_like_the_thorough_one(text in "[ '=\"a1\u{a0}\u{200b}\t]{0,6}") {
            prop_assert_eq!(clean(&text), clean_cell(&text));
        }
    }
}
