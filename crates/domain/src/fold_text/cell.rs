//! What a spreadsheet leaves around a value: spaces, direction marks, the
//! apostrophe and the `="…"` that force text, and error words in place of it.

use crate::reason::ReasonCode;

/// A cell without what surrounds its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanCell<'a> {
    /// The value; a part of the raw cell.
    pub text: &'a str,
    /// W103 when more than ordinary spaces was removed.
    pub remark: Option<ReasonCode>,
}

/// Removes what surrounds a value: white space, zero-width and direction
/// marks, one leading apostrophe, the text formula `="…"`. Never allocates.
///
/// Nothing is ever evaluated: any other formula is left as the data it is.
pub fn clean_cell(raw: &str) -> CleanCell<'_> {
    let mut text = raw.trim_matches(is_surrounding);
    if let Some(inside) = unwrap_text_marks(text) {
        text = inside.trim_matches(is_surrounding);
    }
    let ordinary = raw.trim_matches(' ').len() == text.len();
    CleanCell {
        text,
        remark: (!ordinary).then_some(ReasonCode::W103),
    }
}

/// Whether the whole cell is an error word of a spreadsheet, Turkish or
/// English, or the run of `#` of a column that was too narrow (R104).
pub fn is_spreadsheet_error(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "#YOK",
        "#N/A",
        "#DEĞER!",
        "#VALUE!",
        "#BAŞV!",
        "#REF!",
        "#SAYI/0!",
        "#DIV/0!",
        "#SAYI!",
        "#NUM!",
        "#AD?",
        "#NAME?",
        "#BOŞ!",
        "#NULL!",
        // Ours, for a formula whose result the file does not hold.
        "#HESAPLANMADI!",
    ];
    text.starts_with('#') && (WORDS.contains(&text) || text.bytes().all(|b| b == b'#'))
}

/// Whether a character takes no room on paper: zero-width characters,
/// direction marks and isolates, the byte order mark.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}

fn is_surrounding(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

fn unwrap_text_marks(text: &str) -> Option<&str> {
    if let Some(formula) = text.strip_prefix("=\"") {
        return formula.strip_suffix('"');
    }
    text.strip_prefix('\'').filter(|inside| !inside.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surrounds_a_value_is_removed_and_only_ordinary_spaces_go_unremarked() {
        let cleaned = Some(ReasonCode::W103);
        for (raw, text, remark) in [
            ("05321234567", "05321234567", None),
            ("  a b ", "a b", None),
            ("\ta", "a", cleaned),
            ("a\u{a0}", "a", cleaned),
            ("\u{202a}05321234567\u{202c}", "05321234567", cleaned),
            ("\u{feff} \u{200e}x\u{2069}", "x", cleaned),
            ("'05321234567", "05321234567", cleaned),
            ("=\"05321234567\"", "05321234567", cleaned),
            ("= \"x\"", "= \"x\"", None),
            ("=\"x", "=\"x", None),
            ("=1+2", "=1+2", None),
            ("'", "'", None),
            ("", "", None),
            ("   ", "", None),
        ] {
            assert_eq!(clean_cell(raw), CleanCell { text, remark }, "{raw:?}");
        }
    }

    #[test]
    fn error_words_of_both_languages_are_recognised_and_nothing_else_is() {
        for word in [
            "#YOK", "#N/A", "#DEĞER!", "#REF!", "#SAYI/0!", "#AD?", "#BOŞ!", "#", "#####",
        ] {
            assert!(is_spreadsheet_error(word), "{word}");
        }
        for word in ["", "YOK", "#1", "# 5", "#hashtag", "N/A"] {
            assert!(!is_spreadsheet_error(word), "{word}");
        }
    }
}
