//! Values of attributes: read from cells, shown to people.

use super::{Attribute, AttributeKind, JOINT};
use crate::fold_text::{fold_header, name_fold};

/// Digits of a number before and behind the comma.
const WHOLE_DIGITS_MAX: usize = 15;
const DECIMALS_MAX: usize = 9;

impl Attribute {
    /// The parts of a cell that are values of their own: one, or those of an
    /// array. A comma separates words, and not numbers, which have their own.
    pub fn parts<'a>(&self, cell: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let (is_array, is_number) = (self.is_array, self.kind == AttributeKind::Number);
        let separates =
            move |c: char| is_array && (matches!(c, ';' | '|') || (c == ',' && !is_number));
        cell.split(separates)
            .map(str::trim)
            .filter(|part| !part.is_empty())
    }

    /// The stored form of one value that is no date; `None` when it does not
    /// fit the type. `dot_is_decimal` where a program wrote the cell: `1.234` is
    /// a thousand and more otherwise, as Turkish readers write it.
    pub fn read(&self, part: &str, dot_is_decimal: bool) -> Option<String> {
        match self.kind {
            AttributeKind::Text => Some(part.chars().filter(|c| !c.is_control()).collect()),
            AttributeKind::Number => number(part, dot_is_decimal),
            AttributeKind::Boolean => boolean(part).map(|yes| yes.to_string()),
            AttributeKind::Choice => {
                let wanted = folded(part);
                self.choices
                    .iter()
                    .find(|word| folded(word) == wanted)
                    .cloned()
            }
            // Which of `05/06/2025` is the day is a matter of the column.
            AttributeKind::Date => None,
        }
    }

    /// A stored value as Turkish readers write it.
    pub fn show(&self, stored: &str) -> String {
        let shown = |part: &str| match self.kind {
            AttributeKind::Text | AttributeKind::Choice => part.to_owned(),
            AttributeKind::Number => shown_number(part),
            AttributeKind::Date => shown_date(part),
            AttributeKind::Boolean if part == "true" => "evet".to_owned(),
            AttributeKind::Boolean => "hayır".to_owned(),
        };
        if !self.is_array {
            return shown(stored);
        }
        let parts: Vec<String> = stored.split(JOINT).map(shown).collect();
        parts.join(", ")
    }
}

/// What a choice is compared by; of a word without Latin letters its folded name.
pub(super) fn folded(word: &str) -> String {
    let folded = fold_header(word);
    if folded.is_empty() {
        name_fold(word)
    } else {
        folded
    }
}

fn boolean(part: &str) -> Option<bool> {
    const YES: [&str; 8] = ["evet", "e", "dogru", "true", "1", "var", "yes", "y"];
    const NO: [&str; 8] = ["hayir", "h", "yanlis", "false", "0", "yok", "no", "n"];
    let word = fold_header(part);
    match part {
        "✓" | "✔" => Some(true),
        "✗" | "✘" => Some(false),
        _ if YES.contains(&word.as_str()) => Some(true),
        _ if NO.contains(&word.as_str()) => Some(false),
        _ => None,
    }
}

/// `1.234,56`, `-5`, `1234.5`, `₺ 1.234,00`, `12 TL` as `1234.56`.
fn number(part: &str, dot_is_decimal: bool) -> Option<String> {
    let bare = part.trim_start_matches('₺').trim_end_matches('₺');
    let bare = bare.strip_suffix("TL").unwrap_or(bare).trim();
    let (is_negative, bare) = match bare.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim()),
        None => (false, bare.strip_prefix('+').unwrap_or(bare)),
    };
    let dots = bare.matches('.').count();
    let (whole, decimals) = match (bare.matches(',').count(), dots) {
        (0, 0) => (bare, ""),
        (1, 0) => bare.split_once(',')?,
        // Both: the last one is the decimal mark.
        (1, _) if bare.rfind(',') > bare.rfind('.') => bare.split_once(',')?,
        (0, 1) if dot_is_decimal || !is_grouped(bare, '.') => bare.split_once('.')?,
        (0, _) => (bare, ""),
        (_, 1) => bare.split_once('.')?,
        _ => return None,
    };
    let whole = ungrouped(whole)?;
    let decimals = decimals.trim_end_matches('0');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(decimals) || decimals.len() > DECIMALS_MAX {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > WHOLE_DIGITS_MAX {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let is_zero = whole == "0" && decimals.is_empty();
    let sign = if is_negative && !is_zero { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{decimals}"))
}

/// Whether these are groups of three digits, the first of one to three.
fn is_grouped(text: &str, mark: char) -> bool {
    let mut groups = text.split(mark);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

/// Digits without the marks between thousands; `None` for anything else.
fn ungrouped(whole: &str) -> Option<String> {
    if whole.is_empty() {
        return None;
    }
    for mark in ['.', ',', ' ', '\u{a0}', '\u{202f}', '\''] {
        if whole.contains(mark) {
            let digits: String = whole.split(mark).collect();
            let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            return (are_digits && is_grouped(whole, mark)).then_some(digits);
        }
    }
    whole
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| whole.to_owned())
}

fn shown_number(stored: &str) -> String {
    let (sign, bare) = match stored.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", stored),
    };
    let (whole, decimals) = bare.split_once('.').unwrap_or((bare, ""));
    let mut grouped = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    if !decimals.is_empty() {
        grouped.push(',');
        grouped.push_str(decimals);
    }
    grouped
}

/// `20.06.2025`, `20.06.2025 14:05`; a text of another form as it is.
fn shown_date(stored: &str) -> String {
    let (day, time) = stored.split_once(' ').unwrap_or((stored, ""));
    let mut parts = day.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return stored.to_owned();
    };
    let time = time.get(..5).unwrap_or_default();
    let space = if time.is_empty() { "" } else { " " };
    format!("{day}.{month}.{year}{space}{time}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::attribute;
    use super::*;

    #[test]
    fn numbers_are_read_as_turkish_people_and_as_programs_write_them() {
        let number = attribute(AttributeKind::Number);
        for (cell, from_text, from_program) in [
            ("1.234,56", Some("1234.56"), Some("1234.56")),
            ("1,234.56", Some("1234.56"), Some("1234.56")),
            ("1234,5", Some("1234.5"), Some("1234.5")),
            ("1.234", Some("1234"), Some("1.234")),
            ("1.5", Some("1.5"), Some("1.5")),
            ("1.234.567", Some("1234567"), Some("1234567")),
            ("-0", Some("0"), Some("0")),
            ("-12,50 TL", Some("-12.5"), Some("-12.5")),
            ("₺ 1 250", Some("1250"), Some("1250")),
            ("007", Some("7"), Some("7")),
            ("12a", None, None),
            ("1.23.456", None, None),
            ("9,05E+11", None, None),
            (",5", None, None),
            ("1234567890123456", None, None),
        ] {
            assert_eq!(number.read(cell, false).as_deref(), from_text, "{cell}");
            assert_eq!(number.read(cell, true).as_deref(), from_program, "{cell}");
        }
        for (stored, shown) in [("1234567.5", "1.234.567,5"), ("-123", "-123"), ("0", "0")] {
            assert_eq!(number.show(stored), shown);
            assert_eq!(number.read(shown, false).as_deref(), Some(stored));
        }
    }

    #[test]
    fn yes_no_choices_and_dates_have_one_stored_form_and_a_turkish_look() {
        let boolean = attribute(AttributeKind::Boolean);
        assert_eq!(boolean.read("Evet", false).as_deref(), Some("true"));
        assert_eq!(boolean.read("HAYIR", false).as_deref(), Some("false"));
        assert_eq!(boolean.read("belki", false), None);
        assert_eq!(boolean.show("true"), "evet");
        let choice = Attribute {
            choices: vec!["Altın".into(), "Gümüş".into()],
            ..attribute(AttributeKind::Choice)
        };
        assert_eq!(choice.read("ALTIN", false).as_deref(), Some("Altın"));
        assert_eq!(choice.read("bakır", false), None);
        let date = attribute(AttributeKind::Date);
        assert_eq!(date.show("2025-06-20"), "20.06.2025");
        assert_eq!(date.show("2025-06-20 14:05:00"), "20.06.2025 14:05");
    }

    #[test]
    fn the_values_of_an_array_stand_between_separators() {
        let words = Attribute {
            is_array: true,
            ..attribute(AttributeKind::Text)
        };
        assert_eq!(
            words.parts("a, b;;c |d").collect::<Vec<_>>(),
            ["a", "b", "c", "d"]
        );
        assert_eq!(words.show("a; b"), "a, b");
        let numbers = Attribute {
            is_array: true,
            ..attribute(AttributeKind::Number)
        };
        assert_eq!(numbers.parts("1,5; 2").collect::<Vec<_>>(), ["1,5", "2"]);
        assert_eq!(attribute(AttributeKind::Text).parts("a, b").count(), 1);
    }
}
