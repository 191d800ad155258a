//! From a cell to its digits: separators, foreign digit shapes, scientific
//! notation, letters that look like digits, several numbers in one cell.

use super::digits::Digits;
use super::{PhoneDetail, PhoneRefusal, PhoneRules, PhoneVerdict, judge};
use crate::fold_text::cell::{clean_cell, is_invisible, is_spreadsheet_error};
use crate::fold_text::fold_header;
use crate::reason::{ReasonCode, Remarks};

/// The digits of a cell and how they were written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub(super) digits: Digits,
    pub(super) form: Form,
    /// Nothing stood between the digits.
    pub(super) is_unbroken: bool,
    /// What cleaning the cell has shown so far.
    pub(super) remarks: Remarks,
}

/// What stood in front of the digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A plus: the calling code follows.
    Plus,
    /// Nothing.
    Bare,
    /// Nothing, but the digits come out of scientific notation.
    Scientific,
}

impl Written {
    /// The quick way: nothing but ASCII digits, a plus in front or not.
    pub(super) fn plain(raw: &str) -> Option<Self> {
        let (form, text) = match raw.strip_prefix('+') {
            Some(text) => (Form::Plus, text),
            None => (Form::Bare, raw),
        };
        Some(Self::unbroken(Digits::plain(text)?, form, Remarks::NONE))
    }

    fn unbroken(digits: Digits, form: Form, remarks: Remarks) -> Self {
        Self {
            digits,
            form,
            is_unbroken: true,
            remarks,
        }
    }

    /// Collects the digits of a cleaned cell between the separators people use.
    /// `None` when there is anything else in it.
    fn separated(text: &str, remarks: Remarks) -> Option<Self> {
        let mut written = Self::unbroken(Digits::NONE, Form::Bare, remarks);
        for c in text.chars() {
            match glyph(c) {
                Glyph::Digit(digit) => written.digits.push(digit),
                Glyph::OtherDigit(digit) => {
                    written.digits.push(digit);
                    written.remarks.add(ReasonCode::W202);
                }
                Glyph::Plus if written.digits == Digits::NONE && written.form == Form::Bare => {
                    written.form = Form::Plus;
                }
                Glyph::Separator => written.is_unbroken = false,
                Glyph::Unseen => {
                    written.is_unbroken = false;
                    written.remarks.add(ReasonCode::W103);
                }
                Glyph::Plus | Glyph::Other => return None,
            }
        }
        Some(written)
    }
}

/// Judges a cell that is not plain digits.
pub(super) fn judge_cell(raw: &str, rules: &PhoneRules) -> PhoneVerdict {
    let cell = clean_cell(raw);
    let mut remarks = Remarks::NONE;
    if let Some(code) = cell.remark {
        remarks.add(code);
    }
    match spelled_as_number(cell.text) {
        Some(Spelled::Whole(digits, form)) => {
            return judge(&Written::unbroken(digits, form, remarks), rules);
        }
        Some(Spelled::Damaged) => {
            return PhoneVerdict::refused(PhoneRefusal::plain(ReasonCode::R209));
        }
        None => {}
    }
    let Some(written) = Written::separated(cell.text, remarks) else {
        return PhoneVerdict::refused(refuse_text(cell.text, rules));
    };
    let verdict = judge(&written, rules);
    if verdict
        .result
        .is_err_and(|refusal| is_about_length(refusal.code))
        && holds_several(cell.text)
    {
        return PhoneVerdict::refused(PhoneRefusal::plain(ReasonCode::R205));
    }
    verdict
}

/// Why a cell with letters or other signs holds no number.
fn refuse_text(text: &str, rules: &PhoneRules) -> PhoneRefusal {
    if is_spreadsheet_error(text) {
        return PhoneRefusal::plain(ReasonCode::R104);
    }
    if says_nothing(text) {
        return PhoneRefusal::plain(ReasonCode::R201);
    }
    if holds_several(text) {
        return PhoneRefusal::plain(ReasonCode::R205);
    }
    let detail = suggestion(text, rules).map_or(PhoneDetail::None, PhoneDetail::Suggestion);
    PhoneRefusal::new(ReasonCode::R202, detail)
}

const fn is_about_length(code: ReasonCode) -> bool {
    matches!(code, ReasonCode::R203 | ReasonCode::R204)
}

/// Words that stand for an empty cell.
fn says_nothing(text: &str) -> bool {
    text.len() <= 16
        && matches!(
            fold_header(text).as_str(),
            "yok" | "null" | "none" | "na" | "undefined" | "bos"
        )
}

/// The fewest digits that can be a number of their own, without an area code.
const SUBSCRIBER_DIGITS: usize = 7;

/// Whether there are two or more numbers, parted by anything but the plain
/// spaces, dots and brackets inside a number.
fn holds_several(text: &str) -> bool {
    let mut numbers = 0;
    let mut digits = 0;
    for c in text.chars() {
        let parts = match glyph(c) {
            Glyph::Digit(_) | Glyph::OtherDigit(_) => {
                digits += 1;
                if digits == SUBSCRIBER_DIGITS {
                    numbers += 1;
                }
                false
            }
            Glyph::Plus | Glyph::Other => true,
            Glyph::Separator | Glyph::Unseen => is_dash(c) || matches!(c, '/' | '\n' | '\r'),
        };
        if parts {
            digits = 0;
        }
    }
    numbers >= 2
}

/// The number it would be if the one letter in it were the digit it looks like.
fn suggestion(text: &str, rules: &PhoneRules) -> Option<super::Msisdn> {
    let mut letters = text
        .char_indices()
        .filter(|&(_, c)| glyph(c) == Glyph::Other);
    let (position, letter) = letters.next()?;
    if letters.next().is_some() {
        return None;
    }
    let digit = match letter {
        'O' | 'o' => "0",
        'l' | 'I' | 'ı' | 'i' | 'İ' => "1",
        _ => return None,
    };
    let mended = [
        &text[..position],
        digit,
        &text[position + letter.len_utf8()..],
    ]
    .concat();
    let written = Written::separated(&mended, Remarks::NONE)?;
    judge(&written, rules).result.ok()
}

/// A cell that a spreadsheet or a program wrote as a number, not as text.
enum Spelled {
    Whole(Digits, Form),
    Damaged,
}

/// Reads `9,05321234567E+11` and `905321234567.0`; `None` for anything else.
///
/// In scientific notation a mantissa with fewer decimals than the exponent has
/// lost digits for good: what they were filled up with is someone else's number.
fn spelled_as_number(text: &str) -> Option<Spelled> {
    let (mantissa, exponent) = match text.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, decimals) = mantissa.split_once([',', '.']).unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (form, whole) = match whole.strip_prefix('+') {
        Some(digits) => (Form::Plus, digits),
        None => (Form::Bare, whole),
    };
    if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
        return None;
    }
    let Some(exponent) = exponent else {
        let is_decimal_zero = matches!(decimals, "0" | "00");
        let digits = Digits::plain(whole).filter(|_| is_decimal_zero)?;
        return Some(Spelled::Whole(digits, form));
    };
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !all_digits(unsigned) {
        return None;
    }
    Some(shift_decimals(whole, decimals, exponent).unwrap_or(Spelled::Damaged))
}

/// The whole number, if every one of its digits was written out.
fn shift_decimals(whole: &str, decimals: &str, exponent: &str) -> Option<Spelled> {
    let places: usize = exponent.parse().ok()?;
    let (moved, left) = decimals.split_at_checked(places)?;
    if left.bytes().any(|b| b != b'0') || whole.len() + moved.len() > 18 {
        return None;
    }
    let value = [whole, moved].concat().parse().ok()?;
    Some(Spelled::Whole(Digits::of(value), Form::Scientific))
}

/// What a character is inside a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Glyph {
    Digit(u8),
    /// A digit of another shape: full-width, Arabic-Indic, Persian.
    OtherDigit(u8),
    Plus,
    Separator,
    /// Something that cannot be seen, other than an ordinary space.
    Unseen,
    Other,
}

fn glyph(c: char) -> Glyph {
    match c {
        '0'..='9' => Glyph::Digit(offset(c, '0')),
        '+' | '\u{ff0b}' => Glyph::Plus,
        ' ' | '(' | ')' | '.' | '/' | '_' | '\u{ff08}' | '\u{ff09}' | '\u{ff0e}' => {
            Glyph::Separator
        }
        '\u{ff10}'..='\u{ff19}' => Glyph::OtherDigit(offset(c, '\u{ff10}')),
        '\u{660}'..='\u{669}' => Glyph::OtherDigit(offset(c, '\u{660}')),
        '\u{6f0}'..='\u{6f9}' => Glyph::OtherDigit(offset(c, '\u{6f0}')),
        _ if is_dash(c) => Glyph::Separator,
        _ if c.is_whitespace() || is_invisible(c) => Glyph::Unseen,
        _ => Glyph::Other,
    }
}

/// The hyphen, the dashes U+2010–U+2015, the minus sign and the full-width hyphen.
const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

fn offset(c: char, zero: char) -> u8 {
    u8::try_from(u32::from(c) - u32::from(zero)).unwrap_or(0)
}
