//! Identifiers of people: the firm's own number, tokens, national ids.
//!
//! Identifiers are opaque: compared byte for byte, never folded, never
//! converted. What a spreadsheet has damaged is refused, not guessed.

use domain::ReasonCode;
use domain::device::Platform;
use domain::fold_text::cell::is_spreadsheet_error;
use domain::fold_text::fold_header;

use super::date::Reading;

/// What a cell of an identifier column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// Nothing, or a word for nothing.
    Absent {
        /// Whether a word such as `null` stood there (R401 where it matters).
        is_spelled_out: bool,
    },
    /// An identifier; W403 when it looks like a date that a spreadsheet made.
    Known(&'a str, Option<ReasonCode>),
    /// No usable identifier (R402, R403, R404).
    Faulty(ReasonCode),
}

/// Most characters of an external id.
const CHARS_MAX: usize = 255;

/// Longer than any device token we have seen described.
const TOKEN_CHARS_MAX: usize = 1_024;

/// Reads a cleaned cell of an external-id column.
pub(crate) fn read_external_id(text: &str) -> Identity<'_> {
    if is_plain_code(text) {
        return Identity::Known(text, None);
    }
    match common(text, CHARS_MAX) {
        Some(settled) => settled,
        None if is_scientific(text) => Identity::Faulty(ReasonCode::R402),
        None => Identity::Known(text, looks_like_date(text).then_some(ReasonCode::W403)),
    }
}

/// Reads a cleaned cell of a token column.
pub(crate) fn read_token(text: &str) -> Identity<'_> {
    match common(text, TOKEN_CHARS_MAX) {
        Some(settled) => settled,
        None if is_token(text) => Identity::Known(text, None),
        None => Identity::Faulty(ReasonCode::R404),
    }
}

/// Letters and digits, at least one of them a digit: neither a word for
/// nothing, nor scientific notation, nor a date. Nearly every id is one.
fn is_plain_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_plain = bytes.len() <= CHARS_MAX
        && bytes
            .iter()
            .fold(true, |plain, byte| plain & byte.is_ascii_alphanumeric());
    is_plain && bytes.iter().any(u8::is_ascii_digit)
}

/// What holds for every kind of identifier.
fn common(text: &str, chars_max: usize) -> Option<Identity<'static>> {
    if text.is_empty() {
        return Some(Identity::Absent {
            is_spelled_out: false,
        });
    }
    let is_plain_number = text.len() <= chars_max && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain_number {
        return None;
    }
    if is_spreadsheet_error(text) || says_nothing(text) {
        return Some(Identity::Absent {
            is_spelled_out: true,
        });
    }
    let is_too_long = text.len() > chars_max && text.chars().count() > chars_max;
    let has_control = text.bytes().any(|byte| byte.is_ascii_control())
        || (!text.is_ascii() && text.chars().any(char::is_control));
    let is_invalid = is_too_long || has_control;
    is_invalid.then_some(Identity::Faulty(ReasonCode::R403))
}

fn says_nothing(text: &str) -> bool {
    const WORDS: [&str; 6] = ["", "null", "na", "undefined", "none", "yok"];
    const LONGEST: usize = 12;
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    text.len() <= LONGEST
        && !has_digit
        && text.is_ascii()
        && WORDS.contains(&fold_header(text).as_str())
}

/// `1,23457E+15`: the digits behind the sixth are gone.
fn is_scientific(text: &str) -> bool {
    if !text.bytes().any(|byte| byte == b'+') {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let Some(exponent) = exponent.strip_prefix('+') else {
        return false;
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(exponent) && mantissa.split([',', '.']).all(digits) && mantissa.len() <= 24
}

/// `1.Mar`, `03.Oca`, `Mar.25`: what Excel makes of codes such as MAR1. A
/// workbook holds a date in its place, which is read as `2025-03-01`.
fn looks_like_date(text: &str) -> bool {
    const MONTHS: [&str; 22] = [
        "oca", "sub", "mar", "nis", "may", "haz", "tem", "agu", "eyl", "eki", "kas", "ara", "jan",
        "feb", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    if is_date_of_workbook(text) {
        return true;
    }
    if text.len() > 10 || !text.bytes().any(|byte| matches!(byte, b'.' | b'-')) {
        return false;
    }
    let Some((left, right)) = text.split_once(['.', '-']) else {
        return false;
    };
    let is_number =
        |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
    let is_month = |part: &str| {
        part.starts_with(char::is_alphabetic) && MONTHS.contains(&fold_header(part).as_str())
    };
    (is_number(left) && is_month(right)) || (is_month(left) && is_number(right))
}

/// `2025-03-01`, and with a time of day behind it.
fn is_date_of_workbook(text: &str) -> bool {
    let is_shaped = matches!(
        text.as_bytes(),
        [_, _, _, _, b'-', _, _, b'-', _, _] | [_, _, _, _, b'-', _, _, b'-', _, _, b' ', ..]
    );
    is_shaped && matches!(Reading::of(text), Reading::Moment(_))
}

/// Whether a text has the shape of a device token.
pub(crate) fn is_token(text: &str) -> bool {
    Platform::of_token(text).is_some()
}

/// Whether a text is a Turkish national id (*TC kimlik numarası*): eleven digits
/// of which the last two check the others.
pub(crate) fn is_national_id(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 11]>::try_from(text) else {
        return false;
    };
    if text[0] == b'0' || !text.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digit = |i: usize| i32::from(text[i] - b'0');
    let odd: i32 = (0..9).step_by(2).map(digit).sum();
    let even: i32 = (1..8).step_by(2).map(digit).sum();
    let tenth = (7 * odd - even).rem_euclid(10);
    let eleventh = (0..10).map(digit).sum::<i32>() % 10;
    tenth == digit(9) && eleventh == digit(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_taken_byte_for_byte_or_refused() {
        for text in [
            "123",
            "000123",
            "A-17/b",
            "Müşteri 5",
            "0",
            "1E5",
            "E+5",
            "12E-3",
        ] {
            assert_eq!(
                read_external_id(text),
                Identity::Known(text, None),
                "{text}"
            );
        }
        for text in ["2025-13-01", "2025-03", "2025-03-01-7", "1.Foo"] {
            assert_eq!(read_external_id(text), Identity::Known(text, None));
        }
        for text in ["", "null", "NULL", "N/A", "undefined", "#YOK", "-", "yok"] {
            assert!(
                matches!(read_external_id(text), Identity::Absent { .. }),
                "{text}"
            );
        }
        for text in ["1,23457E+15", "1.23457E+15", "1E+20"] {
            assert_eq!(
                read_external_id(text),
                Identity::Faulty(ReasonCode::R402),
                "{text}"
            );
        }
        for text in ["a\u{7}b", &"x".repeat(256)] {
            assert_eq!(read_external_id(text), Identity::Faulty(ReasonCode::R403));
        }
        for text in [
            "1.Mar",
            "03.Oca",
            "Mar.25",
            "1-Eyl",
            "1.Nov",
            "12-Dec",
            "2025-03-01",
            "2025-03-01 00:00:00",
        ] {
            assert_eq!(
                read_external_id(text),
                Identity::Known(text, Some(ReasonCode::W403))
            );
        }
    }

    #[test]
    fn a_token_must_have_the_shape_of_one() {
        let ios = "0a".repeat(32);
        let android = format!("dQw4w9WgXcQ:APA91b{}", "x".repeat(100));
        let long = "Az09-_:".repeat(40);
        for text in [&ios, &android, &long] {
            assert_eq!(read_token(text), Identity::Known(text, None));
        }
        for text in ["abc", "05321234567", &"g".repeat(64)] {
            assert_eq!(
                read_token(text),
                Identity::Faulty(ReasonCode::R404),
                "{text}"
            );
        }
    }

    #[test]
    fn the_check_digits_of_a_national_id_must_hold() {
        assert!(is_national_id(b"10000000146"));
        for text in [
            &b"10000000147"[..],
            b"00000000146",
            b"1000000014",
            b"1000000014a",
            b"",
        ] {
            assert!(!is_national_id(text));
        }
    }
}
